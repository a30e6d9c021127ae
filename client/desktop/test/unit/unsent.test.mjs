/**
 * What is done to messages that the server has not acknowledged: rows that name them by their cid, from the store through
 * the session and back into the store and the model of two windows.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { NOTHING, echoOf, newRow } from "../../renderer/protocol/commands.js";
import { ClientSession } from "../../renderer/protocol/session.js";
import { shownAtEnd, shownItems } from "../../renderer/state/changes.js";
import { emptyModel, reduce } from "../../renderer/state/model.js";
import { memoryStore } from "../../renderer/store/memory.js";
import { requestOf } from "../../renderer/link/polling.js";
import { ME, ServerChat, at as AT, person } from "./world.js";

/** @typedef {import("../../renderer/store/db.js").Kept} Kept
 * @typedef {import("../../renderer/protocol/commands.js").Command} Command */

const CHAT = 7;
const head = { chat_id: CHAT, first_seq: 1, last_seq: 0, last_at: null, left_seq: null, read_seq: 0, delivered_seq: 0 };
/** @type {any} */
const ready = { type: "ready", user: { id: ME }, epoch: "e1", limits: { inflight: 32 }, chats: [head] };
/** What windows are told, as link/ws.js does. */
const TOLD = ["sent", "failed", "merged", "save_row", "apply"];

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

/** A window that owns a session, as profile/owner.js and profile/outgoing.js put them together. */
class Window {
  static #number = 0;
  #link = 0;
  #linked = false;

  /** @param {Kept[]} rows */
  constructor(rows) {
    this.db = memoryStore("unsent");
    const queued = rows.filter(({ state }) => state === "queued");
    this.session = new ClientSession({}, () => 0.5, { user_id: ME, epoch: "e1", chats: [], rows: queued });
    /** @type {import("../../renderer/types.js").Update} */
    const me = { do: "set", values: { me: person(ME), phase: "signed_in" } };
    /** @type {import("../../renderer/types.js").Update} */
    const chats = { do: "chats", chats: [new ServerChat().chat()], users: [] };
    this.model = reduce(emptyModel(), [me, chats, { do: "open", chat_id: CHAT }], 0);
    this.tell(rows.map((row) => ({ do: "echo", echo: echoOf(row) })));
    const whole = { items: [], from_seq: 0, to_seq: 0 };
    this.tell([{ do: "page", chat_id: CHAT, page: whole }]);
  }

  /** A start with what an earlier life has kept. */
  static async again() {
    return new Window((await memoryStore("unsent").load()).rows);
  }

  /** @param {any[]} updates */
  tell(updates) {
    this.model = reduce(this.model, updates, 0);
    this.db.noticed(updates);
  }

  /** What the session asks for is done; what goes out is answered. @returns {Promise<any[]>} */
  async perform() {
    const sent = [];
    for (let outputs = this.session.outputs(); outputs.length; outputs = this.session.outputs()) {
      await this.db.save(outputs);
      for (const output of outputs) {
        if (output.do === "save_row") this.session.rowSaved(output.row.cid, 50);
        if (output.do === "send") sent.push(output.frame);
      }
      this.tell(outputs.filter((output) => TOLD.includes(output.do)));
    }
    return sent.filter(({ type }) => ["send", "edit", "delete", "react", "pin"].includes(type));
  }

