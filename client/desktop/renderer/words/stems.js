/**
 * The words of a text as search knows them (chatproto/wire/words.py): folded, stemmed, and where they stand. Folded: NFKC,
 * case folded, without diacritics (ё is е; й stays й). Stemmed by Snowball, Cyrillic words as Russian and Latin ones as
 * English. tests/vectors/search holds both to the same.
 */

/**
 * Words as Snowball's stemmers take them. @typedef {{english: (word: string) => string, russian: (word: string) => string}}
 *   Stemmers
 * `start` and `length` count code points of the text as it was written.
 * @typedef {{folded: string, stem: string, start: number, length: number}} Word
 */

/** Code points of a word that has a stem; longer ones are their own. */
const KEPT = 32;
/** Words that are remembered: texts repeat themselves. */
const CACHED = 1 << 15;

const MARKS =
  "\\u0300-\\u036f\\u0483-\\u0489\\u0591-\\u05c7\\u0610-\\u061a\\u064b-\\u065f\\u0670\\u0900-\\u0903\\u093a-\\u094f" +
  "\\u0e31\\u0e34-\\u0e3a\\u0e47-\\u0e4e\\u3099\\u309a";
const WORD = new RegExp(`[\\p{L}\\p{N}][\\p{L}\\p{N}${MARKS}]*`, "gu");
/** What may come out of NFKC, such as the stroke of ½. */
const OUTSIDE = new RegExp(`[^\\p{L}\\p{N}${MARKS}]`, "gu");
const BEYOND_ASCII = /[^ -~]/u;
const LATIN = /^[a-z]+$/u;
const CYRILLIC = /^[а-я]+$/u;
const DIACRITIC = /[\u0300-\u036f]/u;
const BREVE = "\u0306";

/** @param {Stemmers} stemmers @returns {(text: string) => Word[]} the words of a text, in their order */
export function wordReader(stemmers) {
  /** @type {Map<string, {folded: string, stem: string}>} */
  const known = new Map();

  /** @param {string} written */
  function read(written) {
    const folded = foldWord(written);
    return { folded, stem: lengthOf(folded) <= KEPT ? stemOf(folded, stemmers) : folded };
  }

  /** @param {string} written */
  function remembered(written) {
    if (written.length > KEPT) return read(written);
    let found = known.get(written);
    if (!found) {
      if (known.size >= CACHED) known.clear();
      known.set(written, (found = read(written)));
    }
    return found;
  }

  return (text) => {
    const words = [];
    let [at, points] = [0, 0];
    for (const { 0: written, index } of text.matchAll(WORD)) {
      points += lengthOf(text.slice(at, index));
      const length = lengthOf(written);
      words.push({ ...remembered(written), start: points, length });
      points += length;
      at = index + written.length;
    }
    return words;
  };
}

/** In code points. @param {string} text */
function lengthOf(text) {
  let length = 0;
  for (const _point of text) length += 1;
  return length;
}

/** @param {string} word */
function foldWord(word) {
  if (!BEYOND_ASCII.test(word)) return word.toLowerCase();
  let kept = "";
  for (const point of caseFolded(word.normalize("NFKC")).normalize("NFD")) {
    if (!DIACRITIC.test(point) || (point === BREVE && kept.endsWith("и"))) kept += point;
  }
  return kept.normalize("NFC").replace(OUTSIDE, "");
}

/** Unicode's case folding, which JavaScript has not. @param {string} text */
function caseFolded(text) {
  let folded = "";
  for (const point of text) folded += FOLDED.get(point) ?? foldedPoint(point);
  return folded;
}

/** Where it is not what the small letter is. @type {Map<string, string>} */
const FOLDED = new Map([["ς", "σ"], ["\u0345", "ι"], ["ı", "ı"], ["ẞ", "ss"]]); // prettier-ignore
/** Cherokee letters are folded to their capitals. */
const CHEROKEE = /[\u13a0-\u13fd\uab70-\uabbf]/u;
/** Old forms of Cyrillic letters, folded to today's. */
const OLD = /[\u1c80-\u1c88]/u;

/** @param {string} point */
function foldedPoint(point) {
  const upper = point.toUpperCase();
  if (CHEROKEE.test(point)) return upper;
  return lengthOf(upper) > 1 || OLD.test(point) ? upper.toLowerCase().replaceAll("ς", "σ") : point.toLowerCase();
}

/** @param {string} word folded @param {Stemmers} stemmers */
function stemOf(word, { english, russian }) {
  if (LATIN.test(word)) return english(word);
  return CYRILLIC.test(word) ? russian(word) : word;
}
