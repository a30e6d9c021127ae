/** A mark in a list stays with what it is on while the list changes: Enter takes what was seen to be marked. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { faceOf, valueAt, within } from "./face.js";
import { createOverlays } from "../../renderer/ui/overlays.js";

/** @param {number} id @param {string} name */
const person = (id, name) => ({ id, username: `person${id}`, display_name: name, avatar_url: null });
/** @param {number} id @param {number} minute of its last message */
const chat = (id, minute) => ({
  id,
  title: `Чат ${id}`,
  is_group: true,
  created_at: "2026-11-28T09:00:00Z",
  last_message: { created_at: `2026-11-28T10:0${minute}:00Z` },
});
const state = /** @type {any} */ ({ current: null, me: person(1, "Вера"), link: { state: "live" } });

/** A dialog that is open, and keys that are pressed in its field. @param {string} name */
function opened(name) {
  /** @type {number[]} */
  const wrote = [];
  const openDirect = async (/** @type {number} */ id) => ({ ok: wrote.push(id) === 0, code: "internal" });
  const { face, went } = faceOf({ state: () => state, openDirect });
  face.overlays = createOverlays(face);
  face.overlays.open(name);
  const draw = () => [...within(face.overlays.template(state))];
  const press = (/** @type {string} */ key) => {
    const field = draw().find(({ strings }) => strings?.join("").includes("aria-activedescendant="));
    valueAt(field, /@keydown=$/u)({ key, preventDefault: () => {} });
  };
  return { draw, press, went, wrote };
}

test("in the quick switcher, where a message brings another chat to the top", () => {
  for (const [keys, expected] of /** @type {const} */ ([
    [["Enter"], "chat 8"],
    [["ArrowDown", "Enter"], "chat 7"],
  ])) {
    state.users = new Map();
    state.chats = new Map([7, 8, 9].map((id) => [id, chat(id, { 7: 2, 8: 3, 9: 1 }[id] ?? 0)]));
    const { draw, press, went } = opened("switcher");
    draw();
    if (keys.length === 2) press("ArrowDown");
    state.chats = new Map([...state.chats, [9, chat(9, 5)]]);
    draw();
    press("Enter");
    assert.deepEqual(went, [expected]);
  }
});

test("in a new chat, where somebody comes who stands before", () => {
  state.chats = new Map();
  state.users = new Map([[3, person(3, "Борис")], [4, person(4, "Глеб")]]);
  const { draw, press, wrote } = opened("new-chat");
  draw();
  press("ArrowDown"); // after the saved messages
  state.users = new Map([...state.users, [5, person(5, "Анна")]]);
  draw();
  press("Enter");
  assert.deepEqual(wrote, [3]);
}); // prettier-ignore
