import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { emojiName, findEmoji, withRecent } from "../../renderer/words/emoji.js";

/** @type {Record<string, [string, string, string][]>} */
const file = JSON.parse(readFileSync(new URL("../../renderer/emoji.json", import.meta.url), "utf8"));
const locale = JSON.parse(readFileSync(new URL("../../locales/ru.json", import.meta.url), "utf8"));
const groups = Object.entries(file).map(([id, rows]) => ({
  id,
  emoji: rows.map(([sign, ru, en]) => ({ sign, words: { ru, en } })),
}));

/** @param {string} query */
const signs = (query) => findEmoji(groups, query).map(({ sign }) => sign);

test("the data: each sign once, one grapheme, words in both languages, names apart within a language", () => {
  const rows = Object.values(file).flat();
  const segmenter = new Intl.Segmenter("ru", { granularity: "grapheme" });
  assert.ok(rows.length > 500);
  assert.equal(new Set(rows.map(([sign]) => sign)).size, rows.length);
  for (const [sign, ru, en] of rows) {
    assert.equal([...segmenter.segment(sign)].length, 1, sign);
    assert.match(ru, /^[а-яё0-9 ,-]+$/, sign);
    assert.match(en, /^[a-z0-9 ,-]+$/, sign);
  }
  for (const at of [1, 2]) {
    const names = rows.map((row) => row[at].split(",")[0]);
    assert.deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
  }
  for (const id of Object.keys(file)) assert.ok(`emoji.${id}` in locale, id);
});

test("found by words of both languages, names first, case and ё folded", () => {
  assert.equal(signs("ракета")[0], "🚀");
  assert.ok(signs("thumbs").includes("👍"));
  assert.ok(signs("КОТ").includes("🐱"));
  assert.ok(signs("еж").includes("🦔"));
  assert.deepEqual(signs("❤️"), ["❤️"]);
  assert.deepEqual(signs("щщщ"), []);
  assert.deepEqual(signs(" "), []);
  assert.ok(signs("с").length <= 90);
});

test("names follow the language", () => {
  const rocket = { sign: "🚀", words: { ru: "ракета, запуск", en: "rocket, launch" } };
  assert.deepEqual(
    ["ru", "en", "de"].map((language) => emojiName(rocket, language)),
    ["ракета", "rocket", "rocket"],
  );
});

test("recent ones: the newest first, each once, three rows", () => {
  assert.deepEqual(withRecent(["👍", "🚀"], "🚀"), ["🚀", "👍"]);
  assert.equal(
    withRecent(
      Array.from({ length: 27 }, (_, at) => String(at)),
      "🚀",
    ).length,
    27,
  );
});
