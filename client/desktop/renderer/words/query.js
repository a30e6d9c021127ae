/**
 * What somebody searches for, and whether a text has it (chatproto/wire/query.py). Every word must be there in some form of
 * it; the last one may be the beginning of a word. Words in quotation marks must follow each other as they are written, but
 * for capitals and diacritics.
 */

/** @typedef {import("./stems.js").Word} Word @typedef {(text: string) => Word[]} Read as stems.js makes it */
/**
 * `beginning`: or any word that begins with it. @typedef {{folded: string, stem: string, beginning: boolean}} Term
 * At least one word, in `terms` or in `phrases`. @typedef {{terms: Term[], phrases: string[][]}} Query
 * Start and length in code points. @typedef {[number, number]} Span
 */

/** A last word of fewer code points is a whole word: too much begins with a single letter. */
const SHORTEST_BEGINNING = 2;
/** Places that are told of one text. */
const MOST_MATCHES = 100;
const QUOTED = /["“”„«]([^"“”„«»]*)["“”»]/gu;

/** @param {string} text @param {Read} read @returns {Query | null} null: there is no word in it */
export function readQuery(text, read) {
  const quoted = [...text.matchAll(QUOTED)];
  const phrases = quoted.map(([, inner]) => read(inner).map(({ folded }) => folded)).filter(({ length }) => length > 0);
  const last = quoted.at(-1);
  const end = last ? last.index + last[0].length : 0;
  const words = read(text.replace(QUOTED, " "));
  const after = read(text.slice(end)).length > 0;
  const terms = words.map(({ folded, stem }, at) => ({
    folded,
    stem,
    beginning: after && at === words.length - 1 && [...folded].length >= SHORTEST_BEGINNING,
  }));
  return terms.length || phrases.length ? { terms, phrases } : null;
}

/**
 * Where the text has what is searched for, ascending and apart; null where anything is missing.
 * @param {Query} query @param {string} text @param {Read} read @returns {Span[] | null}
 */
export function matchesOf({ terms, phrases }, text, read) {
  const words = read(text);
  /** @type {Span[]} */
  const spans = [];
  for (const { folded, stem, beginning } of terms) {
    const fitting = words.filter((word) => word.stem === stem || (beginning && word.folded.startsWith(folded)));
    if (fitting.length === 0) return null;
    for (const { start, length } of fitting) spans.push([start, length]);
  }
  for (const phrase of phrases) {
    const found = placesOf(phrase, words);
    if (found.length === 0) return null;
    for (const span of found) spans.push(span);
  }
  return apart(spans).slice(0, MOST_MATCHES);
}

/** @param {string[]} phrase @param {Word[]} words @returns {Span[]} */
function placesOf(phrase, words) {
  /** @type {Span[]} */
  const found = [];
  words.forEach(({ start }, first) => {
    if (!phrase.every((folded, at) => words[first + at]?.folded === folded)) return;
    const last = words[first + phrase.length - 1];
    found.push([start, last.start + last.length - start]);
  });
  return found;
}

/** Those that overlap become one. @param {Span[]} spans */
function apart(spans) {
  /** @type {Span[]} */
  const kept = [];
  for (const [start, length] of spans.sort(([a, more], [b, less]) => a - b || more - less)) {
    const last = kept.at(-1);
    if (last && start < last[0] + last[1]) last[1] = Math.max(last[0] + last[1], start + length) - last[0];
    else kept.push([start, length]);
  }
  return kept;
}
