/**
 * What stands in a paragraph: marks, code, addresses, mentions (docs/text.md), as chatproto/wire/markup/inline.py reads
 * it. One pass, open marks on a stack.
 */

import { find, schemeStart } from "./markup-links.js";
import { LETTERS, PROSE, RUN, Scanner, isWhite, isWord, sticky } from "./markup-scanner.js";

/**
 * Nodes in their order; a list among them is what was found to be no node of its own.
 * @typedef {import("./markup.js").Inline} Inline
 * @typedef {(Inline | Inline[] | Pieces)[]} Pieces
 *
 * A mark that was opened, and what came since; the first of them is the paragraph itself.
 * @typedef {{mark: string, nodes: any[], height: number}} Open
 */

/** Quotes and marks nest no deeper. */
export const DEPTH = 4;
/** @type {ReadonlyMap<string, "bold" | "italic" | "struck" | "spoiler">} */
const STYLES = new Map([
  ["**", "bold"],
  ["_", "italic"],
  ["~~", "struck"],
  ["||", "spoiler"],
]);
const MARKS = new Map([..."*_~|`"].map((sign) => [sign, sticky(`[${sign}]+`)])).set("\\", sticky("\\\\+"));
const ESCAPED = "*_~|`@";
const USERNAME = sticky("(?:[A-Za-z0-9_.-]|\\\\[_.-])*");
/** A mark between two of them belongs to a face, as in `^_^`. */
const FACES = "^;<>=-";
const NAME_LENGTH = { least: 3, most: 32 };
const ALL = "все";

/**
 * The nodes of lines without an empty one between them, and the steps that it took.
 * @param {string} text @param {number} depth within so many quotes
 */
export function parseInline(text, depth) {
  const paragraph = new Paragraph(text, depth);
  return { nodes: paragraph.parse(), steps: paragraph.scanner.steps };
}

class Paragraph {
  #depth;
  /** @type {Open[]} */
  #open = [opened("")];
  /** Where on the stack the open marks of each kind are. @type {Map<string, number[]>} */
  #places = new Map([...STYLES.keys()].map((mark) => [mark, []]));
  /** @type {Map<number, number>} */
  #ticks;

  /** @param {string} text @param {number} depth */
  constructor(text, depth) {
    this.scanner = new Scanner(text);
    this.#depth = depth;
    this.#ticks = text.includes("`") ? closingTicks(this.scanner) : new Map();
  }

  /** @returns {Inline[]} */
  parse() {
    const { text } = this.scanner;
    for (let at = 0; at < text.length;) {
      const sign = text[at];
      if (sign === "\\") at = this.#backslash(at);
      else if (sign === "`") at = this.#code(at);
      else if (STYLES.has(sign) || sign === "*" || sign === "~" || sign === "|") at = this.#mark(at);
      else if (sign === "@") at = this.#mention(at);
      else at = this.#words(at);
    }
    return merged(this.#collapse(0).nodes);
  }

  /** @param {Inline} node */
  #put(node) {
    this.#open[this.#open.length - 1].nodes.push(node);
  }

