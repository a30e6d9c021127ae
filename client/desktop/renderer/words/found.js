/** A message that was found, in one line around what was looked for. */

import { HIDDEN, plainOf } from "./markup-plain.js";

/** Code points before the first place that was found, and in all. */
const BEFORE = 40;
const LENGTH = 200;

/**
 * Spoilers stay covered: of a text that has any, what stands between its first and its last mark of them.
 * @param {string} content @param {readonly [number, number][]} matches start and length in code points, ascending
 * @returns {{text: string, places: {from: number, to: number}[]}} places in UTF-16 units of the text
 */
export function excerpt(content, matches) {
  return cut(...covered(content, matches));
}

const MARK = "||";

/**
 * @param {string} content @param {readonly [number, number][]} matches
 * @returns {[string, readonly [number, number][]]}
 */
function covered(content, matches) {
  if (!content.includes(MARK) || plainOf(content) === plainOf(content, { hidden: null })) return [content, matches];
  const from = content.indexOf(MARK);
  const to = content.lastIndexOf(MARK) + MARK.length;
  const [start, end, shown] = [content.slice(0, from), content.slice(0, to), HIDDEN].map((text) => [...text].length);
  /** @type {[number, number][]} */
  const left = [];
  for (const [at, length] of matches) {
    if (at + length <= start) left.push([at, length]);
    else if (at >= end) left.push([at - end + start + shown, length]);
  }
  return [content.slice(0, from) + HIDDEN + content.slice(to), left];
}

/**
 * @param {string} content @param {readonly [number, number][]} matches
 * @returns {{text: string, places: {from: number, to: number}[]}}
 */
function cut(content, matches) {
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
