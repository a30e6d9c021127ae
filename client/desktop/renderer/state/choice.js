/** Which messages of a chat are chosen: so many at most, and none leaves because another one comes. */

/** So many may be chosen at once. */
export const MOST_CHOSEN = 100;

/**
 * @param {ReadonlySet<number>} chosen seqs
 * @param {readonly number[]} wanted that are to be chosen too, in this order
 * @returns {{seqs: Set<number>, full: boolean}} `full`: there was no room for all of them
 */
export function chooseMore(chosen, wanted) {
  const seqs = new Set(chosen);
  for (const seq of wanted) {
    if (seqs.has(seq)) continue;
    if (seqs.size >= MOST_CHOSEN) return { seqs, full: true };
    seqs.add(seq);
  }
  return { seqs, full: false };
}

/** @param {ReadonlySet<number>} chosen @param {number} seq one of them */
export function chooseNoMore(chosen, seq) {
  const seqs = new Set(chosen);
  seqs.delete(seq);
  return seqs;
}
