/** What a client keeps across its own end: cursors, own marks and the outbox, as plain data. */

import { rowOf } from "./row.js";
import { ChatLog } from "./chat-log.js";

/**
 * @typedef {{chat_id: number, first_seq: number, applied: number, applied_at?: string | null,
 *   left_seq?: number | null, read?: number}} ChatSnapshot
 * @typedef {{user_id?: number, epoch?: string | null, chats?: ChatSnapshot[],
 *   rows?: import("./row.js").GivenRow[]}} Snapshot
 */

/**
 * What is durable by now, and what would be if every `save_row` were done.
 * @param {import("./replica.js").Replica} replica @param {import("./outbox.js").Outbox} outbox
 */
export function take(replica, outbox) {
  const chats = [...replica.chats.values()].filter((chat) => !chat.anew);
  return {
    user_id: replica.userId,
    epoch: replica.epoch,
    chats: chats.map((chat) => ({
      chat_id: chat.chatId,
      first_seq: chat.firstSeq,
      applied: chat.saved,
      applied_at: chat.saved === chat.applied ? chat.appliedAt : null,
      left_seq: chat.leftSeq,
      read: chat.read,
    })),
    rows: [...outbox.entries.values()].map((entry) => entry.row),
  };
}

/**
 * Go on from there; nothing is known yet of what happened since.
 * @param {Snapshot} snapshot
 * @param {import("./replica.js").Replica} replica @param {import("./outbox.js").Outbox} outbox
 */
export function restore(snapshot, replica, outbox) {
  replica.userId = snapshot.user_id ?? 0;
  replica.epoch = snapshot.epoch ?? null;
  for (const kept of snapshot.chats ?? []) {
    const chat = new ChatLog(kept.chat_id, kept.first_seq, kept.applied, kept.applied);
    chat.appliedAt = kept.applied_at ?? null;
    chat.leftSeq = kept.left_seq ?? null;
    chat.read = kept.read ?? 0;
    replica.chats.set(kept.chat_id, chat);
  }
  outbox.restore((snapshot.rows ?? []).map(rowOf));
}
