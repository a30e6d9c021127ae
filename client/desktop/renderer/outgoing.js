/**
 * What the user writes: messages on their way and drafts. A message is durable on this machine before it is shown, and
 * shown before it is sent; the window that has the link sends it.
 */

import { contentProblem, withoutHalves } from "./core/content.js";
import { uuid7 } from "./core/ids.js";
import { rowOf } from "./core/outbox.js";
import { echoOf } from "./profile.js";

/** @typedef {import("./types.js").Refused} Refused @typedef {import("./types.js").Done} Done
 * @typedef {import("./types.js").Message} Message */

/** Milliseconds that a draft waits for more of it. */
const DRAFT_AFTER = 300;
/** Messages that may wait for the server, a chat. */
const UNSENT = 2_000;

export class Outgoing {
  /** @type {Map<number, number>} */
  #draftTimers = new Map();

  /**
   * @param {() => import("./core/model.js").Model} model @param {() => import("./profile.js").Profile | null} profile
   * @param {() => import("./db.js").Store | null} db
   */
  constructor(model, profile, db) {
    this.model = model;
    this.profile = profile;
    this.db = db;
  }

  /** @param {number} chatId @param {string} text @param {Message | null} replyTo @returns {Promise<Done | Refused>} */
  async send(chatId, text, replyTo) {
    const content = withoutHalves(text);
    const problem = contentProblem(content, this.model().limits);
    if (problem) return { ok: false, code: problem };
    if (this.model().chats.get(chatId)?.left_seq) return { ok: false, code: "not_member" };
    if ((this.model().echoes.lists.get(chatId)?.length ?? 0) >= UNSENT) return { ok: false, code: "too_many_unsent" };
    const reply = replyTo && { reply_to: replyTo.seq, target_at: replyTo.created_at };
    return this.#put({ ...{ reply_to: null, target_at: null }, ...reply, chat_id: chatId, content });
  }

  /** The same text again: a new message, in the place of the one that failed. @param {string} cid */
  async retry(cid) {
    const echo = this.#echo(cid);
    if (echo?.state !== "failed") return;
    const { chat_id, content, reply_to, target_at } = echo;
    await this.#put({ chat_id, content, reply_to, target_at }, echo);
  }

  /** @param {string} cid */
  async discard(cid) {
    const echo = this.#echo(cid);
    if (!echo) return;
    await this.db()
      ?.dropRow(cid)
      .catch(() => {});
    this.profile()?.publish([{ do: "discarded", cid, chat_id: echo.chat_id }]);
    if (echo.state === "queued") void this.profile()?.command({ do: "discard", cid });
  }

  /** @param {number} chatId @param {string} text */
  setDraft(chatId, text) {
    if ((this.model().drafts.get(chatId) ?? "") === text) return;
    this.profile()?.publish([{ do: "draft", chat_id: chatId, text }]);
    clearTimeout(this.#draftTimers.get(chatId));
    const keep = () => this.#keepDraft(chatId);
    this.#draftTimers.set(chatId, window.setTimeout(keep, DRAFT_AFTER));
  }

  // --- steps ---

  /**
   * Durable first, then shown, then sent.
   * @param {{chat_id: number, content: string, reply_to: number | null, target_at: string | null}} what
   * @param {import("./types.js").Echo} [instead] an echo that it replaces
   * @returns {Promise<Done | Refused>}
   */
  async #put(what, instead) {
    const cid = uuid7(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
    const state = /** @type {const} */ ("queued");
    const row = { ...rowOf({ ...what, cid }), state, code: null, written_at: new Date().toISOString() };
    try {
      await this.db()?.addRow(row, instead?.cid);
    } catch (error) {
      console.error("a message could not be saved:", error);
      return { ok: false, code: "not_saved" };
    }
    const gone = instead ? [{ do: "discarded", cid: instead.cid, chat_id: instead.chat_id }] : [];
    this.profile()?.publish([...gone, { do: "echo", echo: echoOf(row) }]);
    void this.profile()?.command({ do: "row", row });
    return { ok: true };
  }

  /** @param {string} cid */
  #echo(cid) {
    for (const list of this.model().echoes.lists.values()) {
      const echo = list.find((one) => one.cid === cid);
      if (echo) return echo;
    }
    return null;
  }

  /** @param {number} chatId */
  #keepDraft(chatId) {
    this.#draftTimers.delete(chatId);
    const drafts = new Map([[chatId, this.model().drafts.get(chatId) ?? ""]]);
    void this.db()?.keepViews({ drafts }).catch(() => {}); // prettier-ignore
  }

  flushDrafts() {
    for (const [chatId, timer] of this.#draftTimers) {
      clearTimeout(timer);
      this.#keepDraft(chatId);
    }
  }
}