  /** @param {string} text */
  #putText(text) {
    this.#put({ type: "text", text });
  }

  /** Prose, or a run of words, which may be an address. @param {number} at */
  #words(at) {
    const { scanner } = this;
    let start = at;
    let end = scanner.end(PROSE, at);
    if (end === at) {
      end = scanner.end(RUN, at);
      start = schemeStart(scanner, at, end);
      this.#putText(scanner.text.slice(at, start));
      const found = find(scanner, start, end);
      if (found) {
        this.#put(found[0]);
        return found[1];
      }
    }
    this.#putText(scanner.text.slice(start, end));
    return end;
  }

  /**
   * Backslashes are themselves, but before a sign that makes marks: there each of them shields the next sign.
   * @param {number} at
   */
  #backslash(at) {
    const { scanner } = this;
    const { text } = scanner;
    const end = this.#runEnd(at);
    const sign = scanner.at(end);
    const lineStart = at === 0 || text[at - 1] === "\n";
    if (!sign || (!ESCAPED.includes(sign) && !(sign === ">" && lineStart))) {
      this.#putText(text.slice(at, end));
      return end;
    }
    this.#putText("\\".repeat(Math.floor((end - at) / 2)));
    if ((end - at) % 2 === 0) return end;
    const last = MARKS.has(sign) ? this.#runEnd(end) : end + 1;
    this.#putText(text.slice(end, last));
    return last;
  }

  /** Of equal signs. @param {number} at */
  #runEnd(at) {
    const equal = MARKS.get(this.scanner.text[at]);
    return equal ? this.scanner.end(equal, at) : at + 1;
  }

  /** Between as many backticks as there are here, within a line. @param {number} at */
  #code(at) {
    const { scanner } = this;
    const { text } = scanner;
    const end = this.#runEnd(at);
    const closing = this.#ticks.get(at);
    let code = text.slice(end, closing ?? end);
    if (closing === undefined || isWhite(code)) {
      this.#putText(text.slice(at, end));
      return end;
    }
    scanner.steps += code.length;
    const padded = code.startsWith(" ") && code.endsWith(" ");
    if (padded && (code[1] === "`" || code[code.length - 2] === "`")) code = code.slice(1, -1);
    this.#put({ type: "code", text: code });
    return closing + end - at;
  }

  /** Opens or closes what it stands beside; a run of another length is text. @param {number} at */
  #mark(at) {
    const { scanner } = this;
    const end = this.#runEnd(at);
    const mark = scanner.text.slice(at, end);
    const places = this.#places.get(mark);
    const [before, after] = [scanner.before(at), scanner.at(end)];
    const face = before !== "" && after !== "" && FACES.includes(before) && FACES.includes(after);
    if (!places || face) this.#putText(mark);
    else if (places.length && !isWhite(before) && !isWord(after)) this.#close(mark, places);
    else if (!isWhite(after) && !isWord(before)) {
      places.push(this.#open.length);
      this.#open.push(opened(mark));
    } else this.#putText(mark);
    return end;
  }

  /**
   * What was opened within and not closed is text; so is what would nest too deep.
   * @param {string} mark @param {number[]} places
   */
  #close(mark, places) {
    const found = this.#collapse(places[places.length - 1]);
    this.#open.pop();
    places.pop();
    const around = this.#open[this.#open.length - 1];
    const style = STYLES.get(mark) ?? "bold";
    const fits = this.#depth + found.height + 1 <= DEPTH;
    if (fits) around.nodes.push({ type: "styled", style, children: merged(found.nodes) });
    else around.nodes.push({ type: "text", text: mark }, found.nodes, { type: "text", text: mark });
    around.height = Math.max(around.height, found.height + (fits ? 1 : 0));
  }

  /** Takes what is open above a place for text. @param {number} place */
  #collapse(place) {
    const target = this.#open[place];
    for (const found of this.#open.splice(place + 1)) {
      this.scanner.steps += found.nodes.length + 1;
      this.#places.get(found.mark)?.pop();
      target.nodes.push({ type: "text", text: found.mark });
      for (const node of found.nodes) target.nodes.push(node);
      target.height = Math.max(target.height, found.height);
    }
    return target;
  }

  /** `@username`, `@all`, `@все`; a name ends in a letter, a digit or a shielded sign. @param {number} at */
  #mention(at) {
    const { scanner } = this;
    const before = scanner.before(at);
    const found = isWord(before) || before === "@" ? null : mentioned(scanner, at);
    if (found) {
      this.#put(found.node);
      return found.end;
    }
    this.#putText("@");
    return at + 1;
  }
}

/** @param {string} mark @returns {Open} */
function opened(mark) {
  return { mark, nodes: [], height: 0 };
}

/** @param {Scanner} scanner @param {number} at @returns {{node: Inline, end: number} | null} */
function mentioned(scanner, at) {
  const { text } = scanner;
  let end = scanner.end(USERNAME, at + 1);
  while (end > at + 1 && "_.-".includes(text[end - 1]) && text[end - 2] !== "\\") end -= 1;
  const name = text.slice(at + 1, end).replaceAll("\\", "");
  if (end === at + 1) {
    end = scanner.end(LETTERS, end);
    const letters = text.slice(at, end);
    if (letters.toLowerCase() !== `@${ALL}` || scanner.at(end) === "@") return null;
    return { node: { type: "mention_all", text: letters }, end };
  }
  const following = scanner.at(end);
  const fits = name.length >= NAME_LENGTH.least && name.length <= NAME_LENGTH.most;
  if (!fits || isWord(following) || following === "@") return null;
  const username = name.toLowerCase();
  /** @type {Inline} */
  const node =
    username === "all" ? { type: "mention_all", text: `@${name}` } : { type: "mention", text: `@${name}`, username };
  return { node, end };
}

/** By the place of a run of backticks: the place of the next one of its length in its line. @param {Scanner} scanner */
function closingTicks(scanner) {
  /** @type {Map<number, number>} */
  const closing = new Map();
  /** @type {Map<number, number>} */
  const ahead = new Map();
  for (const {
    0: { length },
    index = 0,
  } of [...scanner.text.matchAll(/`+|\n/gu)].reverse()) {
    scanner.steps += length;
    if (scanner.text[index] === "\n") {
      ahead.clear();
      continue;
    }
    const next = ahead.get(length);
    if (next !== undefined) closing.set(index, next);
    ahead.set(length, index);
  }
  scanner.steps += scanner.text.length;
  return closing;
}

/** The nodes alone; texts that stand beside one another become one. @param {readonly any[]} pieces */
export function merged(pieces) {
  /** @type {Inline[]} */
  const result = [];
  let words = "";
  const close = () => {
    if (words) result.push({ type: "text", text: words });
    words = "";
  };
  for (const node of flat(pieces)) {
    if (node.type === "text") words += node.text;
    else {
      close();
      result.push(node);
    }
  }
  close();
  return result;
}

/**
 * Without recursion: a stranger may have nested them a thousand deep.
 * @param {readonly any[]} pieces @returns {Generator<Inline>}
 */
function* flat(pieces) {
  const stack = [{ list: pieces, at: 0 }];
  while (stack.length) {
    const top = stack[stack.length - 1];
    if (top.at === top.list.length) stack.pop();
    else {
      const piece = top.list[top.at];
      top.at += 1;
      if (Array.isArray(piece)) stack.push({ list: piece, at: 0 });
      else yield piece;
    }
  }
}
