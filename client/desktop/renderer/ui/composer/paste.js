/**
 * What was copied elsewhere keeps bold, italic, struck, links and code as marks. The copied HTML is read in a document that
 * runs and loads nothing, and its words are taken from there; it never comes into the page.
 */

import { codeLines, markedLine } from "../../words/pasted.js";

/** What is larger is pasted as plain text. */
const LONGEST = { html: 300_000, nodes: 5000, text: 20_000 };
const BLANK_AROUND = /^(?:P|H[1-6]|UL|OL|PRE|BLOCKQUOTE|TABLE|HR)$/u;
const BLOCK =
  /^(?:DIV|LI|TR|DT|DD|DL|SECTION|ARTICLE|HEADER|FOOTER|MAIN|ASIDE|NAV|FIGURE|FIGCAPTION|ADDRESS|TBODY|THEAD|FORM)$/u;
const SILENT = /^(?:SCRIPT|STYLE|HEAD|TITLE|TEMPLATE|NOSCRIPT|BUTTON|SVG|OBJECT|IFRAME|TEXTAREA|SELECT|MATH)$/u;

/** @typedef {import("../../words/pasted.js").Piece} Piece @typedef {Omit<Piece, "text">} Look */

/** The page's policy knows this one by name. */
const policy = window.trustedTypes?.createPolicy("vestnik-paste", {
  createHTML: (html) => html,
});

/** The text with marks; null where it had no looks, or is too much: then it is pasted as usual. @param {string} html */
export function textOfHtml(html) {
  if (!html || html.length > LONGEST.html) return null;
  // no style is to apply, and the page's policy complains of each one
  const still = html.replace(/(<[^<>]*\s)style(\s*=)/giu, "$1data-style$2");
  const page = new DOMParser().parseFromString(policy?.createHTML?.(still) ?? still, "text/html");
  const reader = new Reader();
  try {
    reader.read(page.body, { bold: false, italic: false, struck: false, code: false });
  } catch (error) {
    if (error instanceof TooMuch) return null;
    throw error;
  }
  return reader.text();
}

class TooMuch extends Error {}

class Reader {
  /** Lines that are done. @type {string[]} */
  #lines = [];
  /** @type {Piece[]} */
  #line = [];
  #blank = false;
  #prefix = "";
  #looks = false;
  #nodes = 0;
  #length = 0;

  text() {
    this.#begin(false);
    return this.#looks ? this.#lines.join("\n").replace(/\n+$/u, "") : null;
  }

  /** @param {Node} node @param {Look} look */
  read(node, look) {
    this.#nodes += 1;
    if (this.#nodes > LONGEST.nodes) throw new TooMuch();
    if (node instanceof Element) this.#element(node, look);
    else if (node.nodeType === Node.TEXT_NODE) this.#put((node.nodeValue ?? "").replace(/\s+/gu, " "), look);
  }

  /** @param {Element} element @param {Look} look */
  #element(element, look) {
    const name = element.tagName.toUpperCase();
    if (SILENT.test(name)) return;
    if (name === "BR") return this.#end();
    if (name === "IMG") return this.#put((element.getAttribute("alt") ?? "").slice(0, 16), look);
    if (name === "PRE") return this.#code(element);
    const block = BLANK_AROUND.test(name) || BLOCK.test(name);
    if (block) this.#begin(BLANK_AROUND.test(name));
    const prefix = this.#prefix;
    if (name === "BLOCKQUOTE") {
      this.#prefix += "> ";
      this.#looks = true;
    }
    if (name === "LI") this.#put(element.parentElement?.tagName === "OL" ? `${placeOf(element)}. ` : "- ", look);
    if ((name === "TD" || name === "TH") && element.previousElementSibling) this.#put("\t", look);
    for (const child of element.childNodes) this.read(child, lookOf(element, name, look));
    if (name === "A") this.#target(element, look);
    if (block) this.#begin(BLANK_AROUND.test(name));
    this.#prefix = prefix;
  }

  /** @param {string} text @param {Look} look */
  #put(text, look) {
    const first = this.#line.length === 0;
    const words = first && text !== "\t" ? text.replace(/^ /u, "") : text;
    if (!words) return;
    this.#length += words.length;
    if (this.#length > LONGEST.text) throw new TooMuch();
    if (look.bold || look.italic || look.struck || look.code) this.#looks = true;
    const last = this.#line[this.#line.length - 1];
    const same =
      last?.bold === look.bold && last.italic === look.italic && last.struck === look.struck && last.code === look.code;
    if (same) last.text += words;
    else this.#line.push({ ...look, text: words });
  }

  /** Where a link leads, behind its words, unless they say it. @param {Element} link @param {Look} look */
  #target(link, look) {
    const href = link.getAttribute("href") ?? "";
    if (!/^(?:https?:\/\/|mailto:)\S+$/iu.test(href)) return;
    this.#looks = true;
    const words = (link.textContent ?? "").trim();
    const bare = (/** @type {string} */ text) => text.replace(/^(?:https?:\/\/|mailto:)/iu, "").replace(/\/$/u, "");
    if (words && bare(words) !== bare(href)) this.#put(` (${href})`, { ...look, code: false });
  }

  /** @param {Element} pre */
  #code(pre) {
    const code = pre.textContent ?? "";
    if (!code.trim()) return;
    this.#begin(true);
    this.#length += code.length;
    if (this.#length > LONGEST.text) throw new TooMuch();
    const named = `${pre.className} ${pre.querySelector("code")?.className ?? ""}`;
    const language = /(?:^|\s)(?:language|lang)-(\S+)/u.exec(named)?.[1] ?? "";
    for (const line of codeLines(code, language).split("\n")) this.#add(this.#prefix + line);
    this.#looks = true;
    this.#begin(true);
  }

  /** A new line, with an empty one before it where that is wished. @param {boolean} blank */
  #begin(blank) {
    if (this.#line.length) this.#end();
    this.#blank ||= blank;
  }

  /** The line is done. */
  #end() {
    const pieces = this.#line;
    this.#line = [];
    const last = pieces[pieces.length - 1];
    if (last && !last.code) last.text = last.text.replace(/ $/u, "");
    this.#add(this.#prefix + markedLine(pieces));
  }

  /** @param {string} line */
  #add(line) {
    if (this.#blank && this.#lines.length && line) this.#lines.push(this.#prefix.trimEnd());
    this.#blank = false;
    if (line || this.#lines.length) this.#lines.push(line);
  }
}

/** @param {Element} element @param {string} name @param {Look} look @returns {Look} */
function lookOf(element, name, look) {
  const style = (element.getAttribute("data-style") ?? "").toLowerCase();
  const weight = /(?:^|;)\s*font-weight\s*:\s*(\w+)/u.exec(style)?.[1];
  const slant = /(?:^|;)\s*font-style\s*:\s*(\w+)/u.exec(style)?.[1];
  const heavy = weight ? /^(?:bold|bolder|[6-9]00)$/u.test(weight) : /^(?:B|STRONG|H[1-6])$/u.test(name) || look.bold;
  const slanted = slant ? slant !== "normal" : /^(?:I|EM|CITE)$/u.test(name) || look.italic;
  return {
    bold: heavy,
    italic: slanted,
    struck: look.struck || /^(?:S|DEL|STRIKE)$/u.test(name) || /text-decoration[^;]*line-through/u.test(style),
    code: look.code || /^(?:CODE|KBD|SAMP|TT)$/u.test(name),
  };
}

/** @param {Element} item of a list */
function placeOf(item) {
  return [...(item.parentElement?.children ?? [])].filter((one) => one.tagName === "LI").indexOf(item) + 1;
}
