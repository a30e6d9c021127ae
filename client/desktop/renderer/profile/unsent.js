/**
 * Messages that are changed or deleted while they are on their way (docs/protocol.md, C1: the bytes of a row never change
 * once the server may have them). One that never was on the way is changed itself, or leaves. With one that was, what is
 * to become of it is kept beside it, and becomes a command of its own when its seq is known.
 * It takes the message's place in the very save that ends the message (saves.js), so that nothing is lost in between.
 */

import { echoOf, followUp } from "../protocol/commands.js";
import { uuid7 } from "../protocol/ids.js";

/** @typedef {import("../state/model.js").Update} Update @typedef {import("../types.js").Done} Done
 * @typedef {import("../types.js").Refused} Refused @typedef {import("../protocol/session.js").ClientSession} ClientSession
 * @typedef {{content: string} | {remove: true}} Then @typedef {Then & {cid: string}} Kept `cid`: of the command to come */
/**
 * @typedef {{session: ClientSession, db: import("../store/db.js").Store, publish: (updates: Update[]) => void,
 *   input: (feed: (session: ClientSession, at: number) => any) => any, hurry: () => void}} Parts
 */

/** Places of one's own messages that are remembered after they were stored. */
const REMEMBERED = 200;
/** @type {Done} */
const DONE = { ok: true };

export class Unsent {
  /** What is to become of rows when they are stored. @type {Map<string, Kept>} */
  #then = new Map();
  /** @type {Map<string, {chat_id: number, seq: number, created_at: string}>} */
  #stored = new Map();

  /** @param {Parts} parts @param {import("../store/db.js").Kept[]} rows of an earlier life */
  constructor(parts, rows) {
    this.parts = parts;
    for (const { cid, then, state } of rows) {
      if (state !== "queued") continue;
      if (then?.cid) this.#then.set(cid, then);
    }
  }

  /** It leaves, unless it was on the way once. @param {string} cid @returns {Promise<boolean>} whether it left */
  async cancel(cid) {
    const entry = this.#untried(cid);
    if (!entry) return false;
    const { chat_id } = entry.row;
    this.parts.input((session, at) => session.discard(cid, at));
    await this.parts.db.dropRow(cid);
    this.parts.publish([{ do: "discarded", cid, chat_id }]);
    return true;
  }

  /** @param {number} chatId @param {string} cid @param {Then} then @returns {Promise<Done | Refused>} */
  async change(chatId, cid, then) {
    if ("remove" in then && (await this.cancel(cid))) return DONE;
    const entry = this.#untried(cid);
    const copied = entry && /** @type {import("../store/db.js").Kept} */ (entry.row).forward; // its text is the server's to copy
    if (entry && !copied && "content" in then) {
      entry.unsaved += 1; // it is not sent before the new text is durable
      entry.row = { ...entry.row, content: then.content };
      await this.parts.db.changeRow(cid, { content: then.content });
      this.parts.publish([{ do: "amended", cid, chat_id: chatId, then }]);
      this.parts.input((session, at) => session.rowSaved(cid, at));
      this.parts.hurry();
      return DONE;
    }
    if (this.parts.session.outbox.entries.has(cid)) {
      const kept = named(then);
      this.#then.set(cid, kept);
      await this.parts.db.changeRow(cid, { then: kept });
      this.parts.publish([{ do: "amended", cid, chat_id: chatId, then }]);
      return DONE;
    }
    const stored = this.#stored.get(cid);
    if (!stored) return { ok: false, code: "not_found" };
    const kept = named(then);
    await this.parts.db.addRow(followUp(kept, stored, Date.now()));
    this.#put(stored, kept);
    return DONE;
  }

  /** Something was published. @param {Update[]} updates */
  noticed(updates) {
    for (const update of updates) {
      if (update.do === "sent") this.#sent(/** @type {any} */ (update));
      else if (update.do === "failed") void this.#failed(/** @type {any} */ (update));
    }
  }

  /** @param {{cid: string, chat_id: number, seq: number | null, created_at: string | null}} sent */
  #sent({ cid, chat_id, seq, created_at }) {
    const then = this.#then.get(cid);
    this.#then.delete(cid);
    if (seq === null || created_at === null) return;
    this.#stored.set(cid, { chat_id, seq, created_at });
    if (this.#stored.size > REMEMBERED) this.#stored.delete([...this.#stored.keys()][0]);
    if (then) this.#put({ chat_id, seq, created_at }, then);
  }

  /** It was refused: the new text is the one to be sent again; one that was to be deleted is.
   * @param {{cid: string, chat_id: number}} failed */
  async #failed({ cid, chat_id }) {
    const then = this.#then.get(cid);
    this.#then.delete(cid);
    if (!then) return;
    if ("content" in then) {
      await this.parts.db.changeRow(cid, { content: then.content, then: undefined }).catch(() => {});
    } else {
      await this.parts.db.dropRow(cid).catch(() => {});
      this.parts.publish([{ do: "discarded", cid, chat_id }]);
    }
  }

  /** It is durable already. @param {{chat_id: number, seq: number, created_at: string}} stored @param {Kept} then */
  #put(stored, then) {
    const row = followUp(then, stored, Date.now());
    this.parts.publish([{ do: "echo", echo: echoOf(row) }]);
    this.parts.input((session, at) => session.send(row, at, true));
    this.parts.hurry();
  }

  /** A row that no server has seen. @param {string} cid */
  #untried(cid) {
    const entry = this.parts.session.outbox.entries.get(cid);
    return entry && !entry.tried ? entry : null;
  }
}

/** @param {Then} then @returns {Kept} */
const named = (then) => ({ ...then, cid: uuid7(Date.now(), crypto.getRandomValues(new Uint8Array(10))) });
