/**
 * Characters and steps of the parser of texts (docs/text.md), as chatproto/wire/markup/scanner.py has them. The classes
 * are fixed tables and no properties of Unicode: these grow with each version of it, and then two clients would draw two
 * trees.
 */

const WORDS =
  "0-9A-Za-z\\u00aa\\u00b5\\u00ba\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02ff\\u0300-\\u036f\\u0370-\\u037d\\u037f-\\u0386" +
  "\\u0388-\\u0559\\u0560-\\u0588\\u0590-\\u05bd\\u05bf\\u05c1\\u05c2\\u05c4\\u05c5\\u05c7-\\u05f2\\u0610-\\u061a\\u0620-\\u0669" +
  "\\u066e-\\u06d3\\u06d5-\\u06ff\\u0710-\\u0963\\u0966-\\u0df3\\u0df5-\\u0dff\\u10a0-\\u10fa\\u10fc-\\u135f\\u1369-\\u167f" +
  "\\u1681-\\u177f\\u1800-\\u1fff\\u2c00-\\u2dff\\ua640-\\ua82f\\ua830-\\uabff\\ufb00-\\ufd3d\\ufd50-\\ufdff\\ufe70-\\ufefc" +
  "\\u{10000}-\\u{1afff}\\u{1bc00}-\\u{1caff}\\u{1d400}-\\u{1d7ff}\\u{1e000}-\\u{1efff}";
/** Letters of scripts whose words stand without spaces between them. */
const DENSE =
  "\\u0e00-\\u109f\\u1100-\\u11ff\\u1780-\\u17ff\\u2e80-\\u2fdf\\u3005-\\u3007\\u3021-\\u3029\\u3031-\\u3035\\u3038-\\u303c" +
  "\\u3041-\\u312f\\u3131-\\u318e\\u31a0-\\u31bf\\u31f0-\\u31ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\ua000-\\ua4cf\\ua960-\\ua97f" +
  "\\uac00-\\ud7ff\\uf900-\\ufaff\\uff10-\\uff19\\uff21-\\uff3a\\uff41-\\uff5a\\uff66-\\uffdc\\u{1b000}-\\u{1bbff}" +
  "\\u{20000}-\\u{3ffff}";
const WHITE = "\\t\\n\\r \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
/** What ends an address wherever it stands: white space, controls, what is invisible, quotes, angles, a backslash. */
const NO_ADDRESS =
  `${WHITE}\\x00-\\x1f\\x7f-\\x9f\\u00ad\\u061c\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff` +
  '\\ufff9-\\ufffb<>"`\\\\';
const LETTER = `[${WORDS}${DENSE}]`;
/** Two of the signs that make marks end an address. */
const SINGLE = "\\*(?!\\*)|~(?!~)|\\|(?!\\|)";

/** @param {string} pattern tried where its `lastIndex` is, which is never within a pair of surrogates */
export const sticky = (pattern) => new RegExp(pattern, "uy");

/** Words that are tied together by single signs, as in `snake_case`, `example.com` and `first.last+tag`. */
export const RUN = sticky(`${LETTER}+(?:(?:[.+%]|-+|_+)${LETTER}+)*`);
/** Words that can be no part of an address, and what stands between them: most of what people write. */
export const PROSE = sticky(`(?:${LETTER}+(?![${WORDS}${DENSE}.+%:@_\\-])|[^${WORDS}${DENSE}*_~|\`\\\\@])+`);
export const HOST = sticky(`${LETTER}+(?:(?:\\.|-+|_+)${LETTER}+)*`);
export const LETTERS = sticky(`[${WORDS}]+`);
export const AUTHORITY = sticky(`(?:[^${NO_ADDRESS}*~|/?#]|${SINGLE})*`);
export const REST = sticky(`(?:[^${NO_ADDRESS}*~|]|${SINGLE})*`);

const WHITES = sticky(`[${WHITE}]*`);

/** A text, and how many steps were done on it: a step is a character that was looked at. */
export class Scanner {
  steps = 0;

  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }

  /** Where a match that begins at `at` ends; `at` itself where there is none. @param {RegExp} pattern @param {number} at */
  end(pattern, at) {
    pattern.lastIndex = at;
    const end = pattern.test(this.text) ? pattern.lastIndex : at;
    this.steps += end - at + 1;
    return end;
  }

  /** One character; empty outside of the text. @param {number} index where it begins */
  at(index) {
    this.steps += 1;
    const point = this.text.codePointAt(index);
    return point === undefined ? "" : String.fromCodePoint(point);
  }

  /** The character that ends before; empty at the beginning. @param {number} index */
  before(index) {
    const low = this.text.charCodeAt(index - 1) & 0xfc00;
    const paired = low === 0xdc00 && (this.text.charCodeAt(index - 2) & 0xfc00) === 0xd800;
    return index > 0 ? this.at(index - (paired ? 2 : 1)) : "";
  }
}

/** Of one character or none. @param {string} character */
export function isWord(character) {
  return startsWith(LETTERS, character);
}

/** @param {RegExp} pattern @param {string} text */
function startsWith(pattern, text) {
  pattern.lastIndex = 0;
  return pattern.test(text);
}

/** Nothing but white: the ends of a text count as white, and an empty line is one. @param {string} text */
export function isWhite(text) {
  return startsWith(WHITES, text) && WHITES.lastIndex === text.length;
}

/** @param {string} text @param {string} signs that are taken from its end */
export function trimEnd(text, signs) {
  let end = text.length;
  while (end > 0 && signs.includes(text[end - 1])) end -= 1;
  return text.slice(0, end);
}
