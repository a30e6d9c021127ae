/** Finding by a few letters: the beginning of a name, of a word, anywhere, and at last letters in order. */

import { otherLayout } from "./layout.js";
import { apart, fold } from "./search.js";

/** @typedef {{from: number, to: number}} Place */

const AT_START = 4;
const AT_WORD = 3;
const INSIDE = 2;
const SCATTERED = 1;

/**
 * How well a text answers a query, and where.
 * @param {string} query @param {string} text
 * @returns {{score: number, places: Place[]} | null} a higher score is a better answer; null: it does not
 */
export function fuzzy(query, text) {
  const wanted = fold(query.trim());
  const folded = fold(text);
  if (wanted === "") return { score: 0, places: [] };
  const at = folded.indexOf(wanted);
  if (at === 0) return { score: AT_START, places: [{ from: 0, to: wanted.length }] };
  const word = wordStart(folded, wanted);
  if (word >= 0) return { score: AT_WORD, places: [{ from: word, to: word + wanted.length }] };
  if (at > 0) return { score: INSIDE, places: [{ from: at, to: at + wanted.length }] };
  const words = wanted.split(/\s+/u);
  if (words.length > 1) return everyWord(words, text);
  const places = inOrder(folded, wanted.replace(/\s+/gu, ""));
  return places && { score: SCATTERED / (1 + places.length), places };
}

/** Each of them somewhere, in any order. @param {string[]} words @param {string} text */
function everyWord(words, text) {
  const answers = words.map((word) => fuzzy(word, text));
  const score = Math.min(...answers.map((answer) => answer?.score ?? 0));
  if (score < INSIDE) return null;
  return { score, places: apart(answers.flatMap((answer) => answer?.places ?? [])) };
}

/** @param {string} text @param {string} wanted */
function wordStart(text, wanted) {
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    if (at > 0 && !/[\p{L}\p{N}]/u.test(text[at - 1])) return at;
  }
  return -1;
}

/** Each letter after the one before. @param {string} text @param {string} letters @returns {Place[] | null} */
function inOrder(text, letters) {
  /** @type {Place[]} */
  const places = [];
  let from = 0;
  for (const letter of letters) {
    const at = text.indexOf(letter, from);
    if (at < 0) return null;
    const last = places.at(-1);
    if (last && last.to === at) last.to = at + letter.length;
    else places.push({ from: at, to: at + letter.length });
    from = at + letter.length;
  }
  return places;
}

/**
 * The best answers first; equal ones keep their order. Where letters in order are all there is, what was typed may be in the
 * other layout.
 * @template T
 * @param {string} query @param {readonly T[]} candidates @param {(candidate: T) => readonly string[]} names the first
 *   one is what is shown
 * @param {number} most
 * @returns {{candidate: T, places: Place[]}[]}
 */
export function rank(query, candidates, names, most) {
  const found = scored(query, candidates, names);
  const other = found.some(({ score }) => score >= INSIDE) ? null : otherLayout(query);
  const meant = other === null ? [] : scored(other, candidates, names).filter(({ score }) => score >= INSIDE);
  const all = [...meant, ...found.filter(({ candidate }) => !meant.some((one) => one.candidate === candidate))];
  return all.slice(0, most).map(({ candidate, places }) => ({ candidate, places }));
}

/**
 * Whom the server found by what is not shown, as an address, is found too, after those who are named.
 * @template T @param {readonly {candidate: T, places: Place[]}[]} ranked @param {readonly T[]} others
 * @returns {{candidate: T, places: Place[]}[]}
 */
export function withOthers(ranked, others) {
  const more = others.filter((one) => !ranked.some(({ candidate }) => candidate === one));
  return [...ranked, ...more.map((candidate) => ({ candidate, places: [] }))];
}

/**
 * @template T @param {string} query @param {readonly T[]} candidates
 * @param {(candidate: T) => readonly string[]} names
 */
function scored(query, candidates, names) {
  const found = candidates.flatMap((candidate) => {
    const answers = names(candidate).flatMap((name, index) => {
      const answer = fuzzy(query, name);
      return answer ? [{ index, ...answer }] : [];
    });
    const [best] = answers.sort((a, b) => b.score - a.score);
    return best ? [{ candidate, score: best.score, places: best.index === 0 ? best.places : [] }] : [];
  });
  return found.sort((a, b) => b.score - a.score);
}
