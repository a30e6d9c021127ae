/** What lies over a chat when one goes to another. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { faceOf, valueAt, within } from "./face.js";
import { settled } from "./page.js";
import { createOverlays } from "../../renderer/ui/overlays.js";

const me = { id: 1, username: "anna", display_name: "Анна", avatar_url: null, email: null };
const state = /** @type {any} */ ({
  me,
  settings: {},
  server: { url: "https://chat.example.org" },
  users: new Map(),
  chats: new Map(),
});

function opened() {
  const messenger = { state: () => state, reloadMe: () => {}, serverInfo: async () => ({ ok: false, code: "internal" }) };
  const { face } = faceOf(messenger);
  face.overlays = createOverlays(face);
  return face.overlays;
} // prettier-ignore

/** The classes of the dialogs that are open. @param {any} overlays */
const kinds = (overlays) =>
  [...within(overlays.template(state))].flatMap(({ strings, values }) =>
    strings?.[0].includes("<dialog") ? [values[0]] : [],
  );

test("all that is open makes way, and a question is answered with no", async () => {
  const overlays = opened();
  overlays.open("settings");
  /** @type {boolean[]} */
  const answers = [];
  overlays.confirm({ title: "Удалить?", act: "Удалить" }).then((/** @type {boolean} */ yes) => answers.push(yes));
  assert.deepEqual(kinds(overlays), ["dialog--settings", "dialog--confirm"]);
  overlays.makeWay();
  await settled();
  assert.deepEqual([kinds(overlays), overlays.busy(), answers], [[], false, [false]]);
});

test("nothing that was open or said is there for who comes next", (context) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  context.after(() => mock.timers.reset());
  const overlays = opened();
  const words = () => JSON.stringify([...within(overlays.template(state))].map(({ values }) => values));
  overlays.toast({ text: "Чат «Маяк» скрыт", action: "Отменить" });
  overlays.toast({ text: "Скопировано" });
  overlays.say("Изменено");
  overlays.open("shortcuts");
  assert.match(words(), /Маяк.*Скопировано.*Изменено/u);
  overlays.closeAll();
  assert.doesNotMatch(words(), /Маяк|Скопировано|Изменено/u);
  assert.equal(overlays.busy(), false);
});

test("what is said aloud is said within the dialog that is open, once", () => {
  const overlays = opened();
  /** In the page, after those of dialogs. */
  const said = () =>
    [...within(overlays.template(state))].flatMap(({ strings, values }) =>
      strings?.[0].includes("data-said") ? [values[0]] : [],
    );
  overlays.say("Изменено");
  assert.deepEqual(said(), ["Изменено"]);
  overlays.open("shortcuts");
  assert.deepEqual(said(), ["", "Изменено"], "it is not said again");
  overlays.say("2 из 3");
  overlays.open("settings");
  assert.deepEqual(said(), ["2 из 3", "", ""]);
  overlays.say("2 из 3");
  assert.deepEqual(said(), ["", "2 из 3", ""]);
  overlays.closeTop();
  overlays.say("2 из 3");
  assert.deepEqual(said(), ["2 из 3", ""]);
  overlays.say("2 из 3");
  assert.deepEqual(said(), ["2 из 3\u200b", ""]);
});

test("but for what is typed and not saved", async () => {
  const overlays = opened();
  overlays.open("settings");
  valueAt(overlays.template(state), /@input=$/u)({ currentTarget: { value: "Иначе" } });
  overlays.open("shortcuts");
  const answer = overlays.confirm({ title: "Выйти?", act: "Выйти" });
  overlays.makeWay();
  assert.deepEqual([kinds(overlays), await answer], [["dialog--settings"], false]);
});
