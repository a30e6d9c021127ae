/**
 * The outbox (docs/protocol.md section 3: C1, C4, C7): rows by chat, each chat in its own order. What is to be saved, and
 * what became of a row, goes to `emit`; `due` gives the frames to send.
 *
 * Where several outputs belong together they are ordered so that an end between two of them loses nothing the user wrote:
 * what takes the place of a row is saved before that row is dropped.
 */

import { keepLatest } from "../rules/latest.js";
import { planOf } from "./collapse.js";
import { known } from "./known.js";
import { Entry, frameOf, isSendable, isUploaded, placed, sameMessage } from "./row.js";
import { Uploads } from "./uploads.js";

/** Unacknowledged rows a chat (C4). */
const WINDOW = 8;
/** Close codes that a row can bring about (C7). */
const POISON_CODES = [1009, 4400];
const POISON = "the server closed the connection on it twice";
const REPLACED = "the message that it is about is not there any more";
/** Messages whose place is remembered for what still names them by their cid. */
const REMEMBERED = 1000;

/** @typedef {import("./row.js").Row} Row
 * @typedef {{chatId: number, seq: number, createdAt: string}} Place where a message of this outbox was stored
 * @typedef {{flying: Entry[], waiting: Entry[]}} Line */

/** What is sent and not acknowledged. */
export class Outbox {
  /** @param {(output: import("../types.js").Output) => void} emit */
  constructor(emit) {
    this.emit = emit;
    /** @type {Map<string, Entry>} */
    this.entries = new Map();
    /** @type {Map<number, Line>} */
    this.lines = new Map();
    this.flying = 0;
    /** The cid that was first unacked when a link ended as poisoned. @type {string | null} */
    this.suspect = null;
    /** A row may be sent at any moment, so it is saved as `tried`. */
    this.linked = false;
    /** The rows that name a message by its cid, by that. @type {Map<string, Entry[]>} */
    this.naming = new Map();
    /** Where the messages are that were stored lately, by their cids. @type {Map<string, Place>} */
    this.places = new Map();
    this.uploads = new Uploads(emit);
  }

  // --- rows come ---

  /**
   * Take a row at the end of its chat's line, or let it change what was never sent (collapse.js).
   * @param {Row} given @param {boolean} [durable] it is durable already, as it is
   * @returns {boolean} false where its cid is on its way already
   */
  put(given, durable = false) {
    if (this.entries.has(given.cid)) return false;
    if (given.of_cid === null && !isSendable(given)) {
      throw new TypeError(`a row of kind ${given.kind} without all that it needs`);
    }
    let row = durable ? given : { ...given, tried: this.linked };
    const place = this.places.get(row.of_cid ?? "");
    if (place) row = placed(row, place.seq, place.createdAt);
    if (row.of_cid === null || this.entries.has(row.of_cid)) {
      this.#collapse(row, durable && !place, durable);
    } else {
      // it names a message that left this outbox long ago, or never was in it
      this.#add(row, false);
      this.#fail(row.cid, "bad_seq", REPLACED);
    }
    return true;
  }

  /** Take what an earlier life saved, in its order: that may have ended before what was never sent was changed.
   * @param {Row[]} rows */
  restore(rows) {
    for (const row of rows) {
      if (!isSendable(row) && !this.entries.has(row.of_cid ?? "")) {
        this.#add(row, false);
        this.#fail(row.cid, "bad_seq", REPLACED);
      } else if (row.tried && row.of_cid === null) {
        this.#add(row, isUploaded(row)); // without its files no link has carried it
        this.uploads.want(row);
      } else {
        this.#collapse(row, true, true);
      }
    }
  }

  /** The answer to a `save_row`. @param {string} cid */
  saved(cid) {
    const entry = this.entries.get(cid);
    if (entry) entry.unsaved = Math.max(0, entry.unsaved - 1);
  }

  /** A link is up. What was saved as surely unsent is not any more, before it is sent. */
  ready() {
    this.linked = true;
    for (const entry of this.entries.values()) {
      if (!entry.row.tried) this.#save(entry, { ...entry.row, tried: true });
    }
  }

