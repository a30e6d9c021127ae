/** Where no link can be had, the session is fed by HTTP (protocol/session.js): the same log, the same outbox, no word twice. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Polling } from "../../renderer/link/polling.js";
import { newPage, settled } from "./page.js";
import { rowOf } from "../../renderer/protocol/row.js";
import { ClientSession } from "../../renderer/protocol/session.js";

const AT = "2026-11-25T10:00:00.000000Z";
const ME = { id: 1 };

/** @param {number} last @param {string | null} [at] */
const head = (last, at = null) => ({ chat_id: 5, first_seq: 1, last_seq: last, last_at: at, left_seq: null, read_seq: 0, delivered_seq: 0 }); // prettier-ignore
/** @param {number} seq @param {number} [sender] @param {string} [cid] @returns {any} */
const message = (seq, sender = 2, cid = `theirs-${seq}`) => ({ type: "message", chat_id: 5, seq, sender_id: sender, content: "x", created_at: AT, cid }); // prettier-ignore
/** @param {number} last */
const listed = (last, epoch = "e1") => ({ user: ME, epoch, chats: [head(last)] });

/** A session that lost its link before it had one, with a chat that is whole up to 2. */
function away() {
  const snapshot = { user_id: 1, epoch: "e1", chats: [{ chat_id: 5, first_seq: 1, applied: 2 }] };
  const session = new ClientSession({}, () => 0.5, snapshot);
  session.start("token", 0);
  session.lost(1, 1006, "", 10);
  session.outputs();
  return session;
}

/** @param {ClientSession} session @param {string} what @returns {any[]} */
const told = (session, what) => session.outputs().filter((output) => output.do === what);

test("what the list of chats tells is asked for, and the answer is applied", () => {
  const session = away();
  session.polled(listed(4));
  const [sync] = /** @type {any[]} */ (session.dueByHttp(20));
  assert.deepEqual([sync.type, sync.chat_id, sync.after_seq], ["sync", 5, 2]);
  assert.deepEqual(session.dueByHttp(21), [], "each is given once");
  /** @type {import("../../renderer/protocol/session.js").Answer} */
  const page = { type: "page", ref: sync.id, chat_id: 5, from_seq: 2, to_seq: 4, items: [message(3), message(4)], more: false, last_seq: 4, last_at: AT }; // prettier-ignore
  session.answeredByHttp(page, 30);
  assert.deepEqual(
    told(session, "apply").map(({ item }) => item.seq),
    [3, 4],
  );
});

test("a refused sync is asked again later, and on the link where one is had first", () => {
  const session = away();
  session.polled(listed(3));
  const [sync] = session.dueByHttp(20);
  session.answeredByHttp({ type: "error", ref: sync.id, chat_id: 5, code: "store_unavailable" }, 30);
  const syncs = (/** @type {number} */ at) => session.dueByHttp(at).filter(({ type }) => type === "sync").length;
  assert.equal(syncs(31), 0);
  assert.equal(syncs(30 + session.timing.retry), 1);
  session.polled(listed(3));
  assert.equal(syncs(2_000), 0, "it is on its way");
  session.leaveHttp();
  session.polled(listed(3));
  assert.equal(syncs(2_001), 1, "as if it had not been asked");
});

test("a change that was made takes its row away; of which seq it is HTTP does not say", () => {
  const session = away();
  session.polled(listed(2));
  session.send(rowOf({ cid: "mine", chat_id: 5, kind: "pin", seq: 1, target_at: AT, on: true }), 20, true);
  session.answeredByHttp({ type: "ack", cid: "mine", seq: null, created_at: null }, 30);
  assert.equal(session.outbox.entries.size, 0);
  assert.deepEqual(
    told(session, "sent").map(({ cid, seq }) => [cid, seq]),
    [["mine", null]],
  );
});

test("a message that was stored takes its row away; a final refusal fails it", () => {
  const session = away();
  session.send(rowOf({ cid: "mine", chat_id: 5, content: "x" }), 20);
  session.send(rowOf({ cid: "bad", chat_id: 5, content: "y" }), 20);
  for (const cid of ["mine", "bad"]) session.rowSaved(cid, 21);
  session.outputs();
  session.answeredByHttp(message(3, 1, "mine"), 30);
  const outputs = /** @type {any[]} */ (session.outputs());
  assert.deepEqual(
    outputs.filter(({ do: what }) => what === "sent").map(({ cid, seq }) => [cid, seq]),
    [["mine", 3]],
  );
  assert.equal(outputs.find(({ do: what }) => what === "apply")?.item.seq, 3);
  session.answeredByHttp({ type: "error", ref: "bad", chat_id: 5, code: "not_member", detail: "" }, 40);
  assert.deepEqual(
    told(session, "failed").map(({ cid, code }) => [cid, code]),
    [["bad", "not_member"]],
  );
  session.answeredByHttp(/** @type {any} */ ({ type: "weather" }), 50);
  assert.deepEqual(session.outputs(), [], "an unknown word changes nothing");
});

