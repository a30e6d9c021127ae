/** The quick keys: one meaning a key, by its place on the keyboard. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { KEYS, quickKey } from "../../renderer/ui/keys.js";

/** @param {string} code @param {string} [held] @param {string} [key] */
const press = (code, held = "", key = "") =>
  quickKey({
    code,
    key,
    ctrlKey: held.includes("C"),
    metaKey: held.includes("M"),
    altKey: held.includes("A"),
    shiftKey: held.includes("S"),
  })?.id ?? null;

test("no two mean the same keys", () => {
  const window = KEYS.filter((key) => key.by === "window").map((key) => key.keys.join("+"));
  assert.equal(new Set(window).size, window.length);
  assert.equal(new Set(KEYS.map((key) => key.id)).size, KEYS.length);
});

test("the place counts, not the letter; Cmd is Ctrl", () => {
  assert.equal(press("KeyK", "C", "л"), "switcher");
  assert.equal(press("KeyK", "M", "k"), "switcher");
  assert.equal(press("KeyN", "C"), "new-chat");
  assert.equal(press("KeyN", "CS"), "new-group");
  assert.equal(press("KeyF", "C"), "find");
  assert.equal(press("KeyF", "CS"), "search");
  assert.equal(press("Comma", "C"), "settings");
  assert.equal(press("Slash", "C"), "shortcuts");
  assert.equal(press("ArrowDown", "A"), "next");
  assert.equal(press("ArrowDown", "AS"), "next-unread");
  assert.equal(press("F6"), "region");
  assert.equal(press("Escape"), "close");
});

test("one to nine, also on the number pad", () => {
  for (const code of ["Digit3", "Numpad3"]) {
    assert.deepEqual(quickKey({ code, key: "3", ctrlKey: true, metaKey: false, altKey: false, shiftKey: false }), {
      id: "nth",
      digit: 3,
    });
  }
  assert.equal(press("Digit0", "C"), null);
  assert.equal(press("Digit3", "CA"), null);
});

test("plain letters and the keys of parts are left alone", () => {
  for (const [code, held] of [
    ["KeyK", ""],
    ["KeyR", ""],
    ["Enter", ""],
    ["Enter", "S"],
    ["ArrowUp", ""],
    ["KeyC", "C"],
    ["F10", "S"],
    ["KeyK", "CA"],
  ]) {
    assert.equal(press(code, held), null, `${held} ${code}`);
  }
});
