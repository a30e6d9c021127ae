/**
 * The text of a message as a tree (docs/text.md), from which the face builds nodes; nothing is ever parsed as HTML.
 * chatproto/wire/markup reads the same tree; tests/vectors/text holds both. Time is linear in the length.
 */

import { DEPTH, merged, parseInline } from "./markup-inline.js";
import { isWhite, trimEnd } from "./markup-scanner.js";

/**
 * What stands in a paragraph. `username` is in small letters; whether there is such a member is not known here. Of a link,
 * `text` is as typed and `href` has the scheme that was left out.
 * @typedef {{type: "text", text: string}
 *   | {type: "code", text: string}
 *   | {type: "link", text: string, href: string}
 *   | {type: "place", text: string, chat_id: number, seq: number}
 *   | {type: "mention", text: string, username: string}
 *   | {type: "mention_all", text: string}
 *   | {type: "styled", style: "bold" | "italic" | "struck" | "spoiler", children: Inline[]}} Inline
 *
 * @typedef {{type: "paragraph", children: Inline[]}
 *   | {type: "code_block", text: string, language: string}
 *   | {type: "quote", children: Block[]}} Block
 */

const LANGUAGE = /^[A-Za-z0-9+#._-]{0,20}$/u;
const FENCE = 3;
const WHITE_END = " \t\r";

/** @param {string} text @returns {Block[]} its tree, whatever it is */
export function parse(text) {
  return parseCounting(text).blocks;
}

/** The tree, and how many steps it took: so tests hold it to linear time without a clock. @param {string} text */
export function parseCounting(text) {
  const lines = text.split("\n").map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
  const reader = new Lines(lines, 0);
  return { blocks: reader.parse(), steps: reader.steps + text.length };
}

/** Lines within `depth` quotes. */
class Lines {
  #lines;
  #depth;
  #fences;
  /** @type {string[]} */
  #paragraph = [];
  /** @type {Block[]} */
  #blocks = [];

  /** @param {string[]} lines @param {number} depth */
  constructor(lines, depth) {
    this.#lines = lines;
    this.#depth = depth;
    this.#fences = fenceEnds(lines);
    this.steps = lines.reduce((sum, { length }) => sum + length + 1, 0);
  }

  parse() {
    for (let at = 0; at < this.#lines.length;) {
      const line = this.#lines[at];
      if (line.startsWith("```")) at = this.#code(at);
      else if (quoted(line) !== null && this.#depth < DEPTH) at = this.#quote(at);
      else {
        this.#paragraph.push(line);
        at += 1;
      }
    }
    this.#close();
    return this.#blocks;
  }

  /** @param {Block} block */
  #put(block) {
    this.#close();
    this.#blocks.push(block);
  }

  /** From the fence to the next line that ends in as many backticks; without one the fence is text. @param {number} at */
  #code(at) {
    const line = this.#lines[at];
    this.steps += line.length;
    const size = line.length - line.replace(/^`+/u, "").length;
    const rest = trimEnd(line.slice(size), WHITE_END);
    const named = LANGUAGE.test(rest);
    const end = named || mayOpen(rest, size) ? this.#endOf(size, named ? at + 1 : at) : undefined;
    const code = end === undefined ? "" : this.#codeBetween(at, end, size, named);
    if (end === undefined || isWhite(code)) {
      this.#paragraph.push(line);
      return at + 1;
    }
    this.#put({ type: "code_block", text: code, language: named ? rest : "" });
    return end + 1;
  }

  /** @param {number} at @param {number} end @param {number} size @param {boolean} named */
  #codeBetween(at, end, size, named) {
    const lines = this.#lines.slice(at + 1, end + 1);
    if (!named) lines.unshift(this.#lines[at].slice(size));
    const last = trimEnd(lines.pop() ?? "", WHITE_END).slice(0, -size);
    if (!isWhite(last)) lines.push(last);
    const code = lines.join("\n");
    this.steps += code.length;
    return code;
  }

  /** The first line from `first` on that ends in so many backticks. @param {number} size @param {number} first */
  #endOf(size, first) {
    const ends = this.#fences.get(size);
    if (!ends) return undefined;
    // asked for ascending lines only
    while (ends.at < ends.lines.length && ends.lines[ends.at] < first) ends.at += 1;
    return ends.lines[ends.at];
  }

  /** @param {number} at */
  #quote(at) {
    let end = at;
    /** @type {string[]} */
    const inner = [];
    for (; end < this.#lines.length; end += 1) {
      const line = quoted(this.#lines[end]);
      if (line === null) break;
      inner.push(line);
    }
    if (inner.every(isWhite)) {
      this.#paragraph.push(...this.#lines.slice(at, end));
      return end;
    }
    const reader = new Lines(inner, this.#depth + 1);
    this.#put({ type: "quote", children: reader.parse() });
    this.steps += reader.steps;
    return end;
  }

  /** A paragraph ends: without the empty lines around it. Marks do not reach over an empty line. */
  #close() {
    const lines = this.#paragraph;
    this.#paragraph = [];
    /** @type {Inline[]} */
    const nodes = [];
    /** @type {string[]} */
    let chunk = [];
    let empty = 0;
    for (const line of [...lines, ""]) {
      if (!isWhite(line)) {
        if (empty && nodes.length) nodes.push({ type: "text", text: "\n".repeat(empty + 1) });
        empty = 0;
        chunk.push(line);
        continue;
      }
      nodes.push(...this.#inline(chunk));
      chunk = [];
      empty += 1;
    }
    if (nodes.length) this.#blocks.push({ type: "paragraph", children: merged(nodes) });
  }

  /** @param {string[]} lines @returns {Inline[]} */
  #inline(lines) {
    if (!lines.length) return [];
    const { nodes, steps } = parseInline(lines.join("\n"), this.#depth);
    this.steps += steps;
    return nodes;
  }
}

/** What is quoted by a line, or null. @param {string} line */
function quoted(line) {
  if (line.startsWith("> ")) return line.slice(2);
  return line === ">" ? "" : null;
}

/**
 * Code may begin behind the fence, unless that fence ends before the line does: then it stands within a line.
 * @param {string} rest @param {number} size
 */
function mayOpen(rest, size) {
  for (const { 0: run, index = 0 } of rest.matchAll(/`+/gu)) {
    if (run.length === size && index + size !== rest.length) return false;
  }
  return true;
}

/** By the number of backticks: the lines that end in so many. @param {string[]} lines */
function fenceEnds(lines) {
  /** @type {Map<number, {lines: number[], at: number}>} */
  const ends = new Map();
  lines.forEach((line, number) => {
    const trimmed = trimEnd(line, WHITE_END);
    const size = trimmed.length - trimEnd(trimmed, "`").length;
    if (size < FENCE) return;
    const found = ends.get(size) ?? { lines: [], at: 0 };
    found.lines.push(number);
    ends.set(size, found);
  });
  return ends;
}
