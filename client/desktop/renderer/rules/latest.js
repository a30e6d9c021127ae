/** Maps that keep what was put in last. */

/** What was put in first goes until so many are left. @template K @param {Map<K, unknown>} map @param {number} most */
export function keepLatest(map, most) {
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}
