/** What is kept of the items of a chat's log, and what the outputs of one save make of it. */

import { within } from "../protocol/chat-log.js";
import { changedBy } from "../state/timeline.js";

/** @typedef {import("../types.js").Item} Item @typedef {import("../types.js").Event} Event
 * @typedef {import("./saves.js").Move} Move */

/** Items of a chat that are kept. */
export const ITEMS = 500;
/** Of so many items one has what is too much dropped. */
const TRIMS = 64;

/** All items of a chat. @param {number} chatId */
const rangeOf = (chatId) => IDBKeyRange.bound([chatId, 0], [chatId, Infinity]);

/** @param {IDBObjectStore} items @param {number} chatId @param {number} upto */
export function trim(items, chatId, upto) {
  if (upto > 0) items.delete(IDBKeyRange.bound([chatId, 0], [chatId, upto]));
}

/**
 * What one save does to a chat's items. The requests of a transaction run in the order in which they are placed, and what is
 * written after an answer is placed late: so what the moves come to is found out first, and each item is read and written
 * once. @param {IDBObjectStore} items @param {number} chatId @param {Move[]} moves @param {() => void} erased
 */
export function moveItems(items, chatId, moves, erased) {
  const { dropped, from, firstSeq, own, changes } = sumOf(moves, erased);
  if (dropped) dropAll(items, chatId, erased);
  else {
    trim(items, chatId, from - 1);
    if (firstSeq > 0) hideBefore(items, chatId, firstSeq);
    for (const [seq, events] of changes) if (seq >= from) change(items, [chatId, seq], events);
  }
  for (const item of own.values()) if (item.seq >= from) items.put(item);
}

/** What moves come to. `dropped`: nothing stays of before; `from`: nothing stays below; `firstSeq`: what stays tells nothing
 * of what was below; `own`: items to be kept, by seq; `changes` of those that may be kept already, by theirs.
 * @param {Move[]} moves @param {() => void} erased */
function sumOf(moves, erased) {
  /** @type {Map<number, Item>} */
  const own = new Map();
  /** @type {Map<number, Event[]>} */
  const changes = new Map();
  let [dropped, from, firstSeq] = [false, 0, 0];
  for (const move of moves) {
    if (move.do === "apply") {
      const { item } = move;
      own.set(item.seq, item);
      if (item.seq % TRIMS === 0) from = Math.max(from, item.seq - ITEMS + 1);
      if (item.type !== "event" || !item.target_seq) continue;
      // of a message that is kept no more, too: the files may hold it still
      if (item.event === "deleted" || item.event === "edited") erased();
      const target = own.get(item.target_seq);
      if (target?.type === "message") own.set(target.seq, changedBy(target, item));
      else if (!target) changes.set(item.target_seq, [...(changes.get(item.target_seq) ?? []), item]);
    } else if (move.do === "expire") {
      from = Math.max(from, move.first_seq);
      firstSeq = Math.max(firstSeq, move.first_seq);
      for (const [seq, item] of own) own.set(seq, within(item, firstSeq));
      erased();
    } else if (move.do === "jump" || move.do === "begins" || move.do === "forget") {
      own.clear();
      changes.clear();
      [dropped, from, firstSeq] = [true, 0, 0];
    }
  }
  return { dropped, from, firstSeq, own, changes };
}

/** All that is kept of a chat. @param {IDBObjectStore} items @param {number} chatId @param {() => void} erased */
function dropAll(items, chatId, erased) {
  const first = items.getKey(rangeOf(chatId));
  first.onsuccess = () => void (first.result && erased()); // most often nothing was there
  items.delete(rangeOf(chatId));
}

/** What is kept tells nothing of what stood before `firstSeq`. @param {IDBObjectStore} items @param {number} chatId
 * @param {number} firstSeq */
function hideBefore(items, chatId, firstSeq) {
  const walk = items.openCursor(rangeOf(chatId));
  walk.onsuccess = () => {
    const cursor = walk.result;
    if (!cursor) return;
    const after = within(cursor.value, firstSeq);
    if (after !== cursor.value) cursor.update(after);
    cursor.continue();
  };
}

/** A message as events leave it. @param {IDBObjectStore} items @param {[number, number]} key @param {Event[]} events */
function change(items, key, events) {
  const target = items.get(key);
  target.onsuccess = () => {
    if (target.result?.type !== "message") return;
    const after = events.reduce(changedBy, target.result);
    if (after !== target.result) items.put(after);
  };
}
