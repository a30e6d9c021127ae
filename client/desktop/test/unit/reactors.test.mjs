/** All who reacted to a message, out of the log after it, and whom a list of them names. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { chatActions } from "../../renderer/profile/chat-requests.js";
import { namedUnder, readOn, unread } from "../../renderer/state/reactors.js";

/** @typedef {import("../../renderer/types.js").Item} Item */

const SEQ = 5;
const ME = 1;

/** An entry about a message. @param {number} seq @param {"reaction_added" | "reaction_removed"} event @param {number} actor_id
 * @param {string} [emoji] @param {number} [target_seq] @returns {Item} */
const entry = (seq, event, actor_id, emoji = "👍", target_seq = SEQ) => ({
  ...{ type: "event", seq, event, actor_id, target_seq, chat_id: 7, created_at: "2026-11-30T12:00:00Z" },
  data: emoji === "" ? {} : { emoji },
});

/** @param {import("../../renderer/state/reactors.js").Reactors} known */
const given = ({ given: all }) => Object.fromEntries([...all].map(([emoji, ids]) => [emoji, [...ids]]));

test("who reacted stands in the order of time, without those who took it back", () => {
  const first = [
    entry(6, "reaction_added", 2),
    entry(7, "reaction_added", 3),
    entry(8, "reaction_added", 2, "🔥"),
    entry(9, "reaction_added", 4, "👍", 4), // to another message
    entry(10, "reaction_removed", 2),
    entry(11, "reaction_added", 9, ""), // of one that was deleted since
  ];
  const known = readOn(unread(SEQ), SEQ, first, { upto: 11, whole: false });
  assert.deepEqual(given(known), { "👍": [3], "🔥": [2] });
  const more = [entry(12, "reaction_added", 2), entry(13, "reaction_removed", 2, "🔥")];
  const whole = readOn(known, SEQ, more, { upto: 13, whole: true });
  assert.deepEqual(given(whole), { "👍": [3, 2], "🔥": [] });
  assert.deepEqual(given(known), { "👍": [3], "🔥": [2] }, "what was known stays as it was");
});

test("the message's own names count until all are known; one's own is as the message has it", () => {
  const items = [2, 3, 4, 5, ME].map((id, at) => entry(6 + at, "reaction_added", id));
  const part = readOn(unread(SEQ), SEQ, items.slice(0, 3), { upto: 8, whole: false });
  const whole = readOn(part, SEQ, items.slice(3), { upto: 10, whole: true });
  const of = (/** @type {number[]} */ ...user_ids) => ({ emoji: "👍", count: 5, user_ids });
  assert.deepEqual(namedUnder(of(2, 3, ME), part, ME, 100), [2, 3, ME]);
  assert.deepEqual(namedUnder(of(2, 3, ME), whole, ME, 100), [2, 3, 4, 5, ME]);
  assert.deepEqual(namedUnder(of(2, 3), whole, ME, 100), [2, 3, 4, 5], "it is being taken away");
  assert.deepEqual(namedUnder({ emoji: "🔥", count: 1, user_ids: [ME] }, whole, ME, 100), [ME], "it is being given");
  assert.deepEqual(namedUnder(of(2, 3, ME), whole, ME, 2), [2, 3, ME], "bounded, but for one's own");
});

/** The log of a server, in pages of two entries. @param {Item[]} items the first of them behind the message
 * @param {number} [broken] the request that is not answered: 1, 2, ... */
function serverWith(items, broken = 0) {
  /** @type {string[]} */
  const asked = [];
  const get = async (/** @type {string} */ path) => {
    asked.push(path);
    if (asked.length === broken) return { ok: false, code: "no_connection" };
    const after = Number(/after_seq=(\d+)/u.exec(path)?.[1]);
    const page = items.filter(({ seq }) => seq > after).slice(0, 2);
    const to_seq = after + page.length;
    const last_seq = SEQ + items.length;
    const body = { items: page, users: [], from_seq: after, to_seq, last_seq, has_more: to_seq < last_seq, epoch: "e" };
    return { ok: true, body };
  };
  const actions = chatActions(
    () => /** @type {any} */ ({ get }),
    () => {},
    () => undefined,
  );
  return { asked, actions };
}

test("the log is read to its end, page after page, and from there on the next time", async () => {
  const items = [2, 3, 4].map((id, at) => entry(6 + at, "reaction_added", id));
  const { asked, actions } = serverWith(items);
  const first = await actions.reactors(7, SEQ, unread(SEQ));
  assert.ok(first.ok);
  assert.deepEqual([given(first.reactors), first.reactors.whole], [{ "👍": [2, 3, 4] }, true]);
  assert.equal(asked.length, 2);
  items.push(entry(9, "reaction_removed", 3));
  const next = await actions.reactors(7, SEQ, first.reactors);
  assert.ok(next.ok);
  assert.deepEqual(given(next.reactors), { "👍": [2, 4] });
  assert.deepEqual(asked.slice(2), ["/api/chats/7/messages?after_seq=8&limit=200"]);
});

test("of a long log some pages are read at one go, and the rest when it is asked for again", async () => {
  const items = Array.from({ length: 50 }, (_, at) => entry(6 + at, "reaction_added", 2 + at));
  const { asked, actions } = serverWith(items);
  const first = await actions.reactors(7, SEQ, unread(SEQ));
  assert.ok(first.ok);
  assert.deepEqual([asked.length, first.reactors.upto, first.reactors.whole], [20, 45, false]);
  const next = await actions.reactors(7, SEQ, first.reactors);
  assert.ok(next.ok);
  assert.deepEqual([asked.length, next.reactors.whole], [25, true]);
  assert.equal(next.reactors.given.get("👍")?.size, 50);
});

test("where a page does not come, those before it count, and the next press goes on from there", async () => {
  const items = Array.from({ length: 6 }, (_, at) => entry(6 + at, "reaction_added", 2 + at));
  const { asked, actions } = serverWith(items, 3);
  const first = await actions.reactors(7, SEQ, unread(SEQ));
  assert.ok(first.ok);
  assert.deepEqual([first.reactors.upto, first.reactors.whole], [9, false]);
  const next = await actions.reactors(7, SEQ, first.reactors);
  assert.ok(next.ok);
  assert.deepEqual([asked.length, next.reactors.whole, next.reactors.given.get("👍")?.size], [4, true, 6]);
  const { actions: away } = serverWith(items, 1);
  assert.deepEqual(await away.reactors(7, SEQ, unread(SEQ)), { ok: false, code: "no_connection" });
});
