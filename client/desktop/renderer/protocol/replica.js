/**
 * What a client knows of its chats: each log as far as it is whole (docs/protocol.md section 3: C2, C6; section 4).
 * The same as chatproto/client/replica.py, which explains each step.
 */

import { ChatLog, compareTimes, wasReplaced, within } from "./chat-log.js";
import { known } from "./known.js";

/** Items of a chat kept while an earlier one is missing (C2). */
const BUFFERED = 200;
/** Syncs in flight a connection; one a chat. */
const SYNCS = 4;
const PAGE = 200;
/** A client with a timeline that is further behind starts anew at the end. */
const FAR_BEHIND = 1000;

/**
 * @typedef {import("../types.js").Item} Item
 * @typedef {Record<string, any>} Frame
 * @typedef {import("./timing.js").Timing} Timing
 */

/** All chats of one user. */
export class Replica {
  /** @param {Timing} timing @param {(output: import("../types.js").Output) => void} emit @param {boolean} wholeLog */
  constructor(timing, emit, wholeLog) {
    this.timing = timing;
    this.emit = emit;
    this.wholeLog = wholeLog;
    this.userId = 0;
    /** @type {string | null} */
    this.epoch = null;
    /** @type {Map<number, ChatLog>} */
    this.chats = new Map();
    /** Chats that may want a sync or a mark. @type {Set<number>} */
    this.dirty = new Set();
    this.asking = 0;
    this.refs = 0;
  }

  // --- inputs ---

  /** A link is up. @param {Frame} frame @returns {boolean} whether the database has another epoch */
  ready(frame) {
    const replaced = this.epoch !== null && frame.epoch !== this.epoch;
    if (replaced) {
      for (const chatId of this.chats.keys()) this.emit({ do: "forget", chat_id: chatId });
      this.chats.clear();
      this.dirty.clear();
    }
    this.epoch = frame.epoch;
    this.userId = frame.user.id;
    return replaced;
  }

