/** Telling the others that one types. */

import { isBlank } from "../../rules/blank.js";

/** Milliseconds: how often one says that one types, and after what silence one does not any more. */
const TYPING = { every: 3000, silence: 5000 };

export class Typing {
  #told = { chatId: 0, toldAt: -Infinity };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #silence = undefined;

  /** @param {import("../face.js").Face} face */
  constructor(face) {
    this.face = face;
  }

  /** @param {number} chatId @param {string} text */
  tell(chatId, text) {
    if (isBlank(text)) return this.stop();
    const now = performance.now();
    if (this.#told.chatId !== chatId || now - this.#told.toldAt >= TYPING.every) {
      this.#told = { chatId, toldAt: now };
      this.face.messenger.typing(chatId, true);
    }
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.stop(), TYPING.silence);
  }

  stop() {
    clearTimeout(this.#silence);
    if (!this.#told.chatId) return;
    this.face.messenger.typing(this.#told.chatId, false);
    this.#told = { chatId: 0, toldAt: -Infinity };
  }
}
