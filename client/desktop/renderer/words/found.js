/** A message that was found, in one line around what was looked for. */

/** Code points before the first place that was found, and in all. */
const BEFORE = 40;
const LENGTH = 200;

/**
 * @param {string} content @param {readonly [number, number][]} matches start and length in code points, ascending
 * @returns {{text: string, places: {from: number, to: number}[]}} places in UTF-16 units of the text
 */
export function excerpt(content, matches) {
  const points = [...content.replace(/\s/gu, " ")];
  const first = matches[0]?.[0] ?? 0;
  const start = first > BEFORE ? first - BEFORE : 0;
  const end = Math.min(points.length, start + LENGTH);
  const head = start > 0 ? "…" : "";
  const units = [head.length];
  for (const point of points.slice(start, end)) units.push(units[units.length - 1] + point.length);
  const places = matches
    .filter(([at, length]) => at >= start && at + length <= end)
    .map(([at, length]) => ({ from: units[at - start], to: units[at + length - start] }));
  return { text: head + points.slice(start, end).join("") + (end < points.length ? "…" : ""), places };
}
