/** What the outputs of a session write into the database (db.js): all of one save in one transaction. */

import { changedBy } from "../state/timeline.js";

/** @typedef {import("../types.js").Item} Item */
/**
 * `strict`: it must be on the disk before it counts; `size` 0: nothing is to be written.
 * @typedef {{epoch: {user_id: number, epoch: string} | null, strict: boolean, size: number,
 *   rows: ((outbox: IDBObjectStore) => void)[], items: ((items: IDBObjectStore) => void)[],
 *   cursors: Map<number, Record<string, any>[]>}} Plan
 */

/** Items of a chat that are kept. */
export const ITEMS = 500;

/** @param {Record<string, any>[]} outputs @returns {Plan} */
export function planOf(outputs) {
  const failed = new Map(outputs.filter((one) => one.do === "failed").map((one) => [one.cid, one.code]));
  const sent = new Map(
    outputs
      .filter((one) => one.do === "sent" && one.created_at)
      .map((one) => [one.cid, { seq: one.seq, created_at: one.created_at }]),
  );
  /** @type {Plan} */
  const plan = { epoch: null, strict: false, size: 0, rows: [], items: [], cursors: new Map() };
  for (const output of outputs) {
    for (const chatId of emptyChats(output)) addMove(plan.cursors, chatId, output);
    const chatId = output.item?.chat_id ?? output.chat_id;
    switch (output.do) {
      case "save_epoch":
        plan.epoch = { user_id: output.user_id, epoch: output.epoch };
        break;
      case "save_row":
        plan.rows.push((outbox) => putRow(outbox, output.row));
        plan.strict = true;
        break;
      case "drop_row":
        plan.rows.push((outbox) =>
          failed.has(output.cid)
            ? failRow(outbox, output.cid, failed.get(output.cid))
            : settleRow(outbox, output.cid, sent.get(output.cid)),
        );
        break;
      case "apply":
        plan.items.push((items) => putItem(items, output.item));
        if (output.item.seq % 64 === 0) plan.items.push((items) => trim(items, chatId, output.item.seq - ITEMS));
        break;
      case "jump":
      case "forget":
        plan.items.push((items) => void items.delete(IDBKeyRange.bound([chatId, 0], [chatId, Infinity])));
        break;
      case "save_marks":
        break;
      default:
        continue;
    }
    plan.size += 1;
    if (["apply", "jump", "forget", "save_marks"].includes(output.do)) addMove(plan.cursors, chatId, output);
  }
  plan.size += plan.cursors.size;
  return plan;
}

/** @param {Map<number, Record<string, any>[]>} cursors @param {number} chatId @param {Record<string, any>} move */
function addMove(cursors, chatId, move) {
  cursors.set(chatId, [...(cursors.get(chatId) ?? []), move]);
}

/** Chats that were told of before anything was written in them: all of it will be applied. @param {Record<string, any>} output
 * @returns {number[]} */
function emptyChats({ do: what, frame }) {
  if (what !== "tell") return [];
  const heads = frame.chats ?? (frame.chat ? [{ ...frame.chat, chat_id: frame.chat.id }] : []);
  return heads.filter((/** @type {any} */ head) => head.last_seq === 0).map((/** @type {any} */ head) => head.chat_id);
}

/** @param {IDBObjectStore} cursors @param {number} chatId @param {Record<string, any>[]} moves */
export function moveCursor(cursors, chatId, moves) {
  const before = cursors.get(chatId);
  before.onsuccess = () => {
    let cursor = before.result ?? null;
    for (const move of moves) {
      const { read = 0, applied = 0, applied_at = null } = cursor ?? {};
      if (move.do === "forget") cursor = null;
      else if (move.do === "jump") cursor = { applied: move.applied, applied_at: null, read };
      else if (move.do === "apply") cursor = { applied: move.item.seq, applied_at: move.item.created_at ?? null, read };
      else cursor = { applied, applied_at, read: move.read_seq ?? read };
    }
    if (cursor) cursors.put({ ...cursor, chat_id: chatId });
    else cursors.delete(chatId);
  };
}

/** @param {IDBObjectStore} outbox @param {import("../protocol/outbox.js").Row} row */
function putRow(outbox, row) {
  const before = outbox.index("cid").get(row.cid);
  before.onsuccess = () => {
    const { state = "queued", code = null, written_at = new Date().toISOString() } = before.result ?? {};
    outbox.put({ ...before.result, ...row, state, code, written_at });
  };
}

/**
 * A row that the user wrote. The message that it names by its cid is told so: where that is stored before the session
 * hears of this row, it finds it (`settleRow`). @param {IDBObjectStore} outbox @param {import("./db.js").Kept} row
 */
export function addRow(outbox, row) {
  outbox.add(row);
  if (row.of_cid === null) return;
  const target = outbox.index("cid").get(row.of_cid);
  target.onsuccess = () => void (target.result && outbox.put({ ...target.result, named: true }));
}

/** It leaves; what still names it by its cid names its place, or leaves with it. @param {IDBObjectStore} outbox
 * @param {string} cid @param {{seq: number, created_at: string}} [sent] where it is stored */
export function settleRow(outbox, cid, sent) {
  const before = outbox.index("cid").openCursor(cid);
  before.onsuccess = () => {
    const cursor = before.result;
    if (!cursor) return;
    if (cursor.value.named) placeRows(outbox, cid, sent);
    cursor.delete();
  };
}

/** @param {IDBObjectStore} outbox @param {string} cid @param {{seq: number, created_at: string}} [sent] */
function placeRows(outbox, cid, sent) {
  const walk = outbox.openCursor();
  walk.onsuccess = () => {
    const cursor = walk.result;
    if (cursor?.value.of_cid === cid) {
      if (sent) cursor.update({ ...cursor.value, seq: sent.seq, target_at: sent.created_at, of_cid: null });
      else cursor.delete();
    }
    cursor?.continue();
  };
}

/**
 * It waits for the user. A change of a message that was refused itself is what that one is from now on: another text, or
 * nothing. @param {IDBObjectStore} outbox @param {string} cid @param {string} code
 */
function failRow(outbox, cid, code) {
  const before = outbox.index("cid").get(cid);
  before.onsuccess = () => {
    const row = before.result;
    if (!row) return;
    if (!row.of_cid) return void outbox.put({ ...row, state: "failed", code }); // at once: what names it looks for that
    const target = outbox.index("cid").get(row.of_cid);
    target.onsuccess = () => {
      const there = target.result?.state === "failed" ? target.result : null;
      if (!there) return void outbox.put({ ...row, state: "failed", code });
      outbox.delete(row.place);
      if (row.kind === "edit") outbox.put({ ...there, content: row.content });
      else outbox.delete(there.place);
    };
  };
}

/** The item, and what it changes. @param {IDBObjectStore} items @param {Item} item */
function putItem(items, item) {
  items.put(item);
  if (item.type !== "event" || !item.target_seq) return;
  const target = items.get([item.chat_id, item.target_seq]);
  target.onsuccess = () => {
    if (target.result?.type !== "message") return;
    const after = changedBy(target.result, item);
    if (after !== target.result) items.put(after);
  };
}

/** @param {IDBObjectStore} items @param {number} chatId @param {number} upto */
export function trim(items, chatId, upto) {
  if (upto > 0) items.delete(IDBKeyRange.bound([chatId, 0], [chatId, upto]));
}