test("what was saved as surely unsent is saved anew before it is posted, and a change waits for its message", () => {
  const session = away();
  session.polled(listed(2));
  session.outputs();
  session.send(rowOf({ cid: "mine", chat_id: 5, content: "x", tried: false }), 20, true);
  assert.deepEqual(session.outputs(), []);
  assert.equal(session.rowByHttp(5), null);
  assert.equal(told(session, "save_row")[0].row.tried, true);
  assert.equal(session.rowByHttp(5), null, "as long as it is not durable");
  session.rowSaved("mine", 21);
  assert.equal(session.rowByHttp(5)?.cid, "mine");
  session.send(rowOf({ cid: "edit", chat_id: 5, kind: "edit", content: "y", of_cid: "mine" }), 22, true);
  session.answeredByHttp(message(3, 1, "mine"), 30);
  const [{ row }] = told(session, "save_row");
  assert.deepEqual([row.cid, row.seq, row.target_at, row.of_cid], ["edit", 3, AT, null]);
  session.rowSaved("edit", 31);
  assert.equal(session.rowByHttp(5)?.cid, "edit");
  assert.equal(session.rowByHttp(6), null);
});

test("another epoch, and a log that was replaced, take the rows' answers away", () => {
  for (const list of [listed(9, "e2"), { ...listed(1), chats: [head(1)] }]) {
    const session = away();
    session.send(rowOf({ cid: "reply", chat_id: 5, content: "x", reply_to: 2, target_at: AT }), 20);
    session.outputs();
    session.polled(list);
    const [{ row }] = told(session, "save_row");
    assert.deepEqual([row.reply_to, row.reply_lost], [null, true]);
  }
});

test("on a link nothing of it is done", () => {
  const session = away();
  session.handleTimer(60_000);
  session.connected(2, 60_001);
  session.outputs();
  session.polled(listed(9));
  session.leaveHttp();
  assert.deepEqual(session.dueByHttp(60_002), []);
  assert.equal(session.rowByHttp(5), null);
  assert.deepEqual(session.outputs(), []);
});

test("a message with files is posted when they are there, and names them", async () => {
  const { requestOf } = await import("../../renderer/link/polling.js");
  const session = away();
  session.polled(listed(2));
  const files = [{ local_id: "f1", name: "a.txt", size: 3, content_type: "", as_file: false, file_id: null }];
  session.send({ cid: "mine-1", chat_id: 5, content: "", attachments: ["F0"], files }, 20);
  const save = () => told(session, "save_row").forEach(({ row }) => session.rowSaved(row.cid, 21));
  save();
  assert.equal(session.rowByHttp(5), null);
  session.uploaded("f1", "F1", 22);
  save();
  assert.equal(session.rowByHttp(5), null, "saved anew first");
  save();
  const row = session.rowByHttp(5);
  assert.deepEqual(row && requestOf(row).body.attachments, ["F0", "F1"]);
  session.answeredByHttp({ type: "error", ref: "mine-1", code: "attachment_invalid" }, 23);
  assert.deepEqual(told(session, "upload").map(({ anew }) => anew), [true]); // prettier-ignore
});

test("a row that the server fails at five times is the user's to send again, and what is behind it goes on", async (at) => {
  newPage(() => ({}));
  const session = away();
  /** @type {string[]} */
  const posted = [];
  const list = { chats: [], users: [], epoch: "e1", next_cursor: null };
  const api = /** @type {any} */ ({
    get: async () => ({ ok: true, body: list }),
    async call(/** @type {string} */ _method, /** @type {string} */ _path, /** @type {any} */ { content }) {
      posted.push(content);
      return content === "hopeless" ? { ok: false, code: "internal" } : { ok: false, code: "store_unavailable" };
    },
  });
  const nothing = () => {};
  const input = (/** @type {any} */ feed) => feed(session, 30);
  const polling = new Polling({ api, session, userId: 1, input, listed: nothing, answered: nothing, silent: nothing });
  at.after(() => polling.stop());
  const again = async () => {
    polling.post();
    await settled();
  };
  for (const content of ["hopeless", "behind"]) {
    session.send(rowOf({ cid: content, chat_id: 5, content, tried: true }), 20, true);
  }
  polling.start();
  await settled();
  for (let round = 0; round < 3; round += 1) await again();
  assert.deepEqual([posted.length, told(session, "failed")], [4, []]);
  await again();
  assert.deepEqual(
    told(session, "failed").map(({ cid, code }) => [cid, code]),
    [["hopeless", "internal"]],
  );
  for (let round = 0; round < 10; round += 1) await again();
  assert.deepEqual([posted.filter((content) => content === "behind").length, told(session, "failed")], [11, []]);
});
