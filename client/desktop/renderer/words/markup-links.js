/**
 * Addresses in a text: https and http, bare domains, e-mail, places of Vestnik (docs/text.md), as
 * chatproto/wire/markup/links.py reads them. Each function is asked at the beginning of a word and says what stands there
 * and where it ends, or null. What it looked at is bounded by what it took or by the next word.
 */

import { AUTHORITY, HOST, REST, RUN, isWord, sticky } from "./markup-scanner.js";
import { TLDS } from "./tlds.js";

/**
 * @typedef {import("./markup-scanner.js").Scanner} Scanner
 * @typedef {import("./markup.js").Inline} Inline
 * @typedef {[node: Inline, end: number]} Found
 */

const PORT = sticky(":([0-9]{1,5})(?![0-9])");
const LITERAL = sticky("\\[[0-9A-Fa-f:.]{2,45}\\]");
const PLACE = sticky("://chat/([1-9][0-9]{0,14})/([1-9][0-9]{0,14})");
const SCHEMES = ["https", "http", "mailto", "vestnik"];
const LONGEST_SCHEME = 7;
/** What ends a sentence or a mark rather than an address. */
const TAIL = ".,;:!?…”»’\"'*_~|([{";
/** @type {Record<string, string>} */
const BRACKETS = { ")": "(", "]": "[", "}": "{" };
/** Before a bare domain: what makes it a part of a path, an address or code. */
const NOT_BEFORE = "/\\@.$#";
/** After a bare domain: what makes it code, as in `items.at(0)`. */
const NOT_AFTER = "@([{=";
/** Domains that are known as endings of files: `main.py` is none's site; `docs.rs/trio` is. */
const FILES = ["md", "mov", "py", "rs", "sh", "zip"];
const [LABEL, NAME, LOCAL, PORTS] = [63, 253, 64, 65535];

/**
 * Where a scheme begins in a run of words that a colon follows, as in `see.https:`; else where the run begins.
 * @param {Scanner} scanner @param {number} start @param {number} end
 */
export function schemeStart(scanner, start, end) {
  if (scanner.at(end) !== ":") return start;
  for (const scheme of SCHEMES) {
    const begin = end - scheme.length;
    if (begin <= start || scanner.text.slice(begin, end).toLowerCase() !== scheme) continue;
    if (!isWord(scanner.before(begin))) return begin;
  }
  return start;
}

/**
 * What stands at `start`, where a run of words begins that ends at `end`.
 * @param {Scanner} scanner @param {number} start @param {number} end @returns {Found | null}
 */
export function find(scanner, start, end) {
  const following = scanner.at(end);
  if (following === ":") {
    const word = end - start <= LONGEST_SCHEME ? scanner.text.slice(start, end).toLowerCase() : "";
    if (word === "http" || word === "https") return web(scanner, start, end);
    if (word === "vestnik") return place(scanner, start, end);
    if (word === "mailto") return mailto(scanner, start, end + 1);
  }
  if (following === "@") return email(scanner, start, end);
  return following && NOT_AFTER.includes(following) ? null : bare(scanner, start, end);
}

/** @param {string} text @param {string} href @param {number} end @returns {Found} */
const link = (text, href, end) => [{ type: "link", text, href }, end];

/**
 * `https://host:port/path`. With a name before the host it is no link: that is written to deceive.
 * @param {Scanner} scanner @param {number} start @param {number} colon @returns {Found | null}
 */
function web(scanner, start, colon) {
  const { text } = scanner;
  if (!text.startsWith("://", colon)) return null;
  const host = colon + 3;
  const authority = scanner.end(AUTHORITY, host);
  const deceives = text.slice(host, authority).includes("@");
  if (deceives) return [{ type: "text", text: text.slice(start, authority) }, authority];
  let end = scanner.end(LITERAL, host);
  if (end === host) end = scanner.end(HOST, host);
  if (end === host || longer(text.slice(host, end), NAME)) return null;
  end = rest(scanner, port(scanner, end));
  return link(text.slice(start, end), text.slice(start, end), end);
}

