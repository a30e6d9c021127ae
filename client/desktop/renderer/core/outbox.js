/** The outbox (docs/protocol.md section 3: C1, C4, C7): rows by chat, each chat in its own order. */

/** Unacknowledged rows a chat (C4). */
export const WINDOW = 8;
/** Close codes that a row can bring about (C7). */
const POISON_CODES = [1009, 4400];

/**
 * @typedef {{cid: string, chat_id: number, content: string, reply_to: number | null, target_at: string | null,
 *   attachments: number[], reply_lost: boolean}} Row A message on its way; its bytes never change.
 * @typedef {{row: Row, saved: boolean, sentAt: number | null, unanswered: number}} Entry
 * @typedef {{flying: Entry[], waiting: Entry[]}} Line
 */

/**
 * A row with every member there.
 * @param {Partial<Row> & {cid: string, chat_id: number, content: string}} given
 * @returns {Row}
 */
export function rowOf(given) {
  return {
    cid: given.cid,
    chat_id: given.chat_id,
    content: given.content,
    reply_to: given.reply_to ?? null,
    target_at: given.target_at ?? null,
    attachments: [...(given.attachments ?? [])],
    reply_lost: given.reply_lost ?? false,
  };
}

/** The command that a row is. @param {Row} row */
function frameOf(row) {
  const { chat_id, cid, content, reply_to, target_at, attachments } = row;
  return { type: "send", chat_id, cid, content, reply_to, target_at, attachments };
}

/** What is sent and not acknowledged. */
export class Outbox {
  constructor() {
    /** @type {Map<string, Entry>} */
    this.entries = new Map();
    /** @type {Map<number, Line>} */
    this.lines = new Map();
    this.flying = 0;
    /** The cid that was first unacked when a link ended as poisoned. @type {string | null} */
    this.suspect = null;
  }

  /**
   * Take a row at the end of its chat's line.
   * @param {Row} row @param {boolean} [saved]
   * @returns {boolean} false where its cid is on its way already
   */
  add(row, saved = false) {
    if (this.entries.has(row.cid)) return false;
    const entry = { row, saved, sentAt: null, unanswered: 0 };
    this.entries.set(row.cid, entry);
    const line = this.lines.get(row.chat_id) ?? { flying: [], waiting: [] };
    this.lines.set(row.chat_id, line);
    line.waiting.push(entry);
    return true;
  }

  /** The row is durable. @param {string} cid */
  saved(cid) {
    const entry = this.entries.get(cid);
    if (entry) entry.saved = true;
  }

  /**
   * What is to be sent now: new rows within the windows, and those whose answer did not come in `resend` ms.
   * @param {number} inflight @param {number} resend @param {number} now
   */
  *due(inflight, resend, now) {
    for (const line of this.lines.values()) {
      if (line.flying.length && now - /** @type {number} */ (line.flying[0].sentAt) >= resend) {
        // all of them, or a later one would overtake the one that was lost
        for (const entry of line.flying) {
          entry.sentAt = now;
          entry.unanswered += 1;
          yield frameOf(entry.row);
        }
      }
      while (line.waiting.length && line.waiting[0].saved && line.flying.length < WINDOW && this.flying < inflight) {
        const entry = /** @type {Entry} */ (line.waiting.shift());
        entry.sentAt = now;
        entry.unanswered = 1;
        line.flying.push(entry);
        this.flying += 1;
        yield frameOf(entry.row);
      }
    }
  }

  /** When `due` will have something by the passing of time alone. @param {number} resend @returns {number | null} */
  nextDue(resend) {
    let oldest = null;
    for (const line of this.lines.values()) {
      const sentAt = line.flying[0]?.sentAt ?? null;
      if (sentAt !== null && (oldest === null || sentAt < oldest)) oldest = sentAt;
    }
    return oldest === null ? null : oldest + resend;
  }

  /**
   * A final error came: whether it answers the last time that the row was sent on this link. Where it was sent again
   * meanwhile, what was refused may be accepted now: the later answer decides.
   * @param {Entry} entry
   */
  refused(entry) {
    entry.unanswered -= 1;
    return entry.unanswered <= 0;
  }

  /** The row leaves. @param {string} cid @returns {Row | null} null where it left before */
  settle(cid) {
    const entry = this.entries.get(cid);
    if (!entry) return null;
    this.entries.delete(cid);
    const line = /** @type {Line} */ (this.lines.get(entry.row.chat_id));
    if (entry.sentAt === null) {
      line.waiting.splice(line.waiting.indexOf(entry), 1);
    } else {
      line.flying.splice(line.flying.indexOf(entry), 1);
      this.flying -= 1;
    }
    if (!line.flying.length && !line.waiting.length) this.lines.delete(entry.row.chat_id);
    return entry.row;
  }

  /**
   * The link is gone; all rows wait again.
   * @param {number} code
   * @returns {Row | null} the row that ended two links with 1009 or 4400: it has left
   */
  disconnected(code) {
    let first = null;
    for (const entry of this.entries.values()) {
      if (first === null && entry.sentAt !== null) first = entry.row.cid;
    }
    for (const line of this.lines.values()) {
      for (const entry of line.flying) entry.sentAt = null;
      line.waiting.unshift(...line.flying);
      line.flying = [];
    }
    this.flying = 0;
    if (first === null || !POISON_CODES.includes(code)) return null;
    if (this.suspect !== first) {
      this.suspect = first;
      return null;
    }
    this.suspect = null;
    return this.settle(first);
  }

  /**
   * The log of a chat (null: of all) was replaced: what rows answer to is gone.
   * @param {number | null} chatId
   * @returns {Row[]} the rows that changed
   */
  forgetReplies(chatId) {
    const changed = [];
    for (const entry of this.entries.values()) {
      if (entry.row.reply_to !== null && (chatId === null || chatId === entry.row.chat_id)) {
        entry.row = { ...entry.row, reply_to: null, target_at: null, reply_lost: true };
        changed.push(entry.row);
      }
    }
    return changed;
  }
}
