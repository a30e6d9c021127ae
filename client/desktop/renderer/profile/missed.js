/** What a window that takes over, or hears the first of it, has not told or not heard of yet. */

import { echoOf } from "../protocol/commands.js";
import { ITEMS } from "../store/log-items.js";

/** @typedef {import("../types.js").Update} Update @typedef {import("../state/model.js").Model} Model */

/**
 * Messages of others that come for the first time; those of chats that came into being while nobody was here are not in
 * a log that is followed: of each the last one.
 * @param {Model} model before the updates @param {Update[]} updates @returns {import("../types.js").Message[]}
 */
export function arrivals(model, updates) {
  const found = [];
  const isOthers = (/** @type {import("../types.js").Message} */ message) =>
    !message.deleted && message.sender_id !== model.me?.id;
  for (const update of updates) {
    if (update.do === "apply" && update.item.type === "message" && isOthers(update.item)) {
      if (update.item.seq > (model.chats.get(update.item.chat_id)?.applied ?? 0)) found.push(update.item);
    } else if (update.do === "chats" && model.listed && !update.first) {
      for (const { id, last_message } of update.chats) {
        const isNew = !model.chats.has(id) && !model.entering.get(id)?.some((waiting) => waiting.do === "apply");
        if (isNew && last_message && isOthers(last_message)) found.push(last_message);
      }
    }
  }
  return found;
}

/**
 * What the database knows and this window does not: an owner that died between saving and telling leaves that.
 * @param {Model} model @param {Awaited<ReturnType<import("../store/db.js").Store["load"]>>} kept @param {import("../store/db.js").Store} db
 * @returns {Promise<Update[]>}
 */
export async function missedBy(model, kept, db) {
  /** @type {Update[]} */
  const missed = [];
  for (const { chat_id, applied, read = 0 } of kept.cursors) {
    const chat = model.chats.get(chat_id);
    const behind = applied - (chat?.applied ?? 0);
    if (behind > 0) {
      const found = chat && behind <= ITEMS ? await db.items(chat_id, applied + 1, behind) : [];
      const items = found.length === behind ? found : [];
      for (const item of items) missed.push({ do: "apply", item });
      if (items.length === 0) missed.push({ do: "jump", chat_id, applied });
    }
    if (read > (chat?.read_seq ?? 0)) missed.push({ do: "save_marks", chat_id, read_seq: read });
  }
  const rows = new Map(kept.rows.map((row) => [row.cid, row]));
  // where windows share nothing, a row that is not here is in another one
  for (const [chat_id, list] of db.shared ? model.echoes.lists : []) {
    for (const { cid } of list) if (!rows.has(cid)) missed.push({ do: "sent", cid, chat_id, seq: null });
  }
  for (const row of kept.rows) {
    missed.push({ do: "echo", echo: echoOf(row) }, { do: "save_row", row });
    const { cid, chat_id, state, code } = row;
    if (state === "failed") missed.push({ do: "failed", cid, chat_id, code: code ?? "internal" });
  }
  return missed;
}