  /** Where each chat stands, read from the database. @param {Frame[]} heads @returns {number[]} replaced logs */
  listHeads(heads) {
    return heads.filter((head) => this.#listHead(head)).map((head) => head.chat_id);
  }

  /** A `chat` frame; it never decides that a log was replaced, but a sync asks. @param {Frame} told */
  listChat(told) {
    let chat = this.chats.get(told.id);
    if (!chat) {
      chat = this.#enter(told.id, told.first_seq, told.last_seq);
      this.#tellStart(chat);
    } else {
      this.#begins(chat, told.first_seq);
    }
    const leftSeq = told.left_seq ?? null;
    chat.doubted = leftSeq === null && chat.leftSeq !== null && told.last_seq < chat.leftSeq;
    if (!chat.doubted) chat.leftSeq = leftSeq;
    const beyond = [...chat.early.keys()].filter((seq) => seq > told.last_seq); // of a lost log, or pushed since
    if (beyond.length > 0 || wasReplaced(chat, told.last_seq, told.last_at ?? null, chat.applied)) {
      for (const seq of beyond) chat.early.delete(seq);
      chat.lagging = true;
      this.#answered(chat); // a page that was asked for before says nothing of that
    }
    chat.lastSeq = Math.max(chat.lastSeq, told.last_seq);
    chat.memberSeq = Math.max(chat.memberSeq, leftSeq === null ? told.last_seq : leftSeq - 1);
    this.#serverHas(chat, told.delivered_seq, told.read_seq);
    this.#touch(chat);
  }

  /** An item that was pushed. @param {Item} item */
  live(item) {
    const chat = this.chats.get(item.chat_id);
    if (!chat || item.seq <= chat.applied) return;
    this.#touch(chat);
    chat.lastSeq = Math.max(chat.lastSeq, item.seq);
    if (chat.anew) return; // of which log it is will be seen
    if (item.seq === chat.applied + 1 && !chat.lagging) {
      this.#apply(chat, item);
      this.#applyEarly(chat);
    } else if (chat.early.size < BUFFERED) {
      chat.early.set(item.seq, item);
    }
  }

  /** The answer of a sync. @param {Frame} page @param {number} now @returns {number | null} a replaced log */
  page(page, now) {
    const chat = this.chats.get(page.chat_id);
    if (!chat || !chat.asked || chat.asked.ref !== page.ref) return null;
    const asked = chat.asked;
    this.#answered(chat);
    this.#touch(chat);
    if (!chat.anew && wasReplaced(chat, page.last_seq, page.last_at ?? null, asked.afterSeq)) {
      this.#startAnew(chat);
      return chat.chatId;
    }
    // nothing was heard of since, and what was heard before may be of a lost log
    if (chat.lastSeq === asked.heard) chat.lastSeq = chat.applied;
    chat.lastSeq = Math.max(chat.lastSeq, page.last_seq);
    chat.memberSeq = Math.max(chat.memberSeq, page.last_seq - 1); // a former member's log ends with their removal
    if (chat.anew) {
      chat.anew = false;
      if (!this.wholeLog) {
        this.#jump(chat, page.last_seq);
        chat.appliedAt = page.last_at ?? null;
        chat.lagging = false;
        return null;
      }
    }
    chat.lagging = chat.lagging && page.more;
    if (page.from_seq > Math.max(asked.afterSeq, chat.applied)) this.#jump(chat, page.from_seq);
    for (const item of page.items) {
      if (item.seq === chat.applied + 1) this.#apply(chat, item);
    }
    this.#applyEarly(chat);
    if (chat.behind && page.to_seq <= asked.afterSeq) chat.askAt = now + this.timing.retry;
    return null;
  }

  /** Items were dropped for us. @param {Frame} frame */
  lag(frame) {
    const chat = this.chats.get(frame.chat_id);
    if (!chat) return;
    chat.lagging = true;
    chat.lastSeq = Math.max(chat.lastSeq, frame.last_seq);
    this.#touch(chat);
  }

  /** The beginning of a log was removed after its time. @param {Frame} frame */
  expired(frame) {
    const chat = this.chats.get(frame.chat_id);
    if (!chat || frame.first_seq <= chat.firstSeq) return;
    this.#begins(chat, frame.first_seq);
    chat.uncounted = chat.serverRead < frame.first_seq - 1;
    this.#touch(chat);
  }

  /** What the server holds of one's own marks. @param {Frame} frame */
  ownMarks(frame) {
    const chat = this.chats.get(frame.chat_id);
    if (!chat) return;
    chat.uncounted = false;
    this.#serverHas(chat, frame.delivered_seq, frame.read_seq);
    if (frame.read_seq > chat.read) {
      chat.read = frame.read_seq;
      this.emit({ do: "save_marks", chat_id: chat.chatId, read_seq: chat.read });
    }
  }

  /** A refused sync or mark. @param {Frame} error @param {number} now @returns {number | null} a replaced log */
  error(error, now) {
    const chat = this.chats.get(error.chat_id ?? 0);
    if (!chat) return null;
    const wait = error.retry_after_ms ?? this.timing.retry;
    if (!chat.asked || chat.asked.ref !== error.ref) {
      if (error.ref === `mark-${chat.chatId}`) chat.uncounted = chat.uncounted && error.retryable;
      if (error.ref === `mark-${chat.chatId}` && error.retryable) {
        chat.toldDelivered = chat.serverDelivered;
        chat.toldRead = chat.serverRead;
        chat.markAt = now + wait;
        this.#touch(chat);
      }
      return null;
    }
    this.#answered(chat);
    this.#touch(chat);
    chat.askAt = now + wait;
    if (error.code === "bad_seq" && !chat.anew) {
      this.#startAnew(chat);
      return chat.chatId;
    }
    if (error.code === "not_member") {
      chat.lastSeq = chat.applied;
      chat.lagging = false;
      chat.anew = false;
    }
    return null;
  }

  /** What was under way is asked again on the next link; what was heard of may be of a lost log by then. */
  disconnected() {
    for (const chat of this.chats.values()) {
      chat.early.clear();
      chat.lastSeq = chat.applied;
      chat.asked = null;
      chat.lagging = false;
      chat.askAt = 0;
      chat.markAt = 0;
      chat.uncounted = false;
    }
    this.asking = 0;
  }

  /** Marks sent lately may have been dropped (an expired token). */
  markAgain() {
    for (const chat of this.chats.values()) {
      chat.toldDelivered = chat.serverDelivered;
      chat.toldRead = chat.serverRead;
      this.#touch(chat);
    }
  }

  /** The log is durable up to there. @param {number} chatId @param {number} seq */
  saved(chatId, seq) {
    const chat = this.chats.get(chatId);
    if (chat && chat.saved < seq && seq <= chat.applied) {
      chat.saved = seq;
      this.#touch(chat);
    }
  }

  /** The user has read up to there, of what is applied. @param {number} chatId @param {number} seq */
  read(chatId, seq) {
    const chat = this.chats.get(chatId);
    if (!chat) return;
    const shown = Math.min(seq, chat.applied);
    if (chat.read < shown) {
      chat.read = shown;
      this.emit({ do: "save_marks", chat_id: chatId, read_seq: shown });
      this.#touch(chat);
    }
  }

  // --- outputs ---

  /** The frames to be sent now; each is given once. @param {number} now */
  *due(now) {
    yield* this.#syncs(now);
    for (const chatId of [...this.dirty]) {
      const chat = known(this.chats, chatId);
      if (chat.unmarked && chat.markAt <= now) {
        chat.markAt = now + this.timing.mark_every;
        yield this.#mark(chat);
      }
      if (!chat.unmarked && !chat.behind && !chat.asked) this.dirty.delete(chatId);
    }
  }

  /** When `due` will have something by the passing of time alone. @returns {number | null} */
  nextDue() {
    let least = Infinity;
    for (const chat of this.#wanting()) {
      if (chat.asked) least = Math.min(least, chat.asked.at + this.timing.resend);
      else if (chat.behind && this.asking < SYNCS) least = Math.min(least, chat.askAt);
      if (chat.unmarked) least = Math.min(least, chat.markAt);
    }
    return least === Infinity ? null : least;
  }

  /** No chat wants a page. */
  get caughtUp() {
    return !this.#wanting().some((chat) => chat.behind);
  }

  /** @returns {ChatLog[]} */
  #wanting() {
    return [...this.dirty].map((chatId) => known(this.chats, chatId));
  }

