/** Which arrivals are told, loudly or silently, and the summary after a silence. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Attention } from "../../renderer/profile/attention.js";
import { Notices } from "../../renderer/state/notices.js";

/** @param {any} [rest] @returns {any} */
const state = (rest = {}) => ({
  current: null,
  link: { state: "live" },
  settings: { notifications: true, sounds: true },
  ...rest,
});
/** @param {number} id @param {any} [rest] @returns {any} */
const chat = (id, rest = {}) => ({ id, is_group: false, muted: false, ...rest });
/** @type {any} */
const message = { seq: 1, content: "x" };
const nobody = () => false;

test("not for a chat that somebody is looking at, a muted chat, or where it is switched off", () => {
  const notices = new Notices();
  assert.equal(notices.arrived(message, chat(5), state(), true, 0), null);
  assert.equal(notices.arrived(message, chat(5, { muted: true }), state(), false, 0), null);
  assert.equal(
    notices.arrived(message, chat(5), state({ settings: { notifications: false, sounds: true } }), false, 0),
    null,
  );
  assert.equal(notices.arrived(message, chat(5), state({ current: 5 }), false, 0)?.chat_id, 5);
});

test("a sound at most once in three seconds, never for a group, never when switched off", () => {
  const notices = new Notices();
  /** @param {number} now @param {any} [given] @param {any} [how] */
  const silent = (now, given = chat(5), how = state()) => notices.arrived(message, given, how, false, now)?.silent;
  assert.equal(silent(0, chat(5, { is_group: true })), true);
  assert.equal(silent(0, chat(5), state({ settings: { notifications: true, sounds: false } })), true);
  assert.deepEqual([silent(0), silent(2999), silent(3000), silent(5999)], [false, true, false, true]);
});

test("what was caught up is told once, in one summary", () => {
  const notices = new Notices();
  const resuming = state({ link: { state: "resuming" } });
  for (let n = 0; n < 12; n += 1) {
    assert.equal(notices.arrived({ ...message, seq: n }, chat(n % 3), resuming, false, n), null);
  }
  assert.deepEqual(notices.live(state(), nobody, 100), {
    chat_id: null,
    message: null,
    count: 12,
    chats: new Map([[0, 9], [1, 10], [2, 11]]), // prettier-ignore
    silent: true,
  });
  assert.equal(notices.live(state(), nobody, 100), null);
});

test("a single one that was caught up is told as itself, unless it is being looked at by now", () => {
  const notices = new Notices();
  const resuming = state({ link: { state: "connecting" } });
  notices.arrived(message, chat(5), resuming, false, 0);
  assert.equal(notices.live(state(), nobody, 0)?.chat_id, 5);
  notices.arrived(message, chat(5), resuming, false, 0);
  assert.equal(
    notices.live(state(), (id) => id === 5, 0),
    null,
  );
});

test("without a WebSocket arrivals are told as they come", () => {
  assert.equal(new Notices().arrived(message, chat(5), state({ link: { state: "polling" } }), false, 0)?.chat_id, 5);
});

test("where somebody looks is what the window with the focus told last, for a while", () => {
  const attention = new Attention();
  assert.equal(attention.isOn(5, 0), false);
  attention.told("one", 5, 0);
  assert.deepEqual([attention.isOn(5, 24_999), attention.isOn(5, 25_000), attention.isOn(6, 0)], [true, false, false]);
  attention.told("other", null, 1);
  assert.equal(attention.isOn(5, 2), true, "the other one had nothing to take back");
  attention.told("other", 6, 3);
  attention.told("one", null, 4);
  assert.deepEqual([attention.isOn(5, 5), attention.isOn(6, 5)], [false, true], "the focus went there before");
  assert.deepEqual([attention.of("one"), attention.of("other")], [null, 6]);
});
