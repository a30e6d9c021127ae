/** The small pure parts of the data layer. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { listed } from "../../renderer/state/chats.js";
import { contentProblem, withoutHalves } from "../../renderer/protocol/content.js";
import { deliveryOf } from "../../renderer/state/delivery.js";
import { MAX_MESSAGE, decoded, isItemPage } from "../../renderer/protocol/frames.js";
import { uuid7 } from "../../renderer/protocol/ids.js";
import { MANY, NOTHING_UNREAD, arrived, countOf, counted, readUpTo, removed } from "../../renderer/state/unread.js";
import { ServerChat, person } from "./world.js";

test("a cid is a UUIDv7 of its time", () => {
  const cid = uuid7(Date.UTC(2026, 0, 1), new Uint8Array(10).fill(0xff));
  assert.equal(cid, "019b76da-a800-7fff-bfff-ffffffffffff");
  assert.match(uuid7(-5, new Uint8Array(10)), /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(uuid7(1000, new Uint8Array(10)) < uuid7(1001, new Uint8Array(10)));
});

test("content is refused as the server would refuse it", () => {
  const limits = { content_code_points: 10, content_bytes: 30 };
  for (const [text, code] of /** @type {[string, string | null][]} */ ([
    ["", "empty_content"],
    [" \n\u200b\u2800", "empty_content"],
    ["a\0b", "bad_unicode"],
    ["a\tb\n", null],
    ["0123456789", null],
    ["0123456789a", "content_too_long"],
    ["😀😀😀😀😀😀😀", null],
    ["😀😀😀😀😀😀😀😀", "content_too_long"],
  ])) {
    assert.equal(contentProblem(text, limits), code, JSON.stringify(text));
  }
  assert.equal(withoutHalves("a\ud800b😀"), "a\ufffdb😀");
});

test("delivery goes by the others' watermarks", () => {
  const chat = { others_read_seq: 3, others_delivered_seq: 5 };
  assert.deepEqual([3, 5, 6].map((seq) => deliveryOf({ seq }, chat)), ["read", "delivered", "sent"]); // prettier-ignore
});

test("unread is the server's count and what was applied above it", () => {
  let unread = counted(NOTHING_UNREAD, { unread_count: 3, last_seq: 10, read_seq: 5 });
  unread = arrived(unread, 9);
  assert.equal(countOf(unread), 3, "9 is counted already");
  unread = arrived(arrived(unread, 11), 11);
  assert.equal(countOf(unread), 4);
  unread = removed(unread, 12, 7);
  assert.equal(countOf(unread), 3);
  assert.equal(countOf(removed(unread, 13, 4)), 3, "4 was read");
  assert.equal(countOf(counted(unread, { unread_count: 9, last_seq: 8, read_seq: 5 })), 3, "an older count");
  assert.equal(
    countOf(counted(unread, { unread_count: 9, last_seq: 12, read_seq: 4 })),
    3,
    "read here, not known there",
  );
  assert.equal(countOf(readUpTo(unread, 11, null)), 0);
  assert.equal(countOf(readUpTo(unread, 8, { left: 2, upto: 12 })), 2);
  assert.equal(countOf(readUpTo(unread, 8, { left: 1, upto: 9 })), 4, "a count that ends before the server's");
  assert.equal(countOf({ ...NOTHING_UNREAD, base: MANY, later: [{ seq: 3, takes: 2 }] }), MANY);
});

test("unread stays bounded", () => {
  let unread = NOTHING_UNREAD;
  for (let seq = 1; seq <= 5000; seq += 1) unread = arrived(unread, seq);
  assert.equal(countOf(unread), MANY);
  assert.ok(unread.later.length <= 2 * MANY);
});

test("the list is by the last message, else by the beginning, then by id; events do not move a chat", () => {
  /** @param {number} id @param {string | null} at @param {object} [more] */
  const chat = (id, at, more) => /** @type {any} */ ({
    id, hidden: false, created_at: "2026-01-01T00:00:00Z", last_message: at && { created_at: at }, ...more,
  }); // prettier-ignore
  const chats = [
    chat(1, "2026-01-02T00:00:00.000001Z"),
    chat(2, null),
    chat(3, "2026-01-02T00:00:00Z"),
    chat(4, null),
    chat(5, "2026-02-01T00:00:00Z", { hidden: true }),
    chat(6, null, { created_at: "2026-01-05T00:00:00Z", last_at: "2026-03-01T00:00:00Z" }),
  ];
  assert.deepEqual(listed(new Map(chats.map((one) => [one.id, one]))).map(({ id }) => id), [6, 1, 3, 4, 2]); // prettier-ignore
});

test("what a WebSocket says is taken only as the protocol has it", () => {
  const server = new ServerChat();
  server.send(2);
  const message = server.item(1);
  const head = server.head();
  const ready = { type: "ready", user: person(1), epoch: "e", limits: { inflight: 32 }, chats: [head] };
  const page = { type: "page", chat_id: 7, ref: "sync-1", more: false, last_at: null, ...server.page(0, 1) };
  for (const frame of [
    message,
    ready,
    page,
    { type: "news", anything: [] },
    { type: "chat", chat: server.chat() },
    { type: "pong", t: 1 },
  ]) {
    assert.deepEqual(decoded(JSON.stringify(frame)), [frame], frame.type);
    assert.deepEqual(decoded(JSON.stringify([frame, frame]))?.length, 2);
  }
  const bad = [
    "", "null", "7", '"x"', "{}", "<html>", "[[]]", '{"type": 5}', '{"type": "toString"', new ArrayBuffer(4), "[".repeat(100_000),
    { ...message, seq: "1" }, { ...message, seq: 1.5 }, { ...message, seq: -1 }, { ...message, content: {} }, { ...message, created_at: "soon" },
    { ...message, sender_id: null }, { ...message, reactions: [{ emoji: 1 }] }, { type: "hidden", seq: 1 },
    { ...ready, chats: null }, { ...ready, chats: [{ ...head, last_seq: null }] }, { ...ready, limits: null }, { ...ready, user: { id: 0 } },
    { ...page, items: [message, message] }, { ...page, items: [] }, { ...page, from_seq: 3 }, { ...page, users: [{}] },
    { type: "event", chat_id: 7, seq: 1, event: "member_added", actor_id: 1, created_at: message.created_at, data: {} },
    { type: "event", chat_id: 7, seq: 1, event: "edited", actor_id: 1, created_at: message.created_at, data: null },
    { type: "chat", chat: { id: 7 } }, { type: "ack", cid: 1, chat_id: 7, seq: 1 }, { type: "bye" }, { type: "marks", chat_id: 7 },
    Array(300).fill({ type: "pong" }), " ".repeat(MAX_MESSAGE + 1),
  ]; // prettier-ignore
  for (const one of bad) {
    const data = typeof one === "string" || one instanceof ArrayBuffer ? one : JSON.stringify(one);
    assert.equal(decoded(data), null, String(data).slice(0, 200));
  }
  assert.equal(isItemPage({ ...page, to_seq: 2 }), false);
});
