/** Reads tests/vectors/search/*.json: the words of texts and what fits a query, as the server has them. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { matchesOf, readQuery } from "../../renderer/words/query.js";
import { wordReader } from "../../renderer/words/stems.js";
import { stemmers } from "../harness/stemmers.js";

const FOLDER = new URL("../../../../tests/vectors/search/", import.meta.url);
/** @param {string} name */
const vectors = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8"));
const read = wordReader(stemmers());
/** @type {{text: string, words: [string, string, number, number][]}[]} */
const texts = vectors("words");

test("texts have the same words at the same places, with the same stems", () => {
  for (const { text, words } of texts) {
    const found = read(text).map(({ folded, stem, start, length }) => [folded, stem, start, length]);
    assert.deepEqual(found, words, JSON.stringify(text));
  }
});

test("a query fits the same texts at the same places", () => {
  for (const { query, found } of vectors("queries")) {
    const wanted = readQuery(query, read);
    const fitting = texts.flatMap(({ text }, number) => {
      const spans = wanted && matchesOf(wanted, text, read);
      return spans ? [[number, spans]] : [];
    });
    assert.deepEqual(wanted && fitting, found, JSON.stringify(query));
  }
});

test("what is told of a hostile text is bounded", () => {
  const query = readQuery("а б ".repeat(50), read);
  assert.equal(query && matchesOf(query, "а б ".repeat(10_000), read)?.length, 100);
});
