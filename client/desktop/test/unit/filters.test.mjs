/** What narrows a search, as people type it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { contentOf, dayOf, daysBefore, readFilters, withFilter, without } from "../../renderer/words/filters.js";

/** @type {[string, string, string[]][]} what is typed, the words that are left, the filters; `+`: it may go on */
const TYPED = [
  ["", "", []],
  ["встреча", "встреча", []],
  ["from:anna встреча", "встреча", ["from=anna"]],
  ["встреча от:анна", "встреча", ["from=анна+"]],
  ["встреча От:", "встреча", ["from=+"]],
  ["в:Маяк о встрече до:вчера", "о встрече", ["in=Маяк", "before=вчера+"]],
  ['in:"Маяк 2.4" отчёт', "отчёт", ["in=Маяк 2.4"]],
  ["в:«Маяк 2.4» отчёт", "отчёт", ["in=Маяк 2.4"]],
  ['отчёт in:"Маяк 2', "отчёт", ["in=Маяк 2+"]],
  ["after:2026-11-20 before:21.11 has:file", "", ["after=2026-11-20", "before=21.11", "has=file+"]],
  ["после:2026 есть:ссылка x", "x", ["after=2026", "has=ссылка"]],
  ["HAS:Link x", "x", ["has=Link"]],
  ["время 10:30, до: завтра", "время 10:30, до: завтра", []],
  ["https://example.com/from:a кот:пёс", "https://example.com/from:a кот:пёс", []],
  ['"from:anna и в:доме" кот', '"from:anna и в:доме" кот', []],
  ["«от:анны», кот", "«от:анны», кот", []],
  ["mail from:anna@example.com x", "mail x", ["from=anna@example.com"]],
  ["from:anna from:boris x", "x", ["from=anna", "from=boris"]],
  ["constructor:x __proto__:y", "constructor:x __proto__:y", []],
  ["😀 от:😀 кот", "😀 кот", ["from=😀"]],
];

for (const [text, words, filters] of TYPED) {
  test(`reads ${JSON.stringify(text)}`, () => {
    const read = readFilters(text);
    assert.equal(read.words, words);
    assert.deepEqual(read.typed.map(({ kind, value, open }) => `${kind}=${value}${open ? "+" : ""}`), filters); // prettier-ignore
  });
}

test("what was taken as a filter leaves the rest as it is", () => {
  const text = "a  b from:anna c";
  assert.equal(without(text, readFilters(text).typed[0]), "a  b  c");
  assert.equal(without("от:анна кот", readFilters("от:анна кот").typed[0]), "кот");
  assert.equal(without("кот от:анна ", readFilters("кот от:анна ").typed[0]), "кот ");
});

test("a button writes the beginning of a filter in the language of the face", () => {
  assert.equal(withFilter("", "from", "ru"), "от:");
  assert.equal(withFilter("кот", "in", "ru"), "кот в:");
  assert.equal(withFilter("cat ", "has", "en"), "cat has:");
});

test("days are read as they are written and said", () => {
  for (const [value, day] of /** @type {[string, string | null][]} */ ([
    ["2026-11-20", "2026-11-20"],
    ["2026-1-2", "2026-01-02"],
    ["2026-11", "2026-11-01"],
    ["2025", "2025-01-01"],
    ["20.11.2026", "2026-11-20"],
    ["1/2/2026", "2026-02-01"],
    ["20.11.26", "2026-11-20"],
    ["11.2026", "2026-11-01"],
    ["20.11", "2026-11-20"],
    ["29.11", "2025-11-29"],
    ["сегодня", "2026-11-28"],
    ["Yesterday", "2026-11-27"],
    ["29.02.2024", "2024-02-29"],
    ["29.02.2026", null],
    ["31.04", null],
    ["32.01.2026", null],
    ["0000-00-00", null],
    ["завтра", null],
    ["2026-11-20T10:00", null],
    ["1", null],
  ])) {
    assert.equal(dayOf(value, "2026-11-28"), day, value);
  }
  assert.equal(daysBefore("2026-03-01", 1), "2026-02-28");
});

test("contents have names in both languages", () => {
  assert.deepEqual(["файл", "Picture", "ссылки", "video", "constructor"].map(contentOf), ["file", "image", "link", null, null]); // prettier-ignore
});
