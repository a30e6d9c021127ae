/**
 * The outbox (docs/protocol.md section 3: C1, C4, C7): rows by chat, each chat in its own order. What is to be saved, and
 * what became of a row, goes to `emit`; `due` gives the frames to send.
 */

/** Unacknowledged rows a chat (C4). */
export const WINDOW = 8;
/** Close codes that a row can bring about (C7). */
const POISON_CODES = [1009, 4400];
const POISON = "the server closed the connection on it twice";
const REPLACED = "the message that it is about is not there any more";

/**
 * @typedef {"send" | "edit" | "delete" | "react" | "pin"} Kind
 * @typedef {{cid: string, chat_id: number, kind: Kind, content: string, seq: number | null, target_at: string | null,
 *   emoji: string | null, on: boolean | null, reply_to: number | null, attachments: number[], reply_lost: boolean}} Row
 *   A command of the log on its way; its bytes never change. All but sends name the message that they are about, by `seq`
 *   and its created_at, `target_at`. `content`: the text of a send or an edit.
 * @typedef {Partial<Row> & {cid: string, chat_id: number}} GivenRow
 * @typedef {{row: Row, saved: boolean, sentAt: number | null, unanswered: number}} Entry
 * @typedef {{flying: Entry[], waiting: Entry[]}} Line
 */

/** A row with every member there; what was saved by version 0.1 is a send. @param {GivenRow} given @returns {Row} */
export function rowOf(given) {
  return {
    cid: given.cid,
    chat_id: given.chat_id,
    kind: given.kind ?? "send",
    content: given.content ?? "",
    seq: given.seq ?? null,
    target_at: given.target_at ?? null,
    emoji: given.emoji ?? null,
    on: given.on ?? null,
    reply_to: given.reply_to ?? null,
    attachments: [...(given.attachments ?? [])],
    reply_lost: given.reply_lost ?? false,
  };
}

/** Whether a row can be put on the wire. @param {Row} row */
function isWhole({ kind, seq, target_at, emoji, on }) {
  if (kind === "send") return true;
  if (seq === null || target_at === null || (kind === "react" && emoji === null)) return false;
  return kind === "edit" || kind === "delete" || on !== null;
}

/** The command that a whole row is. @param {Row} row @returns {Record<string, any>} */
function frameOf(row) {
  const { kind: type, chat_id, cid, content, seq, target_at, emoji, on, reply_to, attachments } = row;
  if (type === "send") return { type, chat_id, cid, content, reply_to, target_at, attachments };
  const about = { type, chat_id, cid, seq, target_at };
  if (type === "edit") return { ...about, content };
  if (type === "react") return { ...about, emoji, on };
  return type === "pin" ? { ...about, on } : about;
}

/** What is sent and not acknowledged. */
export class Outbox {
  /** @param {(output: Record<string, any>) => void} emit */
  constructor(emit) {
    this.emit = emit;
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
   * @param {Row} row @param {boolean} [saved] it is durable already
   * @returns {boolean} false where its cid is on its way already
   */
  put(row, saved = false) {
    if (!isWhole(row)) throw new TypeError(`a row of kind ${row.kind} without all that it needs`);
    if (this.entries.has(row.cid)) return false;
    this.#add(row, saved);
    if (!saved) this.emit({ do: "save_row", row });
    return true;
  }

  /** Take what an earlier life saved, in its order. @param {Row[]} rows */
  restore(rows) {
    for (const row of rows) {
      this.#add(row, true);
      if (!isWhole(row)) this.#fail(row.cid, "bad_seq", REPLACED);
    }
  }

  /** @param {Row} row @param {boolean} saved */
  #add(row, saved) {
    const entry = { row, saved, sentAt: null, unanswered: 0 };
    this.entries.set(row.cid, entry);
    const line = this.lines.get(row.chat_id) ?? { flying: [], waiting: [] };
    this.lines.set(row.chat_id, line);
    line.waiting.push(entry);
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
   * The row is stored, if it is one that waits.
   * @param {string} cid @param {number | null} seq @param {string | null} created_at @param {boolean} dup
   */
  stored(cid, seq, created_at, dup) {
    const row = this.settle(cid);
    if (!row) return;
    this.emit({ do: "drop_row", cid });
    this.emit({ do: "sent", cid, chat_id: row.chat_id, seq, created_at, dup });
  }

  /**
   * A final error came. It counts where it answers the last time that the row was sent on this link. Where it was sent
   * again meanwhile, what was refused may be accepted now: the later answer decides.
   * @param {Entry} entry @param {string} code @param {string} detail
   */
  refused(entry, code, detail) {
    entry.unanswered -= 1;
    if (entry.unanswered > 0) return;
    const { cid, reply_lost } = entry.row;
    // it was stored with its reply before the restore
    if (code === "cid_conflict" && reply_lost) this.stored(cid, null, null, true);
    else this.#fail(cid, code, detail);
  }

  /** The user takes a row back. @param {string} cid @returns {boolean} false where it left before */
  discard(cid) {
    if (!this.settle(cid)) return false;
    this.emit({ do: "drop_row", cid });
    return true;
  }

  /** @param {string} cid @param {string} code @param {string} detail */
  #fail(cid, code, detail) {
    const { chat_id } = /** @type {Row} */ (this.settle(cid));
    this.emit({ do: "drop_row", cid });
    this.emit({ do: "failed", cid, chat_id, code, detail });
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

  /** The link is gone; all rows wait again. The row that ended two links with 1009 or 4400 fails. @param {number} code */
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
    if (first === null || !POISON_CODES.includes(code)) return;
    if (this.suspect !== first) {
      this.suspect = first;
      return;
    }
    this.suspect = null;
    this.#fail(first, "too_large", POISON);
  }

  /** The log of a chat (null: of all) was replaced: sends lose what they answer to, and all else fails.
   * @param {number | null} chatId */
  forgetLog(chatId) {
    for (const entry of [...this.entries.values()]) {
      const { row } = entry;
      if (chatId !== null && chatId !== row.chat_id) continue;
      if (row.kind !== "send") this.#fail(row.cid, "bad_seq", REPLACED);
      else if (row.reply_to !== null) {
        entry.row = { ...row, reply_to: null, target_at: null, reply_lost: true };
        this.emit({ do: "save_row", row: entry.row });
      }
    }
  }
}
