/** Plain words of a text: its tree without marks. */

import { parse } from "./markup.js";

/** In place of a spoiler in what is shown unasked; as long for every spoiler. */
export const HIDDEN = "▒▒▒▒▒";

/**
 * @param {string} text
 * @param {{hidden?: string | null}} [how] `hidden` stands for each spoiler; null shows them
 */
export function plainOf(text, { hidden = HIDDEN } = {}) {
  return blocks(parse(text), hidden);
}

/** @param {readonly import("./markup.js").Block[]} found @param {string | null} hidden @returns {string} */
function blocks(found, hidden) {
  return found
    .map((block) => {
      if (block.type === "paragraph") return plainInline(block.children, hidden);
      return block.type === "quote" ? blocks(block.children, hidden) : block.text;
    })
    .join("\n");
}

/** @param {readonly import("./markup.js").Inline[]} nodes @param {string | null} hidden @returns {string} */
export function plainInline(nodes, hidden) {
  return nodes
    .map((node) => {
      if (node.type !== "styled") return node.text;
      return node.style === "spoiler" && hidden !== null ? hidden : plainInline(node.children, hidden);
    })
    .join("");
}

/** Whether an address stands in a text, that of a page or an e-mail; not in code. @param {string} text */
export function hasLink(text) {
  return /[.@]|:\/\//u.test(text) && parse(text).some(linkInBlock);
}

/** @param {import("./markup.js").Block} block @returns {boolean} */
function linkInBlock(block) {
  if (block.type === "code_block") return false;
  return block.type === "quote" ? block.children.some(linkInBlock) : block.children.some(linkIn);
}

/** @param {import("./markup.js").Inline} node @returns {boolean} */
function linkIn(node) {
  return node.type === "styled" ? node.children.some(linkIn) : node.type === "link";
}