  /** @param {number} now */
  *#syncs(now) {
    const dirty = this.#wanting();
    for (const chat of dirty) {
      if (chat.asked && now - chat.asked.at >= this.timing.resend) this.#answered(chat);
    }
    const wanting = dirty.filter((chat) => chat.behind && !chat.asked && chat.askAt <= now);
    wanting.sort((one, other) => compareTimes(other.lastAt, one.lastAt));
    for (const chat of wanting.slice(0, Math.max(0, SYNCS - this.asking))) {
      this.refs += 1;
      chat.asked = { ref: `sync-${this.refs}`, afterSeq: chat.applied, heard: chat.lastSeq, at: now };
      this.asking += 1;
      yield {
        type: "sync",
        id: chat.asked.ref,
        chat_id: chat.chatId,
        after_seq: chat.applied,
        after_at: chat.applied ? chat.appliedAt : null,
        limit: PAGE,
      };
    }
  }

  /** @param {ChatLog} chat */
  #mark(chat) {
    const [delivered, read] = chat.marks;
    const frame = {
      type: "mark",
      id: `mark-${chat.chatId}`,
      chat_id: chat.chatId,
      delivered_seq: chat.uncounted || delivered > chat.toldDelivered ? delivered : null,
      read_seq: read > chat.toldRead ? read : null,
    };
    chat.toldDelivered = Math.max(delivered, chat.toldDelivered);
    chat.toldRead = Math.max(read, chat.toldRead);
    return frame;
  }

  // --- chats ---

  /** @param {Frame} head */
  #listHead(head) {
    let chat = this.chats.get(head.chat_id);
    const lastAt = head.last_at ?? null;
    const replaced = chat !== undefined && !chat.anew && wasReplaced(chat, head.last_seq, lastAt, chat.applied);
    if (chat && replaced) chat = this.#startAnew(chat);
    if (!chat || chat.anew) {
      chat = this.#enter(head.chat_id, head.first_seq, head.last_seq);
      this.#tellStart(chat);
    } else {
      this.#begins(chat, head.first_seq);
      const isFar = (head.left_seq ?? null) === null && head.last_seq - chat.applied > FAR_BEHIND;
      if (isFar && !this.wholeLog) this.#jump(chat, head.last_seq);
    }
    chat.leftSeq = head.left_seq ?? null;
    chat.lastAt = lastAt;
    chat.memberSeq = Math.max(chat.memberSeq, chat.leftSeq === null ? head.last_seq : chat.leftSeq - 1);
    chat.lastSeq = Math.max(chat.lastSeq, head.last_seq);
    if (chat.applied === head.last_seq && chat.appliedAt === null) chat.appliedAt = lastAt;
    chat.serverDelivered = chat.toldDelivered = head.delivered_seq;
    chat.serverRead = chat.toldRead = head.read_seq;
    this.#touch(chat);
    return replaced;
  }

  /** @param {number} chatId @param {number} firstSeq @param {number} lastSeq */
  #enter(chatId, firstSeq, lastSeq) {
    const applied = this.wholeLog ? Math.max(0, firstSeq - 1) : lastSeq;
    const chat = new ChatLog(chatId, firstSeq, lastSeq, applied);
    this.chats.set(chatId, chat);
    return chat;
  }

  /** @param {ChatLog} chat */
  #tellStart(chat) {
    if (chat.applied) this.emit({ do: "jump", chat_id: chat.chatId, applied: chat.applied });
    if (chat.firstSeq > 1) this.emit({ do: "begins", chat_id: chat.chatId, first_seq: chat.firstSeq });
  }

  /** What this user may see of the log begins elsewhere than was known: one who takes it whole goes back for it.
   * @param {ChatLog} chat @param {number} firstSeq */
  #begins(chat, firstSeq) {
    if (firstSeq === chat.firstSeq) return;
    const fell = firstSeq < chat.firstSeq;
    chat.firstSeq = firstSeq;
    this.emit({ do: fell ? "begins" : "expire", chat_id: chat.chatId, first_seq: firstSeq });
    if (!fell || !this.wholeLog) return;
    this.#answered(chat);
    chat.lastSeq = Math.max(chat.lastSeq, chat.applied);
    chat.early.clear();
    this.#jump(chat, firstSeq - 1);
  }

  /** Drop what was applied; where the new log ends is asked first. @param {ChatLog} chat */
  #startAnew(chat) {
    this.#answered(chat);
    this.emit({ do: "forget", chat_id: chat.chatId });
    const fresh = new ChatLog(chat.chatId, 1, 0, 0);
    fresh.leftSeq = chat.doubted ? null : chat.leftSeq;
    fresh.anew = true;
    this.chats.set(chat.chatId, fresh);
    this.#touch(fresh);
    return fresh;
  }

  /** @param {ChatLog} chat @param {number} seq */
  #jump(chat, seq) {
    chat.applied = chat.saved = seq;
    chat.appliedAt = null;
    for (const early of [...chat.early.keys()]) {
      if (early <= seq) chat.early.delete(early);
    }
    this.emit({ do: "jump", chat_id: chat.chatId, applied: seq });
  }

  /** @param {ChatLog} chat @param {number} delivered @param {number} read */
  #serverHas(chat, delivered, read) {
    chat.serverDelivered = Math.max(chat.serverDelivered, delivered);
    chat.serverRead = Math.max(chat.serverRead, read);
    chat.toldDelivered = Math.max(chat.toldDelivered, delivered);
    chat.toldRead = Math.max(chat.toldRead, read);
  }

  /** @param {ChatLog} chat */
  #touch(chat) {
    this.dirty.add(chat.chatId);
  }

  /** @param {ChatLog} chat */
  #answered(chat) {
    if (chat.asked) {
      chat.asked = null;
      this.asking -= 1;
    }
  }

  // --- items ---

  /** @param {ChatLog} chat @param {Item} item */
  #apply(chat, item) {
    chat.applied = item.seq;
    chat.appliedAt = item.created_at ?? null;
    this.emit({ do: "apply", item: within(item, chat.firstSeq) });
    const removed = item.type === "event" && item.event === "member_removed" && item.data.user_id === this.userId;
    if (removed && item.seq > chat.memberSeq) {
      // else they were added again since
      chat.leftSeq = chat.lastSeq = item.seq;
      chat.lagging = false;
      chat.early.clear();
    }
  }

  /** @param {ChatLog} chat */
  #applyEarly(chat) {
    for (let item = chat.early.get(chat.applied + 1); item; item = chat.early.get(chat.applied + 1)) {
      chat.early.delete(item.seq);
      this.#apply(chat, item);
    }
    for (const seq of [...chat.early.keys()]) {
      if (seq <= chat.applied) chat.early.delete(seq);
    }
  }
}