/** @param {Scanner} scanner @param {number} start @param {number} colon @returns {Found | null} */
function place(scanner, start, colon) {
  const end = scanner.end(PLACE, colon);
  if (end === colon || scanner.end(RUN, end) > end || scanner.at(end) === "/") return null;
  const text = scanner.text.slice(start, end);
  const [, , , chatId, seq] = text.split("/");
  return [{ type: "place", text, chat_id: Number(chatId), seq: Number(seq) }, end];
}

/** @param {Scanner} scanner @param {number} start @param {number} address @returns {Found | null} */
function mailto(scanner, start, address) {
  const end = mailEnd(scanner, address, scanner.end(RUN, address));
  const text = scanner.text.slice(start, end);
  return end ? link(text, text, end) : null;
}

/** @param {Scanner} scanner @param {number} start @param {number} at @returns {Found | null} */
function email(scanner, start, at) {
  if (scanner.before(start) === "@") return null;
  const end = mailEnd(scanner, start, at);
  const text = scanner.text.slice(start, end);
  return end ? link(text, `mailto:${text}`, end) : null;
}

/**
 * Where the address ends whose local part is between the two; 0 where it is none.
 * @param {Scanner} scanner @param {number} start @param {number} at
 */
function mailEnd(scanner, start, at) {
  if (at === start || scanner.at(at) !== "@" || longer(scanner.text.slice(start, at), LOCAL)) return 0;
  const end = scanner.end(HOST, at + 1);
  return scanner.at(end) !== "@" && labelsOf(scanner.text.slice(at + 1, end)) ? end : 0;
}

/**
 * `example.com/path`, where the top-level domain is known.
 * @param {Scanner} scanner @param {number} start @param {number} end @returns {Found | null}
 */
function bare(scanner, start, end) {
  const labels = labelsOf(scanner.text.slice(start, end));
  const before = scanner.before(start);
  if (!labels || (before && NOT_BEFORE.includes(before))) return null;
  const top = labels[labels.length - 1];
  // the next sentence begins without a space
  if (top !== top.toLowerCase() && top !== top.toUpperCase()) return null;
  const after = port(scanner, end);
  if (labels.length === 2 && FILES.includes(top.toLowerCase()) && scanner.at(after) !== "/") return null;
  const last = rest(scanner, after);
  const text = scanner.text.slice(start, last);
  return link(text, `https://${text}`, last);
}

/** Of a domain name whose last part is a known top-level domain. @param {string} name */
function labelsOf(name) {
  if (!name.includes(".") || /[_+%]/u.test(name) || longer(name, NAME)) return null;
  const labels = name.split(".");
  const known = TLDS.has(labels[labels.length - 1].toLowerCase());
  return known && !labels.some((label) => longer(label, LABEL)) ? labels : null;
}

/** Longer than so many code points. @param {string} text @param {number} limit */
function longer(text, limit) {
  return text.length > limit && [...text].length > limit;
}

/** @param {Scanner} scanner @param {number} at */
function port(scanner, at) {
  const end = scanner.end(PORT, at);
  return end > at && Number(scanner.text.slice(at + 1, end)) <= PORTS ? end : at;
}

/**
 * Where path, query and fragment end: before closing brackets that were not opened, and signs of a sentence.
 * @param {Scanner} scanner @param {number} at
 */
function rest(scanner, at) {
  const { text } = scanner;
  if (!["/", "?", "#"].includes(scanner.at(at))) return at;
  let end = scanner.end(REST, at);
  const counts = bracketsIn(scanner, at, end);
  while (end > at) {
    scanner.steps += 1;
    const last = text[end - 1];
    const opening = BRACKETS[last];
    if (opening ? counts[last] <= counts[opening] : !TAIL.includes(last)) break;
    if (last in counts) counts[last] -= 1;
    end -= 1;
  }
  return end;
}

/** @param {Scanner} scanner @param {number} from @param {number} to */
function bracketsIn(scanner, from, to) {
  /** @type {Record<string, number>} */
  const counts = { "(": 0, ")": 0, "[": 0, "]": 0, "{": 0, "}": 0 };
  scanner.steps += to - from;
  for (let i = from; i < to; i += 1) if (scanner.text[i] in counts) counts[scanner.text[i]] += 1;
  return counts;
}
