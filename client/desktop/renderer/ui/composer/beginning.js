/** The answer and the edit that are begun in each chat: one of each (state/begun.js). The draft of the chat is left alone. */

import { NOTHING_BEGUN, answered, begunIn, isChanged, keyOf } from "../../state/begun.js";

/** @typedef {import("../../types.js").Message} Message @typedef {import("../../types.js").Echo} Echo
 * @typedef {import("../../types.js").Begun} Begun @typedef {import("../../types.js").Edit} Edit */

export class Beginning {
  /** @param {import("../face.js").Face} face */
  constructor(face) {
    this.face = face;
  }

  /** @param {number | null} chatId @returns {Begun} */
  of(chatId) {
    return chatId === null ? NOTHING_BEGUN : begunIn(this.face.messenger.state(), chatId);
  }

  /** @param {number} chatId @param {Partial<Begun>} change */
  #set(chatId, change) {
    this.face.messenger.setBegun(chatId, { ...this.of(chatId), ...change });
  }

  /** @param {number} chatId @param {import("../../types.js").Answered} message */
  reply(chatId, message) {
    this.#set(chatId, { reply: answered(message) });
  }

  /** The answer could not be kept: it is one again, unless there is another. @param {number} chatId
   * @param {import("../../types.js").Answered} message */
  giveBack(chatId, message) {
    if (!this.of(chatId).reply) this.reply(chatId, message);
  }

  /** @param {number} chatId @returns {boolean} whether there was one */
  endReply(chatId) {
    const there = this.of(chatId).reply !== null;
    if (there) this.#set(chatId, { reply: null });
    return there;
  }

  /** @param {number} chatId @param {Message | Echo} target */
  edit(chatId, target) {
    const text = target.content ?? "";
    const files = Boolean(target.attachments?.length) || ("files" in target && target.files.length > 0);
    const place =
      "type" in target
        ? { seq: target.seq, cid: null, created_at: target.created_at }
        : { seq: null, cid: target.cid, created_at: null };
    this.#set(chatId, { edit: { ...place, files, before: text, text } });
  }

  /** It could not be kept: it is one again. @param {number} chatId @param {Edit} edit */
  editAgain(chatId, edit) {
    this.#set(chatId, { edit });
  }

  /** There is something to lose. @param {number} chatId */
  isChanged(chatId) {
    const { edit } = this.of(chatId);
    return edit !== null && isChanged(edit);
  }

  /** @param {number} chatId @param {Edit} of the one that was typed into @param {string} text */
  type(chatId, of, text) {
    const { edit } = this.of(chatId);
    if (!edit || keyOf(edit) !== keyOf(of) || edit.text === text) return;
    this.#set(chatId, { edit: { ...edit, text, recalled: false } });
  }

  /** @param {number} chatId @returns {boolean} whether there was one */
  endEdit(chatId) {
    const there = this.of(chatId).edit !== null;
    if (there) this.#set(chatId, { edit: null });
    return there;
  }
}
