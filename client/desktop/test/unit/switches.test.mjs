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

const ROWS = {
  /** @param {any} face */
  hiding(face) {
    const rows = hidingRows(face);
    return () => rows(state);
  },
  /** @param {any} face */
  "letters about log-ins"(face) {
    const row = loginLettersRow(face);
    void row.opened();
    return () => row.body(state);
  },
};
for (const [name, make] of Object.entries(ROWS)) {
  test(`${name}: a switch that waits for its answer asks nothing more, and keeps the focus`, async () => {
    const { asked, press, look, come } = made(make);
    await settled();
    press();
    assert.deepEqual(look(), [false, true], "whatever is disabled loses the focus");
    press();
    assert.equal(asked.length, 1);
    await come();
    assert.deepEqual(look(), [false, false]);
  });
}
