/** What is surely there. */

/**
 * The value of a key that is in the map. Throws an Error where it is not: a bug.
 * @template K, V @param {ReadonlyMap<K, V>} map whose values are never undefined @param {K} key @returns {V}
 */
export function known(map, key) {
  const value = map.get(key);
  if (value === undefined) throw new Error(`nothing is known of ${key}`);
  return value;
}
