/**
 * Drafts on this machine, and what is begun besides them, a moment after the last key. The text of a message that is being written there, which takes seconds
 * where it has large files, stands in the draft of its chat until the message is there.
 */

import { answered, keptOf, slim } from "../state/begun.js";

/** @typedef {import("../store/db.js").Store | null} Place of who is logged in
 * @typedef {import("../types.js").Begun} Begun @typedef {import("../types.js").Answered} Answered
 * @typedef {{text: string, reply: Answered | null}} Written
 * @typedef {Written & {db: Place, chatId: number, draft: string, begun: Begun | null}} Putting `draft`, `begun`: what was kept
 *   below the text, and besides it, last */

/** Milliseconds that a draft waits for more of it. */
const PAUSE = 300;

export class KeptDrafts {
  /** @type {Map<number, number>} */
  #timers = new Map();
  /** @type {Set<Putting>} */
  #putting = new Set();
  /** Of what is begun that which is kept, or is going to be, by chat: as JSON. @type {Map<number, string>} */
  #begun = new Map();
  #leaving = false;

  /** @param {() => import("../state/model.js").Model} model @param {() => Place} db */
  constructor(model, db) {
    this.model = model;
    this.db = db;
  }

  /** That is there from an earlier start. @param {ReadonlyMap<number, Begun>} begun */
  recalled(begun) {
    this.#begun = new Map([...begun].map(([chatId, one]) => [chatId, JSON.stringify(slim(one))]));
  }

  /**
   * What is begun, or what may be kept of it, has changed perhaps: nothing is kept of an edit of what was deleted.
   * @param {readonly number[]} [told] chats where somebody begins or ends something: the window where they do keeps it
   */
  noticed(told = []) {
    if (!this.db()) return this.#begun.clear();
    const model = this.model();
    for (const chatId of new Set([...model.begun.keys(), ...this.#begun.keys()])) {
      const kept = keptOf(model, chatId);
      const json = JSON.stringify(kept);
      if (json === (this.#begun.get(chatId) ?? "null")) continue;
      if (kept) this.#begun.set(chatId, json);
      else this.#begun.delete(chatId);
      // without the draft: another window may be writing its message, and have it there meanwhile
      if (!told.includes(chatId)) void this.#write(this.db(), chatId, { begun: kept });
    }
  }

  /** The draft of a chat, or what is begun there, has changed. @param {number} chatId */
  changed(chatId) {
    clearTimeout(this.#timers.get(chatId));
    const keep = () => this.#keep(chatId);
    if (this.#leaving) keep();
    else this.#timers.set(chatId, window.setTimeout(keep, PAUSE));
  }

  /**
   * A text is a draft while its message is written, and goes on being one where that fails: who wrote it gets it back.
   * @template T @param {number} chatId @param {Written} written
   * @param {() => Promise<{done: T, isThere: boolean}>} put writes the message @returns {Promise<T>}
   */
  async during(chatId, { text, reply }, put) {
    const db = this.db();
    /** @type {Putting} */
    const one = { db, chatId, text, reply: reply && answered(reply), draft: "", begun: null };
    this.#putting.add(one);
    this.#keep(chatId);
    const { done, isThere } = await put();
    this.#putting.delete(one);
    if (isThere && db === this.db()) this.#keep(chatId);
    // the log-in ended meanwhile, and what is opened again for this is let go again
    else if (isThere) void this.#write(db, chatId, one).then(() => db?.close());
    return done;
  }

  /** Of a page that goes: the face may tell of a last word after this, and there is no later for it. */
  leave() {
    this.flush();
    this.#leaving = true;
  }

  flush() {
    for (const [chatId, timer] of this.#timers) {
      clearTimeout(timer);
      this.#keep(chatId);
    }
  }

  /** @param {number} chatId */
  #keep(chatId) {
    this.#timers.delete(chatId);
    const model = this.model();
    void this.#write(this.db(), chatId, { draft: model.drafts.get(chatId) ?? "", begun: keptOf(model, chatId) });
  }

  /** @param {Place} db @param {number} chatId @param {{draft?: string, begun: Begun | null}} kept */
  async #write(db, chatId, kept) {
    const { draft, begun } = kept;
    const there = [...this.#putting].filter((one) => one.db === db && one.chatId === chatId);
    for (const one of there) Object.assign(one, kept);
    const text = [...there.map((one) => one.text), draft ?? ""].filter((one) => one !== "").join("\n");
    const reply = begun?.reply ?? there.find((one) => one.reply)?.reply ?? null;
    const whole = slim({ reply, edit: begun?.edit ?? null });
    try {
      const drafts = new Map(draft === undefined ? [] : [[chatId, text]]);
      await db?.keepViews({ drafts, begun: new Map([[chatId, whole]]) });
    } catch {
      // it is not kept, or nothing of this log-in is
    }
  }
}
