/**
 * Carries a session over HTTP while no WebSocket can be had (docs/protocol.md section 2): what the session would ask on
 * a link is asked as requests, and what is to be sent is posted with the same cid, one at a time a chat. The WebSocket
 * is tried further on; whichever stores a message first, there is one.
 */

import { FAULTS, isPassing } from "./api.js";
import { fileIds } from "../protocol/row.js";
import { isChatList, isItem, isItemPage } from "../protocol/frames.js";

/** @typedef {import("../protocol/session.js").ClientSession} ClientSession
 * @typedef {Record<string, any>} Frame */
/**
 * @typedef {{api: import("./api.js").Api, userId: number, session: ClientSession,
 *   input: (feed: (session: ClientSession, at: number) => any) => any,
 *   listed: (list: {chats: any[], users: any[]}) => void, answered: () => void, silent: () => void}} Parts `input`: into the
 *   session; `listed`: for the windows; `answered`: a look was; `silent`: nobody answers any more
 */

/** Milliseconds between two looks at the chats, where the page is seen and where it is not. */
const EVERY = 3_000;
const EVERY_HIDDEN = 10_000;

/** Chats of a page; and each so many looks the whole list is read. */
const PAGE = 50;
const WHOLE = 10;

/** So many looks in a row without an answer, and there is nobody. */
const SILENT = 2;

export class Polling {
  #stopped = false;
  #timer = 0;
  /** Chats whose rows are being posted. @type {Set<number>} */
  #posting = new Set();
  #rounds = 0;
  /** Looks in a row without an answer. */
  #silent = 0;
  /** The chats were looked at: which logs were replaced is known, and what answered to them. */
  #looked = false;
  /** Pages that are on their way, by chat. @type {Map<number, Promise<void>>} */
  #syncs = new Map();
  /** How often the server failed at the row that is first in its chat. @type {Map<number, {cid: string, faults: number}>} */
  #failing = new Map();
  /** What was read and is not told yet, by chat. @type {Map<number, number>} */
  #read = new Map();

  /** @param {Parts} parts */
  constructor(parts) {
    this.parts = parts;
  }

  start() {
    void this.#round();
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.parts.session.leaveHttp();
  }

  /** Something was read. */
  hurry() {
    void this.#ask();
  }

