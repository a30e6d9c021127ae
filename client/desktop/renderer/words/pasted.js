/** Copied text with its looks, as a text with marks (docs/text.md). Pure: ui/composer/paste.js reads the copied HTML. */

import { plainOf } from "./markup-plain.js";

/**
 * A part of a line and how it looked.
 * @typedef {{text: string, bold: boolean, italic: boolean, struck: boolean, code: boolean}} Piece
 * @typedef {"bold" | "italic" | "struck"} Style
 */

/** From the outside in. @type {[Style, string][]} */
const MARKS = [
  ["bold", "**"],
  ["italic", "_"],
  ["struck", "~~"],
];

/**
 * One line. Where its marks would not be read as what they are (within a word, say), it is its plain words.
 * @param {readonly Piece[]} pieces
 */
export function markedLine(pieces) {
  const plain = pieces.map(({ text }) => text).join("");
  const marked = joined(pieces, (text) => text);
  if (reads(marked, plain)) return marked;
  const shielded = joined(pieces, (text) => text.replace(/[*_~|`]/gu, "\\$&"));
  return reads(shielded, plain) ? shielded : plain;
}

/** @param {string} text @param {string} plain */
function reads(text, plain) {
  return plainOf(text, { hidden: null }) === plain;
}

/** @param {readonly Piece[]} pieces @param {(text: string) => string} shield */
function joined(pieces, shield) {
  const parts = split(pieces);
  let result = "";
  /** @type {[Style, string][]} */
  let open = [];
  for (const part of [...parts, null]) {
    const keep = open.findIndex(([style]) => !part?.[style]);
    const stay = keep < 0 ? open.length : keep;
    for (const [, mark] of open.slice(stay).reverse()) result += mark;
    open = open.slice(0, stay);
    if (!part) break;
    for (const style of MARKS) {
      if (!part[style[0]] || open.includes(style)) continue;
      open.push(style);
      result += style[1];
    }
    result += part.code ? ticked(part.text) : shield(part.text);
  }
  return result;
}

/**
 * White space beside a mark makes it none: it looks as what is on both sides of it.
 * @param {readonly Piece[]} pieces @returns {Piece[]}
 */
function split(pieces) {
  const parts = pieces.flatMap((piece) => {
    if (piece.code) return [piece];
    return (piece.text.match(/^\s+|\s+$|\S(?:.*\S)?/gsu) ?? []).map((text) => ({ ...piece, text }));
  });
  return parts.map((part, at) => {
    if (part.text.trim() || part.code) return part;
    const [before, after] = [parts[at - 1], parts[at + 1]];
    const both = (/** @type {Style} */ style) => Boolean(before?.[style] && after?.[style]);
    return { ...part, bold: both("bold"), italic: both("italic"), struck: both("struck") };
  });
}

/** @param {string} code */
function ticked(code) {
  if (!code.trim()) return code;
  const longest = Math.max(0, ...(code.match(/`+/gu) ?? []).map(({ length }) => length));
  const ticks = "`".repeat(longest + 1);
  const edge = code.startsWith("`") || code.endsWith("`") ? " " : "";
  return ticks + edge + code + edge + ticks;
}

/** Code on lines of its own. @param {string} code @param {string} language */
export function codeLines(code, language) {
  const longest = Math.max(2, ...(code.match(/`+/gu) ?? []).map(({ length }) => length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${/^[A-Za-z0-9+#._-]{0,20}$/u.test(language) ? language : ""}\n${code.replace(/^\n|\n$/gu, "")}\n${fence}`;
}