  /** @param {Partial<Command>} command */
  async put(command) {
    Window.#number += 1;
    const random = new Uint8Array(10).fill(Window.#number);
    const row = newRow({ ...NOTHING, ...command, chat_id: CHAT }, this.#linked, Window.#number, random);
    await this.db.addRow(row);
    this.tell([{ do: "echo", echo: echoOf(row) }]);
    this.session.send(row, 10, true);
    return row;
  }

  async link() {
    this.#linked = true;
    this.#link += 1;
    if (this.#link === 1) this.session.start("token", 20);
    else this.session.networkUp(20);
    this.session.connected(this.session.link, 21);
    this.session.receive(this.session.link, [ready], 22);
    return this.perform();
  }

  /** @param {any[]} frames */
  async hear(...frames) {
    this.session.receive(this.session.link, frames, 30);
    return this.perform();
  }

  /** What stands at the end of the log. */
  get end() {
    const list = this.model.echoes.lists.get(CHAT) ?? [];
    return shownAtEnd(list).map(({ content, state }) => (state === "failed" ? `${content}!` : content));
  }

  async rows() {
    return (await this.db.load()).rows;
  }
}

/** A window with a message that waits, without a link. */
async function writing() {
  globalThis.sessionStorage = storage();
  const window = new Window([]);
  const row = await window.put({ content: "first" });
  await window.perform();
  return { window, row };
}

/** @param {Kept} row @param {number} [seq] */
const ack = ({ cid }, seq = 1) => ({ type: "ack", cid, chat_id: CHAT, seq, created_at: AT(seq), dup: false });

test("one that was never on the way goes out with its last text, once", async () => {
  const { window, row } = await writing();
  await window.put({ kind: "edit", of_cid: row.cid, content: "second" });
  assert.deepEqual(window.end, ["second"], "shown as soon as it is durable");
  await window.perform();
  assert.deepEqual(window.end, ["second"]);
  assert.deepEqual(
    (await window.rows()).map(({ cid, content }) => [cid, content]),
    [[row.cid, "second"]],
  );
  const sent = await window.link();
  assert.deepEqual(
    sent.map(({ type, cid, content }) => [type, cid, content]),
    [["send", row.cid, "second"]],
  );
});

test("one that was never on the way leaves when it is deleted, in this life or in the next", async () => {
  const { window, row } = await writing();
  await window.put({ kind: "delete", of_cid: row.cid });
  assert.deepEqual(window.end, []);
  const next = await Window.again(); // killed before the session heard of it
  assert.deepEqual(next.end, []);
  await next.put({ content: "other" });
  assert.deepEqual(
    (await next.link()).map(({ content }) => content),
    ["other"],
  );
  await window.perform();
  assert.deepEqual(window.model.echoes.lists.get(CHAT), []);
  assert.deepEqual(await window.link(), []);
});

test("what was saved without a link may be changed after a kill, what a link may have carried may not", async () => {
  for (const [linked, expected] of /** @type {const} */ ([
    [false, [["send", "second"]]],
    [true, [["send", "first"], ["edit", "second"]]], // prettier-ignore
  ])) {
    const { window, row } = await writing();
    if (linked) await window.link();
    const next = await Window.again();
    await next.put({ kind: "edit", of_cid: row.cid, content: "second" });
    await next.perform();
    assert.deepEqual(next.end, ["second"]);
    const frames = await next.link();
    frames.push(...(await next.hear(ack(row))));
    const said = frames.map(({ type, content }) => [type, content]);
    assert.deepEqual(said, expected, String(linked));
  }
});

test("of one that the server may have, the bytes stay, and the change follows the ack", async () => {
  for (const [kind, content] of /** @type {const} */ ([
    ["edit", "second"],
    ["delete", ""],
  ])) {
    // prettier-ignore
    const { window, row } = await writing();
    assert.equal((await window.link())[0].content, "first");
    const change = await window.put({ kind, content, of_cid: row.cid });
    const end = kind === "edit" ? ["second"] : [];
    assert.deepEqual(window.end, end);
    assert.deepEqual((await Window.again()).end, end, "it survives the end of the app");
    const [frame] = await window.hear(ack(row));
    assert.deepEqual([frame.type, frame.cid, frame.seq, frame.target_at], [kind, change.cid, 1, AT(1)]);
    assert.deepEqual(window.end, end, "and is shown until the message is there");
    const rows = (await window.rows()).map((one) => [one.cid, one.kind, one.seq, one.target_at, one.of_cid]);
    assert.deepEqual(rows, [[change.cid, kind, 1, AT(1), null]]);
    const item = { type: "message", id: 1, chat_id: CHAT, seq: 1, rev: 1, sender_id: ME, content: "first", created_at: AT(1), deleted: false, cid: row.cid }; // prettier-ignore
    await window.hear(item);
    assert.deepEqual(window.end, []);
    const line = window.model.timelines.get(CHAT);
    const [shown] = line ? shownItems(line, ME) : [];
    assert.ok(shown?.type === "message");
    assert.deepEqual([shown.content, shown.deleted], kind === "edit" ? ["second", false] : [null, true]);
  }
});

test("an edit that was saved while the message was acknowledged finds it after a kill", async () => {
  const { window, row } = await writing();
  await window.link();
  const random = new Uint8Array(10).fill(99);
  const edit = newRow({ ...NOTHING, chat_id: CHAT, kind: "edit", content: "second", of_cid: row.cid }, true, 9, random);
  await window.db.addRow(edit); // and the window that has the link does not hear of it any more
  await window.hear(ack(row));
  const next = await Window.again();
  const [frame] = await next.link();
  assert.deepEqual([frame.type, frame.content, frame.seq], ["edit", "second", 1]);
});

test("a refused one has the new text, for another try; one that was deleted is gone", async () => {
  for (const kind of /** @type {const} */ (["edit", "delete"])) {
    const { window, row } = await writing();
    await window.link();
    await window.put({ kind, content: "second", of_cid: row.cid });
    await window.hear({ type: "error", ref: row.cid, code: "content_too_long", retryable: false, detail: "" });
    const end = kind === "edit" ? ["second!"] : [];
    assert.deepEqual(window.end, end);
    assert.deepEqual((await Window.again()).end, end);
    assert.equal((await window.rows()).length, end.length);
  }
});

test("what takes each other back is sent by nobody, however often", async () => {
  const { window } = await writing();
  const about = { kind: /** @type {const} */ ("react"), seq: 3, target_at: AT(3), emoji: "👍" };
  for (const on of [true, true, false, true, false]) await window.put({ ...about, on });
  for (const on of [true, false]) await window.put({ kind: "pin", seq: 3, target_at: AT(3), on });
  await window.perform();
  assert.equal(window.model.echoes.lists.get(CHAT)?.length, 1, "the message alone");
  assert.equal((await window.rows()).length, 1);
  assert.deepEqual(
    (await window.link()).map(({ type }) => type),
    ["send"],
  );
});

test("a window that follows keeps its own rows as the owner makes them, and none of others", async () => {
  const { window, row } = await writing();
  const own = memoryStore("a tab that follows");
  await own.addRow({ ...row });
  const edit = await window.put({ kind: "edit", of_cid: row.cid, content: "second" });
  const outputs = window.session.outputs();
  own.noticed(/** @type {any} */ (outputs));
  const kept = (await own.load()).rows;
  assert.deepEqual(
    kept.map(({ cid, content }) => [cid, content]),
    [[row.cid, "second"]],
  );
  own.noticed([{ do: "save_row", row: edit }]);
  assert.equal((await own.load()).rows.length, 1);
});

test("each kind of row has its request over HTTP", () => {
  const about = { ...NOTHING, chat_id: 5, seq: 3, target_at: "2026-11-25T10:00:00.000000Z" };
  /** @param {object} command */
  const request = (command) => {
    const row = newRow(/** @type {any} */ ({ ...about, ...command }), true, 0, new Uint8Array(10));
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
