/** The row of a message on its way is drawn anew as its file moves. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { faceOf, valueAt, within } from "./face.js";
import { Log } from "../../renderer/ui/log/log.js";
import { guard } from "../../renderer/vendor/lit-html/directives/guard.js";

const CHAT = 7;
const GUARD = /** @type {any} */ (guard([], () => null))._$litDirective$;
const chat = { id: CHAT, unread_count: 0, read_seq: 0, last_seq: 0, left_seq: null };
const file = { local_id: "f1", name: "план.bin", size: 1000, file_id: null };
const echo = {
  cid: "c1", chat_id: CHAT, kind: "send", state: "queued", content: "вот", written_at: "2026-11-28T09:00:00Z", reply_to: null, files: [file], source: null, forward: null,
}; // prettier-ignore
const timeline = {
  chat_id: CHAT,
  items: [],
  echoes: [echo],
  at_start: true,
  at_end: true,
  loading: null,
  problem: null,
};

test("how far a file has come is seen as it moves, with nothing else in the log changed", () => {
  const { face } = faceOf({ keptPlace: () => null });
  const selecting = { of: () => null };
  const log = new Log(face, /** @type {any} */ (selecting));
  /** @param {Map<string, number | null>} progress what is on the server */
  const row = (progress) => {
    const state = { me: { id: 1 }, users: new Map(), limits: {}, timelines: new Map([[CHAT, timeline]]), removed: new Map(), progress };
    const drawn = log.template(/** @type {any} */ (state), /** @type {any} */ (chat), { now: new Date(0), query: "" });
    const [guarded] = [...within(drawn)].filter((one) => one._$litDirective$ === GUARD);
    return { needs: guarded.values[0], shown: valueAt(guarded.values[1](), /\.value=$/u) };
  }; // prettier-ignore
  /** Whether the second is drawn in place of the first. @param {any} one @param {any} other */
  const anew = ({ needs: one }, { needs: other }) => one.some((/** @type {any} */ need, /** @type {number} */ at) => need !== other[at]); // prettier-ignore
  const [none, half, still] = [new Map(), new Map([["f1", 500]]), new Map([["f1", 500]])].map(row);
  assert.deepEqual([none.shown, half.shown], [0, 500]);
  assert.equal(anew(none, half), true);
  assert.equal(anew(half, row(new Map([["f1", null]]))), true, "there is no link");
  assert.equal(anew(half, still), false);
});
