/**
 * Carries a session over HTTP while no WebSocket can be had (docs/protocol.md section 2): what the session would ask on
 * a link is asked as requests, and what is to be sent is posted with the same cid, one at a time a chat. The WebSocket
 * is tried further on; whichever stores a message first, there is one.
 */

import { isPassing } from "./api.js";
import { isChatList, isItem, isItemPage } from "./core/frames.js";

/** @typedef {import("./core/session.js").ClientSession} ClientSession
 * @typedef {import("./core/outbox.js").Entry} Entry @typedef {Record<string, any>} Frame */
/**
 * @typedef {{api: import("./api.js").Api, userId: number, session: ClientSession,
 *   input: (feed: (session: ClientSession, at: number) => any) => any,
 *   listed: (list: {chats: any[], users: any[]}) => void}} Parts `input`: into the session; `listed`: for the windows
 */

/** Milliseconds between two looks at the chats, where the page is seen and where it is not. */
const EVERY = 3_000;
const EVERY_HIDDEN = 10_000;

export class Polling {
  #stopped = false;
  #timer = 0;
  #posting = false;

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

  /** There is a row to be sent, or something was read. */
  hurry() {
    void this.#post();
    void this.#ask();
  }

  async #round() {
    const list = await this.parts.api.get("/api/chats");
    if (this.#stopped) return;
    if (list.ok && isChatList(list.body)) {
      const { chats, users, epoch } = list.body;
      const heads = chats.map((/** @type {any} */ chat) => ({ ...chat, chat_id: chat.id }));
      this.parts.listed({ chats, users });
      this.parts.input((session) => session.polled({ user: { id: this.parts.userId }, epoch, chats: heads }));
      await Promise.all([this.#ask(), this.#post()]);
    }
    if (this.#stopped) return;
    const wait = document.visibilityState === "visible" ? EVERY : EVERY_HIDDEN;
    this.#timer = window.setTimeout(() => void this.#round(), wait);
  }

  /** Ask until nothing is due. */
  async #ask() {
    for (;;) {
      /** @type {Frame[]} */
      const frames = this.parts.input((session, at) => session.dueByHttp(at)) ?? [];
      if (frames.length === 0 || this.#stopped) return;
      await Promise.all(frames.map((frame) => (frame.type === "sync" ? this.#sync(frame) : this.#mark(frame))));
    }
  }

  /** @param {Frame} frame */
  async #sync({ id, chat_id, after_seq, limit }) {
    const answer = await this.parts.api.get(`/api/chats/${chat_id}/messages?after_seq=${after_seq}&limit=${limit}`);
    if (!answer.ok) {
      const code = answer.code === "not_found" ? "not_member" : answer.code;
      return this.#answered({ type: "error", ref: id, chat_id, code, retry_after_ms: answer.retry_after_ms });
    }
    if (!isItemPage(answer.body)) return this.#answered({ type: "error", ref: id, chat_id, code: "bad_answer" });
    this.#answered({ type: "page", ref: id, chat_id, more: answer.body.has_more, last_at: null, ...answer.body });
  }

  /** Only what is read can be told over HTTP. @param {Frame} frame */
  async #mark({ chat_id, read_seq }) {
    if (read_seq) await this.parts.api.post(`/api/chats/${chat_id}/read`, { seq: read_seq });
  }

  /** Post what waits: the chats at the same time, each in its order. */
  async #post() {
    if (this.#posting) return;
    this.#posting = true;
    const lines = [...this.parts.session.outbox.lines.keys()];
    await Promise.all(lines.map((chatId) => this.#postChat(chatId)));
    this.#posting = false;
  }

  /** @param {number} chatId */
  async #postChat(chatId) {
    for (;;) {
      const entry = this.parts.session.outbox.lines.get(chatId)?.waiting[0];
      if (!entry?.saved || this.#stopped) return;
      const { cid, content, reply_to } = entry.row;
      const answer = await this.parts.api.post(`/api/chats/${chatId}/messages`, { cid, content, reply_to });
      if (!answer.ok && isPassing(answer.code)) return;
      if (answer.ok && !isItem({ type: "message", ...answer.body })) return;
      if (answer.ok) this.#answered({ type: "message", ...answer.body });
      else this.#answered({ type: "error", ref: cid, code: codeOf(answer), detail: "" });
    }
  }

  /** @param {Frame} frame */
  #answered(frame) {
    this.parts.input((session, at) => session.answeredByHttp(frame, at));
  }
}

/** The code that a link would have told. @param {import("./types.js").Refused} refused */
function codeOf({ code, errors }) {
  if (code === "not_found") return "not_member";
  return code === "validation_failed" ? (errors?.[0]?.code ?? code) : code;
}
