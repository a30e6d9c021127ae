/** Marks around a selection, and away again. `[` and `]` show the selection. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { markedLine } from "../../renderer/words/pasted.js";
import { wrapped } from "../../renderer/words/wrap.js";

/** @param {string} shown @param {"**" | "_" | "~~" | "`"} mark */
function press(shown, mark) {
  const start = shown.indexOf("[");
  const end = shown.indexOf("]") - 1;
  const value = shown.replace(/[[\]]/gu, "");
  const { from, to, text, select } = wrapped(value, start, end, mark);
  const now = value.slice(0, from) + text + value.slice(to);
  return `${now.slice(0, select[0])}[${now.slice(select[0], select[1])}]${now.slice(select[1])}`;
}

test("what is selected gets the mark, and loses it again", () => {
  for (const [before, mark, after] of /** @type {[string, any, string][]} */ ([
    ["a [b c] d", "**", "a **[b c]** d"],
    ["a [b]", "_", "a _[b]_"],
    ["[a]", "~~", "~~[a]~~"],
    ["[a]", "`", "`[a]`"],
    ["сло[во] два", "**", "**[слово]** два"],
    ["[]", "**", "**[]**"],
    ["a []b", "_", "a _[]_b"],
    ["[a\n\nb\nc]", "**", "**[a**\n\n**b\nc]**"],
    ["[a ` b]", "`", "``[a ` b]``"],
    ["[a\nb]", "`", "```\n[a\nb]\n```"],
    ["x [a\nb] y", "`", "x \n```\n[a\nb]\n```\n y"],
  ])) {
    assert.equal(press(before, mark), after);
  }
  for (const [before, mark] of /** @type {[string, any][]} */ ([
    ["a [b c] d", "**"],
    ["[слово]", "_"],
    ["a []b", "`"],
  ])) {
    assert.equal(press(press(before, mark), mark), before, mark);
  }
  assert.equal(press("[**a**]", "**"), "[a]");
  assert.equal(press("[```js\na\nb\n```]", "`"), "[a\nb]");
  assert.equal(press("a [ b ] c", "**"), "a  **[b]**  c");
  assert.equal(press("**[a]**", "_"), "**_[a]_**");
});

test("copied looks become marks, unless they would not be read as such", () => {
  const plain = { bold: false, italic: false, struck: false, code: false };
  /** @param {[string, Partial<typeof plain>?][]} parts */
  const line = (...parts) => markedLine(parts.map(([text, look]) => ({ ...plain, ...look, text })));
  assert.equal(line(["a "], ["b ", { bold: true }], ["c"]), "a **b** c");
  assert.equal(line(["a", { bold: true }], [" b", { bold: true, italic: true }]), "**a _b_**");
  assert.equal(line(["a", { italic: true }], [" "], ["b", { code: true }], ["."]), "_a_ `b`.");
  assert.equal(line(["x`y", { code: true }]), "``x`y``");
  assert.equal(line(["сло"], ["во", { bold: true }]), "слово");
  assert.equal(line(["2 ** 3"]), "2 ** 3");
  assert.equal(line(["__init__ "], ["a", { bold: true }]), "__init__ **a**");
  assert.equal(line(["**a** "], ["b", { bold: true }]), "\\*\\*a\\*\\* **b**");
});
