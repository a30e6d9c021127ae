/** What of a chat is told: muted for a while, mentions, nothing. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { described, withHead, withItem, withMarks, withRead } from "../../renderer/state/chats.js";
import { emptyModel, isOver, reduce } from "../../renderer/state/model.js";
import { isMuted, isToTell, mentionsMe, mutings } from "../../renderer/state/muting.js";
import { ME, ServerChat } from "./world.js";

const NOW = Date.UTC(2026, 10, 28, 12);
const later = "2026-11-28T13:00:00.000000Z";
/** @param {object} given @returns {any} */
const chat = (given) => ({ muted: false, muted_until: null, notify: "all", ...given });
/** @param {object} given @returns {any} */
const message = (given = {}) => ({ sender_id: 2, ...given });

test("a mute ends by itself where it has an end", () => {
  assert.equal(isMuted(chat({ muted: true }), NOW), true);
  assert.equal(isMuted(chat({ muted: true, muted_until: later }), NOW), true);
  assert.equal(isMuted(chat({ muted: true, muted_until: later }), Date.parse(later)), false);
  assert.equal(isMuted(chat({ muted_until: later }), NOW), false);
});

test("a mention is told from a muted chat too, and nothing where nothing is wished", () => {
  const named = message({ mentions: [ME] });
  for (const [given, one, expected] of /** @type {const} */ ([
    [{}, message(), true],
    [{ muted: true }, message(), false],
    [{ muted: true }, named, true],
    [{ muted: true }, message({ mentions_all: true }), true],
    [{ notify: "mentions" }, message(), false],
    [{ notify: "mentions" }, named, true],
    [{ notify: "none" }, named, false],
  ])) {
    assert.equal(isToTell(chat(given), one, ME, NOW), expected, JSON.stringify([given, one]));
  }
  assert.equal(mentionsMe(message({ sender_id: ME, mentions: [ME] }), ME), false);
});

test("what is unread counts again from the moment in which a mute ends, without any news", () => {
  const server = new ServerChat();
  server.send(2);
  const told = { ...server.chat(), unread_count: 1, muted: true, muted_until: later };
  let model = reduce(emptyModel(), [{ do: "chats", chats: [told], users: [] }], NOW);
  assert.deepEqual([model.unread, isOver(model, NOW)], [0, false]);
  assert.equal(reduce(model, [{ do: "tick" }], NOW + 1), model, "nothing ends before");
  const end = Date.parse(later);
  assert.equal(isOver(model, end), true);
  model = reduce(model, [{ do: "tick" }], end);
  assert.deepEqual([model.unread, isOver(model, end)], [1, false]);
});

test("the choices are an hour, eight, tomorrow morning and for ever", () => {
  const [hour, hours, tomorrow, ever] = mutings(new Date(NOW)).map(({ until }) => until);
  assert.deepEqual([hour, hours, ever], ["2026-11-28T13:00:00.000Z", "2026-11-28T20:00:00.000Z", null]);
  assert.equal(new Date(tomorrow ?? 0).getHours(), 8);
  assert.ok(Date.parse(tomorrow ?? "") > NOW);
});

test("mentions are counted as unread ones are: by the server, then by the log", () => {
  const server = new ServerChat();
  server.send(2);
  let known = described(undefined, { ...server.chat(), unread_count: 1, mention_count: 1 });
  assert.equal(known.mention_count, 1);
  const second = server.send(2);
  known = withItem(known, { ...server.item(second), mentions: [ME] }, ME);
  const third = server.send(2);
  known = withItem(known, server.item(third), ME);
  assert.deepEqual([known.unread_count, known.mention_count], [3, 2]);
  const deleted = { type: /** @type {const} */ ("event"), chat_id: 7, seq: 4, event: "deleted", actor_id: 2, created_at: later, target_seq: second, data: { rev: 2, sender_id: 2 } }; // prettier-ignore
  known = withItem(known, deleted, ME);
  assert.deepEqual([known.unread_count, known.mention_count], [2, 1]);
  const marks = {
    chat_id: 7,
    user_id: ME,
    read_seq: 1,
    delivered_seq: 4,
    unread_count: 1,
    mention_count: 0,
    last_seq: 4,
  };
  assert.equal(withMarks(known, marks, ME).mention_count, 0);
  assert.equal(withRead(known, 3, null).mention_count, 0);
  assert.equal(withHead(known, { ...server.head(), last_seq: 4, unread_count: 2, mention_count: 2 }).mention_count, 2);
});
