/** Messages that are changed or deleted before the server has acknowledged them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { NOTHING, newRow } from "../../renderer/protocol/commands.js";
import { ClientSession } from "../../renderer/protocol/session.js";
import { memoryStore } from "../../renderer/store/memory.js";
import { requestOf } from "../../renderer/link/polling.js";
import { Unsent } from "../../renderer/profile/unsent.js";

const AT = "2026-11-25T10:00:00.000000Z";
const ready = { type: "ready", user: { id: 1 }, epoch: "e1", limits: { inflight: 32 }, chats: [{ chat_id: 5, first_seq: 1, last_seq: 0, last_at: null, left_seq: null, read_seq: 0, delivered_seq: 0 }] }; // prettier-ignore
/** Where a page keeps what is to survive its reload. */
const storage = () => {
  /** @type {Map<string, string>} */
  const kept = new Map();
  return /** @type {any} */ ({
    getItem: (/** @type {string} */ name) => kept.get(name) ?? null,
    setItem: (/** @type {string} */ name, /** @type {string} */ value) => void kept.set(name, value),
    removeItem: (/** @type {string} */ name) => void kept.delete(name),
  });
};

/** A session with a message that waits. @param {import("../../renderer/store/db.js").Kept[]} [earlier] */
async function writing(earlier = []) {
  globalThis.sessionStorage = storage();
  const db = memoryStore("unsent");
  const rows = earlier.map(({ state: _state, ...row }) => row);
  const session = new ClientSession({}, () => 0.5, { user_id: 1, epoch: "e1", chats: [], rows });
  /** @type {any[]} */
  const published = [];
  /** @type {Unsent} */
  const unsent = new Unsent(
    {
      session,
      db,
      publish: (updates) => published.push(...updates),
      input: (feed) => feed(session, 10),
      hurry: () => {},
    },
    earlier,
  );
  const row = newRow({ ...NOTHING, chat_id: 5, content: "first" }, 0, new Uint8Array(10));
  await db.addRow(row);
  session.send(row, 0, true);
  session.outputs();
  /** What goes out on a link. */
  const link = () => {
    session.start("token", 20);
    session.connected(1, 21);
    session.receive(1, [ready], 22);
    return sent();
  };
  const sent = () => {
    const frames = session.outputs().filter((output) => output.do === "send");
    return frames.map(({ frame }) => frame).filter(({ type }) => ["send", "edit", "delete"].includes(type));
  };
  /** @param {object[]} frames */
  const hear = async (frames) => {
    session.receive(1, frames, 30);
    const outputs = session.outputs();
    await db.save(outputs);
    unsent.noticed(/** @type {any} */ (outputs));
    await new Promise((resolve) => setImmediate(resolve));
    const frame = [...outputs, ...session.outputs()].filter((output) => output.do === "send").map((one) => one.frame);
    return frame.filter(({ type }) => ["edit", "delete"].includes(type));
  };
  return { db, session, unsent, row, published, link, hear };
}

test("one that was never on the way goes out with its last text, once", async () => {
  const { db, unsent, row, published, link } = await writing();
  assert.deepEqual(await unsent.change(5, row.cid, { content: "second" }), { ok: true });
  assert.deepEqual(published, [{ do: "amended", cid: row.cid, chat_id: 5, then: { content: "second" } }]);
  assert.equal((await db.load()).rows.at(-1)?.content, "second");
  assert.deepEqual(
    link().map(({ type, content }) => [type, content]),
    [["send", "second"]],
  );
});

test("one that was never on the way leaves when it is deleted", async () => {
  const { db, unsent, row, published, link } = await writing();
  await unsent.change(5, row.cid, { remove: true });
  assert.deepEqual(published, [{ do: "discarded", cid: row.cid, chat_id: 5 }]);
  assert.deepEqual(link(), []);
  assert.ok(!(await db.load()).rows.some(({ cid }) => cid === row.cid));
});

test("of one that the server may have, the bytes stay, and the change follows the ack", async () => {
  for (const [then, expected] of /** @type {const} */ ([
    [{ content: "second" }, ["edit", "second"]],
    [{ remove: true }, ["delete", undefined]],
  ])) {
    const { db, unsent, row, link, hear } = await writing();
    assert.equal(link()[0].content, "first");
    await unsent.change(5, row.cid, then);
    const { cid, ...kept } = (await db.load()).rows.at(-1)?.then ?? {};
    assert.deepEqual(kept, then, "it survives the end of the app");
    assert.equal(await unsent.cancel(row.cid), false);
    const frames = await hear([{ type: "ack", cid: row.cid, chat_id: 5, seq: 1, created_at: AT, dup: false }]);
    const rows = (await db.load()).rows.map((one) => [one.cid, one.kind, one.seq, one.target_at, one.then]);
    assert.deepEqual(rows, [[cid, expected[0], 1, AT, undefined]], "and takes the place of the message at once");
    assert.deepEqual(
      frames.map(({ type, seq, target_at, content }) => [type, seq, target_at, content]),
      [[expected[0], 1, AT, expected[1]]],
    );
  }
});

test("what an earlier life may have sent is not changed either, and its change is not forgotten", async () => {
  const row = newRow({ ...NOTHING, chat_id: 5, content: "old" }, 1, new Uint8Array(10).fill(1));
  const { unsent, session, link, hear } = await writing([{ ...row, then: { content: "new", cid: "change" } }]);
  assert.equal(await unsent.cancel(row.cid), false);
  assert.equal(session.outbox.entries.get(row.cid)?.row.content, "old");
  assert.equal(link()[0].content, "old");
  const [edit] = await hear([{ type: "ack", cid: row.cid, chat_id: 5, seq: 1, created_at: AT, dup: true }]);
  assert.deepEqual([edit.type, edit.content], ["edit", "new"]);
});

test("a refused one keeps the new text, for another try", async () => {
  const { db, unsent, row, link, hear } = await writing();
  link();
  await unsent.change(5, row.cid, { content: "second" });
  await hear([{ type: "error", ref: row.cid, code: "content_too_long", retryable: false, detail: "" }]);
  assert.equal((await db.load()).rows.at(-1)?.content, "second");
});

test("each kind of row has its request over HTTP", () => {
  const about = { ...NOTHING, chat_id: 5, seq: 3, target_at: AT };
  /** @param {object} command */
  const request = (command) => {
    const row = newRow(/** @type {any} */ ({ ...about, ...command }), 0, new Uint8Array(10));
    const { method, path, body, headers } = requestOf(row);
    assert.equal(headers?.["Idempotency-Key"] ?? body.cid, row.cid);
    return [method, path.replace("?target_at=2026-11-25T10%3A00%3A00.000000Z", "?at"), body?.content];
  };
  assert.deepEqual(request({ kind: "send", seq: null, content: "x" }), ["POST", "/api/chats/5/messages", "x"]);
  assert.deepEqual(request({ kind: "edit", content: "x" }), ["PATCH", "/api/chats/5/messages/3?at", "x"]);
  assert.deepEqual(request({ kind: "delete" }), ["DELETE", "/api/chats/5/messages/3?at", undefined]);
  const thumb = "/api/chats/5/messages/3/reactions/%F0%9F%91%8D?at";
  assert.deepEqual(request({ kind: "react", emoji: "👍", on: true }), ["PUT", thumb, undefined]);
  assert.deepEqual(request({ kind: "react", emoji: "👍", on: false }), ["DELETE", thumb, undefined]);
  assert.deepEqual(request({ kind: "pin", on: false }), ["DELETE", "/api/chats/5/messages/3/pin?at", undefined]);
});
