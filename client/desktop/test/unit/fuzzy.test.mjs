import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzzy, rank } from "../../renderer/words/fuzzy.js";

/** @param {string} query @param {string[]} names */
const order = (query, names) => rank(query, names, (name) => [name], 10).map(({ candidate }) => candidate);

test("the beginning, a word, inside, letters in order; nothing else", () => {
  const names = ["Работа", "Борис", "Рабочие встречи: Боровичи", "Бежать осенью", "Иван"];
  assert.deepEqual(order("бо", names), ["Борис", "Рабочие встречи: Боровичи", "Работа", "Бежать осенью"]);
});

test("fewer pieces are better, equal ones keep their order", () => {
  assert.deepEqual(order("кжл", ["к ж л", "кж л"]), ["кж л", "к ж л"]);
  assert.deepEqual(order("а", ["аб", "ав", "аа"]), ["аб", "ав", "аа"]);
  assert.deepEqual(order("", ["б", "а"]), ["б", "а"]);
});

test("case and ё do not matter, and the places are those of the text", () => {
  const text = "Семён ПЁТРОВ";
  const found = fuzzy("петров", text);
  assert.deepEqual(
    found?.places.map(({ from, to }) => text.slice(from, to)),
    ["ПЁТРОВ"],
  );
  const scattered = fuzzy("сн", "Семён");
  assert.deepEqual(scattered?.places, [
    { from: 0, to: 1 },
    { from: 4, to: 5 },
  ]);
});

test("a found login marks nothing in the name; at most as many as asked for", () => {
  const people = [
    ["Анна", "kovaleva"],
    ["Борис", "lebedev"],
  ];
  assert.deepEqual(
    rank("kov", people, (person) => person, 10),
    [{ candidate: people[0], places: [] }],
  );
  assert.equal(
    rank(
      "",
      Array.from({ length: 30 }, (_, at) => `n${at}`),
      (name) => [name],
      12,
    ).length,
    12,
  );
});

test("words in any order, the other layout, and neither before a plain answer", () => {
  assert.deepEqual(order("лебедев бор", ["Борис Лебедев", "Борис Иванов"]), ["Борис Лебедев"]);
  assert.deepEqual(fuzzy("лебедев бор", "Борис Лебедев")?.places, [
    { from: 0, to: 3 },
    { from: 6, to: 13 },
  ]);
  assert.deepEqual(order(",jhbc", ["Борис", "Иван"]), ["Борис"]);
  assert.deepEqual(order("ищкшы", ["Boris"]), ["Boris"]);
  assert.deepEqual(order("an", ["Anna", "Фтор"]), ["Anna"]);
});
