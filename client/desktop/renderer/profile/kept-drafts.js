/**
 * Drafts on this machine, a moment after the last key. The text of a message that is being written there, which takes seconds
 * where it has large files, stands in the draft of its chat until the message is there.
 */

/** @typedef {import("../store/db.js").Store | null} Place of who is logged in
 * @typedef {{db: Place, chatId: number, text: string, draft: string}} Putting `draft`: what was kept below the text last */

/** Milliseconds that a draft waits for more of it. */
const PAUSE = 300;

export class KeptDrafts {
  /** @type {Map<number, number>} */
  #timers = new Map();
  /** @type {Set<Putting>} */
  #putting = new Set();
  #leaving = false;

  /** @param {() => import("../state/model.js").Model} model @param {() => Place} db */
  constructor(model, db) {
    this.model = model;
    this.db = db;
  }

  /** It has changed. @param {number} chatId */
  changed(chatId) {
    clearTimeout(this.#timers.get(chatId));
    const keep = () => this.#keep(chatId);
    if (this.#leaving) keep();
    else this.#timers.set(chatId, window.setTimeout(keep, PAUSE));
  }

  /**
   * A text is a draft while its message is written, and goes on being one where that fails: who wrote it gets it back.
   * @template T @param {number} chatId @param {string} text
   * @param {() => Promise<{done: T, isThere: boolean}>} put writes the message @returns {Promise<T>}
   */
  async during(chatId, text, put) {
    const db = this.db();
    const one = { db, chatId, text, draft: "" };
    this.#putting.add(one);
    this.#keep(chatId);
    const { done, isThere } = await put();
    this.#putting.delete(one);
    if (isThere && db === this.db()) this.#keep(chatId);
    // the log-in ended meanwhile, and what is opened again for this is let go again
    else if (isThere) void this.#write(db, chatId, one.draft).then(() => db?.close());
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
    void this.#write(this.db(), chatId, this.model().drafts.get(chatId) ?? "");
  }

  /** @param {Place} db @param {number} chatId @param {string} draft */
  async #write(db, chatId, draft) {
    const there = [...this.#putting].filter((one) => one.db === db && one.chatId === chatId);
    for (const one of there) one.draft = draft;
    const text = [...there.map((one) => one.text), draft].filter((one) => one !== "").join("\n");
    try {
      await db?.keepViews({ drafts: new Map([[chatId, text]]) });
    } catch {
      // it is not kept, or nothing of this log-in is
    }
  }
}
