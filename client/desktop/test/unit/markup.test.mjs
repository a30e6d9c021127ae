/** Reads tests/vectors/text/*.json: each text as the tree that its vector says. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { HIDDEN, plainOf } from "../../renderer/words/markup-plain.js";
import { parse } from "../../renderer/words/markup.js";

const FOLDER = new URL("../../../../tests/vectors/text/", import.meta.url);

for (const name of readdirSync(FOLDER)) {
  test(name, () => {
    const vectors = JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"));
    assert.ok(vectors.length > 10);
    for (const { text, tree } of vectors) assert.deepEqual(parse(text), tree, JSON.stringify(text));
  });
}

test("plain words tell no spoiler", () => {
  const text = "**a** ||b `c`|| @anna vestnik://chat/1/2\n> _d_\n```py\ne\n```\n@все https://example.com";
  assert.equal(plainOf(text), `a ${HIDDEN} @anna vestnik://chat/1/2\nd\ne\n@все https://example.com`);
  assert.equal(plainOf("||b `c`||", { hidden: null }), "b c");
});
