/** The quick keys: one meaning a key, by its place on the keyboard. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { FakeElement } from "./face.js";
import { formatByKey } from "../../renderer/ui/composer/formatting.js";
import { KEYS, isComposed, keyName, keyNames, keysHere, nameOfKey, quickKey } from "../../renderer/ui/parts/keys.js";

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

test("where a layout has no Latin letters the place counts; Cmd is Ctrl", () => {
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

test("in a Latin layout what is typed counts: no key of another meaning is taken away", () => {
  assert.equal(press("Slash", "C", "-"), null, "German: smaller");
  assert.equal(press("Slash", "C", "z"), null, "Dvorak: undo");
  assert.equal(press("Comma", "C", "w"), null, "Dvorak: close");
  assert.equal(press("KeyM", "C", ","), "settings", "French");
  assert.equal(press("Digit7", "CS", "/"), null, "it needs Shift there");
  assert.equal(press("KeyV", "C", "k"), "switcher", "Dvorak");
  assert.equal(press("KeyK", "C", "t"), null);
  assert.equal(press("Slash", "C", "."), "shortcuts", "Russian");
  assert.equal(press("Comma", "C", "б"), "settings", "Russian");
  assert.equal(nameOfKey({ code: "KeyR", key: "к" }), "R");
  assert.equal(nameOfKey({ code: "KeyO", key: "r" }), "R");
});

test("on a Mac the command key commands, and Ctrl is left to the system", () => {
  const keys = { code: "KeyK", key: "k", altKey: false, shiftKey: false };
  assert.equal(quickKey({ ...keys, ctrlKey: true, metaKey: false }, true), null);
  assert.equal(quickKey({ ...keys, ctrlKey: false, metaKey: true }, true)?.id, "switcher");
});

test("the key that ends a composition belongs to it, in Safari too; Shift+F6 goes backwards", () => {
  assert.equal(isComposed({ isComposing: true }), true);
  assert.equal(isComposed({ isComposing: false, keyCode: 229 }), true);
  assert.equal(isComposed({ isComposing: false, keyCode: 13 }), false);
  const f6 = { code: "F6", key: "F6", ctrlKey: false, metaKey: false, altKey: false };
  assert.deepEqual(quickKey({ ...f6, shiftKey: true }), { id: "region", digit: -1 });
  assert.deepEqual(quickKey({ ...f6, shiftKey: false }), { id: "region", digit: 0 });
});

test("keys are called as this machine calls them", () => {
  assert.equal(keyName(["Ctrl", "Shift", "F"], "+", false), "Ctrl+Shift+F");
  assert.equal(keyName(["Ctrl", "K"], " ", false), "Ctrl K");
  assert.deepEqual(keyNames(["Ctrl", "Shift", "N"], false), ["Ctrl", "Shift", "N"]);
  assert.equal(keyName(["Ctrl", "Shift", "F"], "+", true), "⇧⌘F");
  assert.equal(keyName(["Alt", "Shift", "↓"], " ", true), "⌥⇧↓");
  assert.deepEqual(keyNames(["Ctrl", "1…9"], true), ["⌘", "1…9"]);
  for (const { keys } of KEYS) assert.doesNotMatch(keyName(keys, "+", true), /Ctrl|Alt|Shift/u);
});

test("what is listed is obeyed there", () => {
  assert.deepEqual(keysHere(false), KEYS);
  const missing = KEYS.filter((key) => !keysHere(true).includes(key)).map(({ id }) => id);
  assert.deepEqual(missing, ["back"], "the system moves the caret with it");
  const left = { code: "ArrowLeft", key: "ArrowLeft", ctrlKey: false, metaKey: false, altKey: true, shiftKey: false };
  assert.equal(quickKey(left, true), null);
  assert.equal(quickKey(left, false)?.id, "back");
});

test("a mark is put by the key that commands: on a Mac Ctrl+B moves the caret", () => {
  const marks = (/** @type {{ctrlKey?: boolean, metaKey?: boolean}} */ held, /** @type {boolean} */ mac) => {
    const area = Object.assign(new FakeElement(), { value: "слово", selectionStart: 0, selectionEnd: 5 });
    let put = "";
    document.execCommand = (_command, _ui, text = "") => Boolean((put = text));
    const event = { code: "KeyB", key: "b", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, preventDefault() {}, ...held }; // prettier-ignore
    return [formatByKey(/** @type {any} */ (event), /** @type {any} */ (area), mac), put];
  };
  assert.deepEqual(marks({ ctrlKey: true }, true), [false, ""]);
  assert.deepEqual(marks({ metaKey: true }, true), [true, "**слово**"]);
  assert.deepEqual(marks({ ctrlKey: true }, false), [true, "**слово**"]);
  assert.deepEqual(marks({ metaKey: true }, false), [true, "**слово**"]);
});
