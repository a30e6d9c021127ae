/** Code in colours: every language that is named is there, and each text stays what it was. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";

import { coloured } from "../../renderer/ui/log/code-colours.js";

const FOLDER = new URL("../../renderer/vendor/highlightjs/es/languages/", import.meta.url);
const files = readdirSync(FOLDER).map((name) => name.replace(".min.js", ""));
const CODES = [
  'def f(x: int):\n    """doc"""\n    return f"a{x}" # c <b>&amp;\n',
  "<script>let a = `x${1}`;</script><style>a { color: red }</style>",
  '"'.repeat(300),
  "({[<\n".repeat(300),
  "/*".repeat(150),
  "\u0000\u2028привет 👍 $& $1 ".repeat(10),
];

test("each language is there and leaves the text as it is", async () => {
  assert.ok(files.length > 25);
  for (const language of files) {
    for (const code of CODES) {
      const pieces = await coloured(code, language);
      assert.ok(pieces, language);
      assert.equal(pieces.map(({ text }) => text).join(""), code, language);
    }
  }
});

test("words have their colours, under any name of the language", async () => {
  const pieces = await coloured(CODES[0], "PY");
  const found = (/** @type {string} */ text) => pieces?.find((piece) => piece.text === text)?.colour;
  assert.equal(found("def"), "keyword");
  assert.equal(found("f"), "title");
  assert.equal(found("int"), "type");
  assert.equal(found("# c <b>&amp;"), "comment");
  const within = await coloured(CODES[1], "html");
  assert.ok(
    within?.some(({ text, colour }) => text === "let" && colour === "keyword"),
    "javascript within html",
  );
});

test("a language that nobody knows has no colours, nor has what is very long", async () => {
  for (const name of ["nonsense", "../core", "__proto__", "constructor"]) {
    assert.equal(await coloured("a", name), null);
  }
  assert.equal(await coloured("a".repeat(301), "js"), null);
  assert.equal(await coloured("a\n".repeat(1251), "js"), null);
});