  /** @param {Row} row @param {boolean} saved it is durable as it is @param {boolean} durable something of it is */
  #collapse(row, saved, durable) {
    const plan = planOf(row, this.#earlier(row));
    if (plan.into === row.cid) {
      const entry = this.#add(row, false);
      if (!saved || (this.linked && !row.tried)) this.#save(entry, { ...row, tried: this.linked || row.tried });
      this.uploads.want(row);
    }
    if (plan.change) this.#save(known(this.entries, plan.change.cid), plan.change);
    for (const cid of plan.drops) this.#merge(cid, plan.into);
    if (plan.into !== row.cid) {
      if (durable) this.emit({ do: "drop_row", cid: row.cid });
      this.emit({ do: "merged", cid: row.cid, chat_id: row.chat_id, into: plan.into });
    }
  }

  /** The rows about the same message that no link has carried. @param {Row} row @returns {Row[]} */
  #earlier(row) {
    const waiting = row.kind === "send" ? [] : (this.lines.get(row.chat_id)?.waiting ?? []);
    return waiting.filter((entry) => !entry.tried && sameMessage(entry.row, row)).map((entry) => entry.row);
  }

  /** @param {Row} row @param {boolean} tried */
  #add(row, tried) {
    const entry = new Entry(row, tried);
    this.entries.set(row.cid, entry);
    const line = this.lines.get(row.chat_id) ?? { flying: [], waiting: [] };
    this.lines.set(row.chat_id, line);
    line.waiting.push(entry);
    if (row.of_cid !== null) this.naming.set(row.of_cid, [...(this.naming.get(row.of_cid) ?? []), entry]);
    return entry;
  }

  /** @param {Entry} entry @param {Row} row */
  #save(entry, row) {
    entry.row = row;
    entry.unsaved += 1;
    this.emit({ do: "save_row", row });
  }

  // --- their files ---

  /** The server has a file. @param {string} localId @param {string} fileId */
  uploaded(localId, fileId) {
    const entry = this.#withFile(localId);
    if (!entry) return;
    const files = entry.row.files.map((file) => (file.local_id === localId ? { ...file, file_id: fileId } : file));
    this.#save(entry, { ...entry.row, files });
    this.uploads.end(files.filter(({ local_id }) => local_id === localId));
  }

  /** It was refused for good, and with it the message. @param {string} localId @param {string} code
   * @param {string} detail */
  uploadFailed(localId, code, detail) {
    const entry = this.#withFile(localId);
    if (entry) this.#fail(entry.row.cid, code, detail);
  }

  /** The row of a file that is being brought. @param {string} localId */
  #withFile(localId) {
    if (!this.uploads.running.has(localId)) return null;
    for (const entry of this.entries.values()) {
      if (entry.row.files.some(({ local_id }) => local_id === localId)) return entry;
    }
    return null;
  }

  /** The server has removed what no message held for a day: the row waits for its files once more. @param {Entry} entry */
  #uploadAgain(entry) {
    entry.renewed = true;
    if (entry.sentAt !== null) {
      const line = known(this.lines, entry.row.chat_id);
      line.flying.splice(line.flying.indexOf(entry), 1);
      line.waiting.unshift(entry);
      this.flying -= 1;
      entry.sentAt = null;
    }
    const files = entry.row.files.map((file) => ({ ...file, file_id: null }));
    this.#save(entry, { ...entry.row, files });
    this.uploads.want(entry.row, true);
  }

  // --- rows go out ---

  /**
   * What is to be sent now: new rows within the windows, and those whose answer did not come in `resend` ms.
   * @param {number} inflight @param {number} resend @param {number} now
   */
  *due(inflight, resend, now) {
    for (const line of this.lines.values()) {
      const oldest = line.flying[0]?.sentAt ?? null;
      if (oldest !== null && now - oldest >= resend) {
        // all of them, or a later one would overtake the one that was lost
        for (const entry of line.flying) {
          entry.sentAt = now;
          entry.unanswered += 1;
          yield frameOf(entry.row);
        }
      }
      for (let entry = this.#next(line, inflight); entry; entry = this.#next(line, inflight)) {
        line.waiting.shift();
        entry.tried = true;
        entry.sentAt = now;
        entry.unanswered = 1;
        line.flying.push(entry);
        this.flying += 1;
        yield frameOf(entry.row);
      }
    }
  }

  /** The next row of a chat for HTTP to carry, as long as no link does; null where none may go yet. One that was saved as
   * surely unsent is saved anew first. @param {number} chatId @returns {Row | null} */
  dueByHttp(chatId) {
    const entry = this.lines.get(chatId)?.waiting[0];
    if (!entry?.due) return null;
    entry.tried = true;
    if (entry.row.tried) return entry.row;
    this.#save(entry, { ...entry.row, tried: true });
    return null;
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

  /** The first that waits, where it may be sent now. @param {Line} line @param {number} inflight */
  #next(line, inflight) {
    const [first] = line.waiting;
    return first?.due && line.flying.length < WINDOW && this.flying < inflight ? first : null;
  }

  // --- rows leave ---

  /**
   * The row is stored, if it is one that waits. What is about it goes on with its place.
   * @param {string} cid @param {number | null} seq @param {string | null} created_at @param {boolean} dup
   */
  stored(cid, seq, created_at, dup) {
    const entry = this.entries.get(cid);
    if (!entry) return;
    const { kind, chat_id } = entry.row;
    const about = this.#about(cid);
    const isPlaced = kind === "send" && seq !== null && created_at !== null;
    if (isPlaced) {
      this.#remember(cid, { chatId: chat_id, seq, createdAt: created_at });
      for (const one of about) this.#save(one, placed(one.row, seq, created_at));
    }
    this.settle(cid);
    this.emit({ do: "drop_row", cid });
    this.emit({ do: "sent", cid, chat_id, seq, created_at, dup });
    // where it is nobody knows: it was stored before the log was replaced
    if (!isPlaced) for (const one of about) this.#fail(one.row.cid, "bad_seq", REPLACED);
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
    else if (code === "attachment_invalid" && entry.maybeExpired) this.#uploadAgain(entry);
    else this.#fail(cid, code, detail);
  }

  /** The user takes a row back, and with it all that is about it. @param {string} cid
   * @returns {boolean} false where it left before */
  discard(cid) {
    if (!this.entries.has(cid)) return false;
    const about = this.#about(cid);
    this.settle(cid);
    this.emit({ do: "drop_row", cid });
    for (const one of about) this.#merge(one.row.cid, null);
    return true;
  }

  /** It is refused for good, and so is all that is about it. @param {string} cid @param {string} code
   * @param {string} detail */
  #fail(cid, code, detail) {
    const about = this.#about(cid);
    const { chat_id } = this.settle(cid);
    this.emit({ do: "drop_row", cid });
    this.emit({ do: "failed", cid, chat_id, code, detail });
    for (const one of about) this.#fail(one.row.cid, code, detail);
  }

  /** @param {string} cid @param {string | null} into */
  #merge(cid, into) {
    const { chat_id } = this.settle(cid);
    this.emit({ do: "drop_row", cid });
    this.emit({ do: "merged", cid, chat_id, into });
  }

  /** What names this message by its cid; it is not asked for again. @param {string} cid */
  #about(cid) {
    const about = this.naming.get(cid) ?? [];
    this.naming.delete(cid);
    return about;
  }

  /** @param {string} cid @param {Place} place */
  #remember(cid, place) {
    this.places.set(cid, place);
    keepLatest(this.places, REMEMBERED);
  }

  /** The row leaves. @param {string} cid */
  settle(cid) {
    const entry = known(this.entries, cid);
    this.entries.delete(cid);
    const line = known(this.lines, entry.row.chat_id);
    if (entry.sentAt === null) {
      line.waiting.splice(line.waiting.indexOf(entry), 1);
    } else {
      line.flying.splice(line.flying.indexOf(entry), 1);
      this.flying -= 1;
    }
    if (!line.flying.length && !line.waiting.length) this.lines.delete(entry.row.chat_id);
    const { of_cid } = entry.row;
    const named = (this.naming.get(of_cid ?? "") ?? []).filter((one) => one !== entry);
    if (of_cid !== null && named.length > 0) this.naming.set(of_cid, named);
    else this.naming.delete(of_cid ?? "");
    this.uploads.end(entry.row.files);
    return entry.row;
  }

  /** The link is gone; all rows wait again. The row that ended two links with 1009 or 4400 fails. @param {number} code */
  disconnected(code) {
    this.linked = false;
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

  /** The log of a chat (null: of all) was replaced: sends lose what they answer to, what names a seq fails, and so does
   * what forwards out of it. @param {number | null} chatId */
  forgetLog(chatId) {
    for (const [cid, place] of this.places) {
      if (chatId === null || chatId === place.chatId) this.places.delete(cid);
    }
    for (const entry of [...this.entries.values()]) {
      const { row } = entry;
      const named = row.seq === null ? row.forward : row;
      if (named && (chatId === null || chatId === named.chat_id)) this.#fail(row.cid, "bad_seq", REPLACED);
      else if (row.reply_to !== null && (chatId === null || chatId === row.chat_id)) {
        this.#save(entry, { ...row, reply_to: null, target_at: null, reply_lost: true });
      }
    }
  }
}
