/** What a client knows of the log of one chat, and whether what it is told is of that log. The same as
 * chatproto/client/chat_log.py. */

/** @typedef {import("../types.js").Item} Item */

/** One chat; chatproto/client/chat_log.py names what its members mean. */
export class ChatLog {
  /** @param {number} chatId @param {number} firstSeq @param {number} lastSeq @param {number} applied */
  constructor(chatId, firstSeq, lastSeq, applied) {
    this.chatId = chatId;
    this.firstSeq = firstSeq;
    this.lastSeq = lastSeq;
    this.applied = applied;
    this.saved = applied;
    /** @type {string | null} */
    this.appliedAt = null;
    /** @type {string | null} */
    this.lastAt = null;
    /** @type {number | null} */
    this.leftSeq = null;
    this.memberSeq = 0;
    this.doubted = false; // they have left, but were told of a shorter log that has them: read before, or another
    this.read = 0;
    this.serverDelivered = 0;
    this.serverRead = 0;
    this.toldDelivered = 0;
    this.toldRead = 0;
    this.uncounted = false;
    /** @type {Map<number, Item>} */
    this.early = new Map();
    this.lagging = false;
    this.anew = false;
    /** @type {{ref: string, afterSeq: number, heard: number, at: number} | null} */
    this.asked = null;
    this.askAt = 0;
    this.markAt = 0;
  }

  /** A page is wanted. */
  get behind() {
    return this.lagging || this.anew || this.applied < this.lastSeq;
  }

  /** Delivered and read, as far as durable. @returns {[number, number]} */
  get marks() {
    return [this.saved, Math.min(this.read, this.saved)];
  }

  /** The server holds less than is durable here, or was read, or is to count; a former member marks nothing. */
  get unmarked() {
    const [delivered, read] = this.marks;
    const wanted = this.uncounted || delivered > this.toldDelivered || read > this.toldRead;
    return this.leftSeq === null && wanted;
  }
}

/** The item for a log that begins with `firstSeq`: it may have been read before something was removed.
 * @param {Item} item @param {number} firstSeq @returns {Item} */
export function within(item, firstSeq) {
  const about = (item.type === "event" && item.target_seq) || item.seq;
  const { chat_id, seq, created_at } = item;
  return about >= firstSeq ? item : { type: "hidden", chat_id, seq, created_at };
}

/**
 * Whether the chat's log is not the one of which `applied` items were applied when this was asked for.
 * @param {ChatLog} chat @param {number} lastSeq @param {string | null} lastAt @param {number} applied
 */
export function wasReplaced(chat, lastSeq, lastAt, applied) {
  if (lastSeq < applied) return true;
  const samePlace = lastSeq === applied && applied === chat.applied;
  return samePlace && chat.appliedAt !== null && lastAt !== null && compareTimes(lastAt, chat.appliedAt) !== 0;
}

/**
 * Of two times as the server writes them, with or without a fraction of a second; none is before all.
 * @param {string | null} one @param {string | null} other
 */
export function compareTimes(one, other) {
  const [a, b] = [sortable(one), sortable(other)];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** With six digits of the second and without Z; null comes first. @param {string | null} time */
function sortable(time) {
  const padded = (time ?? "").replace(/Z$/, "").padEnd(27, "0");
  return time === null ? "" : padded.replace(/^(.{19})0/, "$1.");
}
