/** The words around what was found. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { excerpt } from "../../renderer/words/found.js";

/** @param {string} content @param {[number, number][]} matches */
const cut = (content, matches) => {
  const { text, places } = excerpt(content, matches);
  return [text, ...places.map(({ from, to }) => text.slice(from, to))];
};

test("places are counted in code points and told in what strings count", () => {
  assert.deepEqual(cut("😀😀 встречу завтра", [[3, 7]]), ["😀😀 встречу завтра", "встречу"]);
  assert.deepEqual(cut("одна\nи ещё одна", [[0, 4], [11, 4]]), ["одна и ещё одна", "одна", "одна"]); // prettier-ignore
});

test("a long text is cut around the first place; what lies outside is left out", () => {
  const [text, ...words] = cut(`${"а".repeat(300)} слово ${"б".repeat(300)} слово`, [[301, 5], [608, 5]]); // prettier-ignore
  assert.deepEqual(words, ["слово"]);
  assert.match(text, /^…а{39} слово б+…$/u);
  assert.equal([...text].length, 202);
  assert.deepEqual(cut("", []), [""]);
});

test("a spoiler stays covered, whatever of it was looked for", () => {
  const text = "😀 убийца ||садовник|| и садовник ||тоже|| сад";
  const at = (/** @type {string} */ word, from = 0) => [...text.slice(0, text.indexOf(word, from))].length;
  assert.deepEqual(cut(text, [[at("садовник"), 8]]), ["😀 убийца ▒▒▒▒▒ сад"]);
  assert.deepEqual(cut(text, [[at("убийца"), 6], [at("сад", 40), 3]]), ["😀 убийца ▒▒▒▒▒ сад", "убийца", "сад"]); // prettier-ignore
  assert.deepEqual(cut("`a || b` ||c||", [[5, 1]]), ["`a ▒▒▒▒▒"]);
  assert.deepEqual(cut("если `a || b || c`, то", [[8, 1]]), ["если `a || b || c`, то", "|"]);
});
