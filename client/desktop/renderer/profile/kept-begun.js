/** What an earlier start kept of what was begun, as far as its messages are still there. */

import { ITEMS } from "../store/log-items.js";

/** @typedef {import("../store/db.js").Loaded} Loaded @typedef {import("../store/db.js").Store} Store
 * @typedef {import("../types.js").Begun} Begun */

/**
 * An edit of a message that was deleted does not come back; the text for one that was not in the log when the edit began, and
 * that is not found now, is a draft. @param {Pick<Loaded, "begun" | "drafts" | "rows" | "cursors">} kept
 * @param {Pick<Store, "items">} db @returns {Promise<{begun: Map<number, Begun>, drafts: Map<number, string>}>}
 */
export async function stillThere({ begun, drafts, rows, cursors }, db) {
  const there = { begun: new Map(), drafts: new Map(drafts) };
  for (const [chatId, { reply, edit }] of begun) {
    const waits = edit?.seq === null && rows.some(({ cid }) => cid === edit.cid);
    const found = edit === null || waits ? edit : await placedEdit(edit, chatId, cursors, db);
    if (edit && !found) {
      const texts = [drafts.get(chatId) ?? "", edit.text];
      there.drafts.set(chatId, texts.filter((text) => text !== "").join("\n"));
    }
    const changes = found && (await isDeleted(found.seq, chatId, db)) ? null : found;
    const answers = reply && (await isDeleted(reply.seq, chatId, db)) ? null : reply;
    if (answers || changes) there.begun.set(chatId, { reply: answers, edit: changes });
  }
  return there;
}

/** With the place of its message; null: that is not known. @param {import("../types.js").Edit} edit @param {number} chatId
 * @param {Loaded["cursors"]} cursors @param {Pick<Store, "items">} db */
async function placedEdit(edit, chatId, cursors, db) {
  if (edit.seq !== null) return edit;
  const { applied = 0 } = cursors.find(({ chat_id }) => chat_id === chatId) ?? {};
  const items = await db.items(chatId, applied + 1, ITEMS).catch(() => []);
  const item = items.find((one) => one.type === "message" && one.cid === edit.cid);
  return item ? { ...edit, seq: item.seq, created_at: item.created_at ?? null } : null;
}

/** As far as this machine knows. @param {number | null} seq @param {number} chatId @param {Pick<Store, "items">} db */
async function isDeleted(seq, chatId, db) {
  const [item] = seq === null ? [] : await db.items(chatId, seq + 1, 1).catch(() => []);
  return item?.type === "message" && item.deleted;
}
