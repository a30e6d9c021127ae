/** What the outputs of a session write into the database (db.js): all of one save in one transaction. */

import { followUp } from "../protocol/commands.js";
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
  const sent = new Map(outputs.filter((one) => one.do === "sent" && one.created_at).map((one) => [one.cid, one]));
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
        plan.rows.push((outbox) => putRow(outbox, output.row, output.written_at));
        plan.strict = true;
        break;
      case "drop_row":
        plan.rows.push((outbox) =>
          failed.has(output.cid)
            ? changeRow(outbox, output.cid, { state: "failed", code: failed.get(output.cid) })
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

/** @param {IDBObjectStore} outbox @param {any} row @param {string} writtenAt */
function putRow(outbox, row, writtenAt) {
  const before = outbox.index("cid").get(row.cid);
  before.onsuccess = () => {
    if (before.result) outbox.put({ ...before.result, ...row });
    else outbox.add({ ...row, state: "queued", code: null, written_at: writtenAt ?? "" });
  };
}

/** @param {IDBObjectStore} outbox @param {string} cid */
export function dropRow(outbox, cid) {
  const place = outbox.index("cid").getKey(cid);
  place.onsuccess = () => void (place.result !== undefined && outbox.delete(place.result));
}

/** It leaves; what it is to become once it is stored takes its place. @param {IDBObjectStore} outbox @param {string} cid
 * @param {any} sent where it is stored, where that is known */
function settleRow(outbox, cid, sent) {
  const before = outbox.index("cid").openCursor(cid);
  before.onsuccess = () => {
    const row = before.result?.value;
    if (row?.then && sent) before.result?.update({ ...row, ...followUp(row.then, sent, Date.now()), then: undefined });
    else if (row) before.result?.delete();
  };
}

/** @param {IDBObjectStore} outbox @param {string} cid @param {object} change */
export function changeRow(outbox, cid, change) {
  const before = outbox.index("cid").get(cid);
  before.onsuccess = () => void (before.result && outbox.put({ ...before.result, ...change }));
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
