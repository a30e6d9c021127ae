/** Completing a name after `@`. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { askedAt, completed, offers } from "../../renderer/words/mentions.js";
import { person } from "./world.js";

test("a mention is being typed after an @ that begins a word, up to the caret", () => {
  for (const [text, query] of /** @type {const} */ ([
    ["@", ""],
    ["привет @ан", "ан"],
    ["(@anna", "anna"],
    ["**@a.b-c_d", "a.b-c_d"],
    ["mail@host", null],
    ["@@anna", null],
    ["@anna ", null],
    ["no", null],
    [`@${"a".repeat(33)}`, null],
  ])) {
    assert.equal(askedAt(text, text.length)?.query ?? null, query, text);
  }
  assert.deepEqual(askedAt("да @ан и", 6), { from: 3, to: 6, query: "ан" });
});

const people = [
  { ...person(2), display_name: "Борис Лебедев", username: "boris" },
  { ...person(3), display_name: "Анна Ковалёва", username: "anna" },
];
/** @param {string} query @param {string | null} all */
const offered = (query, all = "все") =>
  offers(query, people, all).map((one) => (one.kind === "all" ? "all" : one.user.id));

test("people are found by name and username, everybody by the word", () => {
  assert.deepEqual(offered(""), [3, 2, "all"]);
  assert.deepEqual(offered("леб"), [2]);
  assert.deepEqual(offered("an"), [3]);
  assert.deepEqual(offered("вс"), ["all"]);
  assert.deepEqual(offered("al"), ["all"]);
  assert.deepEqual(offered("", null), [3, 2]);
  assert.deepEqual(offered("zz"), []);
});

test("what is chosen stands as a word of its own, with the caret behind it", () => {
  const asked = /** @type {NonNullable<ReturnType<typeof askedAt>>} */ (askedAt("да @ан и", 6));
  assert.deepEqual(completed("да @ан и", asked, { kind: "user", user: people[1] }), {
    from: 3,
    to: 6,
    put: "@anna",
    caret: 9,
  });
  const end = { from: 0, to: 1, query: "" };
  assert.deepEqual(completed("@", end, { kind: "all", word: "все" }), { from: 0, to: 1, put: "@все ", caret: 5 });
  const dashed = { ...people[0], username: "b_._" };
  assert.equal(completed("@", end, { kind: "user", user: dashed }).put, "@b\\_\\.\\_ ");
});