  /** What is to be sent goes out beside the looks: much of it holds nothing back that comes in. */
  async #round() {
    const answered = await this.#look();
    if (this.#stopped) return;
    this.#silent = answered ? 0 : this.#silent + 1;
    if (answered) this.parts.answered();
    if (this.#silent === SILENT) return this.parts.silent();
    this.post();
    for (const chatId of this.#read.keys()) void this.#tellRead(chatId); // again, where it went wrong
    const wait = document.visibilityState === "visible" ? EVERY : EVERY_HIDDEN;
    this.#timer = window.setTimeout(() => void this.#round(), wait);
  }

  /**
   * What there is of new: the chats with new messages are the first of the list, so that it is read on only while all of
   * a page is new. Once in a while all of it is, for what moves no chat.
   * @returns {Promise<boolean>} whether the server answered
   */
  async #look() {
    const whole = this.#rounds % WHOLE === 0;
    const { replica } = this.parts.session;
    for (let cursor = ""; ;) {
      const then = new Map([...replica.chats].map(([id, { applied }]) => [id, applied]));
      const list = await this.parts.api.get(`/api/chats?limit=${PAGE}${cursor && `&cursor=${cursor}`}`);
      if (!list.ok && list.code === "rate_limited") return true; // it is there, and the next look may be let in
      if (this.#stopped || !list.ok || !isChatList(list.body)) return false;
      const { chats, users, epoch, next_cursor } = list.body;
      const allNew = chats.every((/** @type {any} */ { id, last_seq }) => replica.chats.get(id)?.lastSeq !== last_seq);
      const heads = chats.map((/** @type {any} */ chat) => {
        const head = { ...chat, chat_id: chat.id };
        return epoch === replica.epoch ? timely(head, replica.chats.get(chat.id), then.get(chat.id)) : head;
      });
      this.parts.listed({ chats, users });
      this.parts.input((session) => session.polled({ user: { id: this.parts.userId }, epoch, chats: heads }));
      await this.#ask();
      if (this.#stopped || !next_cursor || !(whole || allNew)) break;
      cursor = next_cursor;
    }
    this.#rounds += 1;
    return (this.#looked = true);
  }

  /** It carries: the server has answered. */
  get carries() {
    return this.#looked;
  }

  /** What there is of new in one chat. @param {number} chatId */
  async #bring(chatId) {
    await this.#syncs.get(chatId); // a page that was asked for before may be without it
    this.parts.input((session) => session.replica.lag({ chat_id: chatId, last_seq: 0 }));
    await this.#ask();
  }

  /** Ask until nothing is due. */
  async #ask() {
    for (;;) {
      /** @type {Frame[]} */
      const frames = this.parts.input((session, at) => session.dueByHttp(at)) ?? [];
      if (frames.length === 0 || this.#stopped) return;
      await Promise.all(frames.map((frame) => (frame.type === "sync" ? this.#page(frame) : this.#mark(frame))));
    }
  }

  /** @param {Frame} frame */
  async #page(frame) {
    const page = this.#sync(frame);
    this.#syncs.set(frame.chat_id, page);
    await page;
    if (this.#syncs.get(frame.chat_id) === page) this.#syncs.delete(frame.chat_id);
  }

  /** @param {Frame} frame */
  async #sync({ id, chat_id, after_seq, limit }) {
    const answer = await this.parts.api.get(`/api/chats/${chat_id}/messages?after_seq=${after_seq}&limit=${limit}`);
    // `ready` may tell where the log ended before that was read: the link is asked
    if (this.parts.session.linked) return this.#answered({ type: "error", ref: id, chat_id, code: "linked" });
    if (!answer.ok) {
      const code = answer.code === "not_found" ? "not_member" : answer.code;
      return this.#answered({ type: "error", ref: id, chat_id, code, retry_after_ms: answer.retry_after_ms });
    }
    if (!isItemPage(answer.body)) return this.#answered({ type: "error", ref: id, chat_id, code: "bad_answer" });
    this.#answered({ type: "page", ref: id, chat_id, more: answer.body.has_more, last_at: null, ...answer.body });
  }

  /** Only what is read can be told over HTTP. @param {Frame} frame */
  async #mark({ chat_id, read_seq }) {
    if (!read_seq) return;
    this.#read.set(chat_id, read_seq);
    await this.#tellRead(chat_id);
  }

  /** @param {number} chatId */
  async #tellRead(chatId) {
    const seq = this.#read.get(chatId);
    const answer = await this.parts.api.post(`/api/chats/${chatId}/read`, { seq });
    const told = answer.ok || !isPassing(answer.code);
    if (told && this.#read.get(chatId) === seq) this.#read.delete(chatId);
  }

  /** Post what waits and is saved: the chats at the same time, each in its order. */
  post() {
    if (!this.#looked) return;
    for (const chatId of [...this.parts.session.outbox.lines.keys()]) {
      if (!this.#posting.has(chatId)) void this.#postChat(chatId);
    }
  }

  /** @param {number} chatId */
  async #postChat(chatId) {
    this.#posting.add(chatId);
    try {
      await this.#postRows(chatId);
    } finally {
      this.#posting.delete(chatId);
    }
  }

  /** @param {number} chatId */
  async #postRows(chatId) {
    for (;;) {
      const row = this.#stopped ? null : this.parts.input((session) => session.rowByHttp(chatId));
      if (!row) return;
      const { cid, kind } = row;
      const { method, path, body, headers } = requestOf(row);
      const answer = await this.parts.api.call(method, path, body, headers);
      if (this.parts.session.linked) return; // the link sends it again, and hears after `ready` what became of it
      if (!answer.ok && isPassing(answer.code) && !this.#isHopeless(chatId, cid, answer.code)) return;
      if (!answer.ok) {
        this.#answered({ type: "error", ref: cid, code: codeOf(answer, kind), detail: "" });
      } else if (kind === "send") {
        if (!isItem({ type: "message", ...answer.body })) return;
        this.#answered({ type: "message", ...answer.body });
      } else {
        await this.#bring(chatId); // its event, so that what is shown already does not go away and come back
        this.#answered({ type: "ack", cid, seq: null, created_at: null });
      }
    }
  }

  /** Whether the server has failed at a row too often: what is behind it waits in vain.
   * @param {number} chatId @param {string} cid @param {string} code */
  #isHopeless(chatId, cid, code) {
    if (code !== "internal") return false;
    const before = this.#failing.get(chatId);
    const faults = before?.cid === cid ? before.faults + 1 : 1;
    this.#failing.set(chatId, { cid, faults });
    return faults >= FAULTS;
  }

  /** @param {import("../protocol/session.js").Answer} frame */
  #answered(frame) {
    this.parts.input((session, at) => session.answeredByHttp(frame, at));
  }
}

/**
 * What a head says of a log of which `then` items were applied when it was asked for (docs/protocol.md, Restored databases).
 * Where more are applied since, it may have been read before them: it says nothing of where the log ends, the next one does.
 * @param {Frame} head @param {import("../protocol/chat-log.js").ChatLog | undefined} chat as it is now
 * @param {number | undefined} then undefined: the chat was not known @returns {Frame}
 */
function timely(head, chat, then) {
  const isOlder = chat && !chat.anew && chat.applied !== then && head.last_seq < chat.applied;
  if (!isOlder || (then !== undefined && head.last_seq < then)) return head;
  return { ...head, last_seq: chat.applied, last_at: chat.appliedAt, left_seq: chat.leftSeq };
}

/**
 * What a row of the outbox is over HTTP (docs/protocol.md section 2).
 * @param {import("../protocol/row.js").Row} row
 * @returns {{method: string, path: string, body?: any, headers?: Record<string, string>}}
 */
export function requestOf(row) {
  const { kind, chat_id, cid, content, reply_to, seq, target_at, emoji, on, forward } = row;
  const messages = `/api/chats/${chat_id}/messages`;
  if (kind === "send") {
    const attachments = fileIds(row);
    const body = forward ? { cid, forward } : { cid, content, reply_to, ...(attachments.length && { attachments }) };
    return { method: "POST", path: messages, body };
  }
  const named = target_at === null ? "" : `?target_at=${encodeURIComponent(target_at)}`;
  const headers = { "Idempotency-Key": cid };
  const method = on ? "PUT" : "DELETE";
  switch (kind) {
    case "edit":
      return { method: "PATCH", path: `${messages}/${seq}${named}`, body: { content, cid } };
    case "delete":
      return { method: "DELETE", path: `${messages}/${seq}${named}`, headers };
    case "react":
      return { method, path: `${messages}/${seq}/reactions/${encodeURIComponent(emoji ?? "")}${named}`, headers };
    case "pin":
      return { method, path: `${messages}/${seq}/pin${named}`, headers };
  }
}

/** The code that a link would have told. @param {import("../types.js").Refused} refused
 * @param {import("../protocol/row.js").Kind} kind */
function codeOf({ code, errors }, kind) {
  if (code === "not_found") return kind === "send" ? "not_member" : "bad_seq";
  return code === "validation_failed" ? (errors?.[0]?.code ?? code) : code;
}
