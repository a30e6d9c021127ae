/** What a text is, besides its marks: how long, one line of it. */

import { keepLatest } from "../rules/latest.js";
import { plainOf } from "./markup-plain.js";

/** Characters that a preview takes from a text. */
const PREVIEW = 160;
/** Characters that are read out of one without a stop; the rest is read by who goes into the message. */
const SPOKEN = 1000;

/** Without one of these a text is its own plain words. */
const MARKS = /[*_~|`>\\]/u;
/** Of texts with marks: their previews, for lists are drawn often. @type {Map<string, string>} */
const known = new Map();
const KNOWN = 2000;

/** One line of a text without its marks, for the chat list, quotes and notices. @param {string} text */
export function preview(text) {
  if (!MARKS.test(text)) return shortLine(text);
  const found = known.get(text) ?? shortLine(plainOf(text));
  // what is used stays
  known.delete(text);
  known.set(text, found);
  keepLatest(known, KNOWN);
  return found;
}

/** The whole of a text in one line, without its marks, to be read out. @param {string} text */
export function spokenText(text) {
  return shortLine(MARKS.test(text) ? plainOf(text) : text, SPOKEN);
}

/** @param {string} text @param {number} [most] characters */
function shortLine(text, most = PREVIEW) {
  const line = text
    .slice(0, 4 * most)
    .replace(/\s+/gu, " ")
    .trim();
  if (line.length <= most) return line;
  const points = [...line];
  return points.length > most ? `${points.slice(0, most).join("")}…` : line;
}

const EMOJI = /^(?:\p{Extended_Pictographic}|\p{Regional_Indicator}{2}$|[0-9#*]\uFE0F?\u20E3$)/u;

/** Up to three emoji and nothing else: shown large. @param {string} text */
export function isJumbo(text) {
  const trimmed = text.trim();
  if (!trimmed || trimmed.length > 48) return false;
  const parts = [...new Intl.Segmenter().segment(trimmed)].map((part) => part.segment).filter((part) => part.trim());
  return parts.length <= 3 && parts.every((part) => EMOJI.test(part));
}

/** How long a text is by the server's measure: code points. @param {string} text */
export function lengthOf(text) {
  let pairs = 0;
  for (let i = 1; i < text.length; i += 1) if (isLow(text.charCodeAt(i)) && isHigh(text.charCodeAt(i - 1))) pairs += 1;
  return text.length - pairs;
}

/** @param {number} unit */
const isHigh = (unit) => unit >= 0xd800 && unit < 0xdc00;
/** @param {number} unit */
const isLow = (unit) => unit >= 0xdc00 && unit < 0xe000;
