/** Switches that ask the server. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { faceOf, valueAt, within } from "./face.js";
import { promised, settled } from "./page.js";
import { hidingRows } from "../../renderer/ui/dialogs/settings/hiding.js";
import { loginLettersRow } from "../../renderer/ui/dialogs/settings/login-letters.js";

const state = /** @type {any} */ ({ me: { hide_last_seen: false, hide_reads: false, login_letters: true } });

/** Its first switch. @param {(face: any) => () => unknown} make */
function made(make) {
  const answer = promised();
  /** @type {object[]} */
  const asked = [];
  const changeProfile = (/** @type {object} */ change) => {
    asked.push(change);
    return answer.promise;
  };
  const { face } = faceOf({ changeProfile, serverInfo: async () => ({ ok: true, mail: true }) });
  const draw = make(face);
  return {
    asked,
    press: () => valueAt(draw(), /@change=$/u)({ currentTarget: { checked: true } }),
    look: () => {
      const row = [...within(draw())].find(({ strings }) => strings?.join("").includes(`role="switch"`));
      return [valueAt(row, /\?disabled=$/u), valueAt(row, /aria-disabled=$/u) === "true"];
    },
    come: async () => {
      answer.resolve({ ok: true });
      await settled();
    },
  };
}

test("letters about log-ins: a switch that waits for its answer asks nothing more, and keeps the focus", async () => {
  const { asked, press, look, come } = made((face) => {
    const row = loginLettersRow(face);
    void row.opened();
    return () => row.body(state);
  });
  await settled();
  press();
  assert.deepEqual(look(), [false, true], "whatever is disabled loses the focus");
  press();
  assert.equal(asked.length, 1);
  await come();
  assert.deepEqual(look(), [false, false]);
});

/** The switches of what one hides. @param {{ok: boolean, code?: string}[]} answers in their order */
function hiding(answers) {
  const waiting = answers.map(() => promised());
  /** @type {object[]} */
  const asked = [];
  const { face } = faceOf({ changeProfile: (/** @type {object} */ change) => waiting[asked.push(change) - 1].promise });
  const rows = hidingRows(face);
  const inputs = () => [...within(rows(state))].filter(({ strings }) => strings?.join("").includes(`role="switch"`));
  return {
    asked,
    press: (/** @type {number} */ place, /** @type {boolean} */ checked) =>
      valueAt(inputs()[place], /@change=$/u)({ currentTarget: { checked } }),
    shown: () => inputs().map((row) => valueAt(row, /\.checked=$/u).values[0]),
    answer: async (/** @type {number} */ place) => {
      waiting[place].resolve(answers[place]);
      await settled();
    },
  };
}

test("what is hidden while another switch is being stored is stored next", async () => {
  const { asked, press, shown, answer } = hiding([{ ok: true }, { ok: true }]);
  press(0, true);
  press(1, true);
  assert.deepEqual(shown(), [true, true]);
  assert.deepEqual(asked, [{ hide_last_seen: true }]);
  await answer(0);
  assert.deepEqual(asked[1], { hide_reads: true });
  await answer(1);
  assert.equal(asked.length, 2);
});

test("a switch that is put back while it is being stored is stored as it is at last", async () => {
  const { asked, press, shown, answer } = hiding([{ ok: true }, { ok: true }]);
  press(0, true);
  press(0, false);
  await answer(0);
  assert.deepEqual(asked, [{ hide_last_seen: true }, { hide_last_seen: false }]);
  assert.deepEqual(shown(), [false, false]);
});

test("switches that the server refuses go back", async () => {
  const { asked, press, shown, answer } = hiding([{ ok: false, code: "internal" }]);
  press(0, true);
  press(1, true);
  await answer(0);
  assert.equal(asked.length, 1);
  assert.deepEqual(shown(), [false, false]);
});
