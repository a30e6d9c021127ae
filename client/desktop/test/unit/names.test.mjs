import assert from "node:assert/strict";
import { test } from "node:test";
import { setCatalogue } from "../../renderer/words/i18n.js";
import { hueOf, initials, isSaved, nameOf, titleOf } from "../../renderer/words/names.js";

setCatalogue("ru", { "person.saved": "Сохранённые", "person.unknown": "Кто-то", "person.untitled_group": "Группа" });

test("letters of the first two words", () => {
  assert.deepEqual(
    [
      "Анна Ковалёва",
      "Маяк 2.4 — релиз",
      "Поход на Ладогу 🏕️",
      "Роман Сергеевич Рождественский",
      "Книжный клуб «Среда»",
      "из дома",
      "мама",
      "«Среда» книги",
      "  x   y ",
      "4 канал",
    ].map((name) => initials(name)),
    ["АК", "М", "ПЛ", "РС", "КК", "ИД", "М", "СК", "XY", "4К"],
  );
});

test("a letter is what a person sees as one", () => {
  assert.equal(initials("👩‍👩‍👧 👍🏽"), "👩‍👩‍👧👍🏽");
  assert.equal(initials("й\u0306ван"), "Й\u0306");
  assert.equal(initials("e\u0301lan vital"), "E\u0301V");
  assert.equal(initials("🏕️ Ладога"), "Л");
  assert.deepEqual([initials(""), initials("  ")], ["?", "?"]);
});

test("hues are 0 to 7, stable, and neighbours differ", () => {
  const hues = Array.from({ length: 1000 }, (_, id) => hueOf(id + 1));
  assert.ok(hues.every((hue) => Number.isInteger(hue) && hue >= 0 && hue < 8));
  assert.equal(new Set(hues.slice(0, 8)).size >= 6, true);
  assert.ok(Number.isInteger(hueOf(2 ** 53 - 1)));
});

test("titles", () => {
  const user = { id: 2, username: "anna", display_name: "Анна", created_at: "" };
  const chat = /** @type {any} */ ({ is_group: false, peer: user, title: null });
  assert.equal(titleOf(chat, { id: 1 }), "Анна");
  assert.equal(titleOf(chat, { id: 2 }), "Сохранённые");
  assert.deepEqual([isSaved(chat, { id: 2 }), isSaved(chat, { id: 1 })], [true, false]);
  assert.equal(titleOf({ ...chat, is_group: true, title: "Клуб" }, null), "Клуб");
  assert.equal(titleOf({ ...chat, is_group: true }, null), "Группа");
  assert.equal(nameOf({ ...user, display_name: "" }), "anna");
  assert.equal(nameOf(null), "Кто-то");
});
