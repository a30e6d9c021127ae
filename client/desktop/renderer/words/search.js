/** Searching in what is at hand, without a network: chats by name, places in a text. Case, ё and apostrophes are folded. */

import { otherLayout } from "./layout.js";

const APOSTROPHES = /[\u2018\u2019\u02bc\u2032`]/gu;

/**
 * The same length as the text, so that places found in it are places in the text.
 * @param {string} text
 */
export function fold(text) {
  const lower = text.toLowerCase();
  const kept = lower.length === text.length ? lower : [...text].map(foldChar).join("");
  return kept.replaceAll("ё", "е").replace(APOSTROPHES, "'");
}

/** @param {string} char */
function foldChar(char) {
  const lower = char.toLowerCase();
  return lower.length === char.length ? lower : char;
}

/**
 * Every word of the query is somewhere in one of the names.
 * @param {string} query @param {(string | null | undefined)[]} names
 */
export function matches(query, names) {
  const text = fold(names.filter(Boolean).join("\n"));
  return fold(query)
    .split(/\s+/u)
    .filter(Boolean)
    .every((word) => text.includes(word));
}

/**
 * Those whom the query names; where it names nobody, those whom it names typed in the other layout.
 * @template T @param {string} query @param {readonly T[]} candidates
 * @param {(candidate: T) => (string | null | undefined)[]} names
 * @returns {{query: string, found: T[]}} and what names them
 */
export function matching(query, candidates, names) {
  const found = candidates.filter((candidate) => matches(query, names(candidate)));
  const other = found.length ? null : otherLayout(query);
  if (other === null) return { query, found };
  return { query: other, found: candidates.filter((candidate) => matches(other, names(candidate))) };
}

/**
 * Where the query stands in a text; where it does not, its words.
 * @param {string} text @param {string} query
 * @returns {{from: number, to: number}[]}
 */
export function places(text, query) {
  const wanted = fold(query.trim());
  if (!wanted) return [];
  const folded = fold(text);
  const whole = placesOf(folded, wanted);
  const words = wanted.split(/\s+/u);
  if (whole.length || words.length === 1) return whole;
  return apart(words.flatMap((word) => placesOf(folded, word)));
}

/** Those that overlap none before them, in the order of the text. @param {readonly {from: number, to: number}[]} found */
export function apart(found) {
  const all = [...found].sort((a, b) => a.from - b.from || b.to - a.to);
  return all.filter(({ from }, at) => all.slice(0, at).every((before) => before.to <= from));
}

/** @param {string} folded @param {string} wanted */
function placesOf(folded, wanted) {
  const found = [];
  for (let from = folded.indexOf(wanted); from >= 0; from = folded.indexOf(wanted, from + wanted.length)) {
    found.push({ from, to: from + wanted.length });
  }
  return found;
}
