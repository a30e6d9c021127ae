/**
 * What is being written, on its way into the State: a moment after the last key, so that a key draws nothing but the
 * composer, and at once where the composer is left.
 */

/** Milliseconds. */
const PAUSE = 250;

export class Drafts {
  /** @type {{chatId: number, text: string, keep: (text: string) => void} | null} */
  #waiting = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer = undefined;

  /** @param {import("../face.js").Face} face */
  constructor(face) {
    this.face = face;
    window.addEventListener("pagehide", () => this.flush(), { signal: face.ended });
  }

  /** @param {number} chatId @param {string} text @param {(text: string) => void} [keep] where it is no draft */
  later(chatId, text, keep = (last) => this.face.messenger.setDraft(chatId, last)) {
    if (this.#waiting?.chatId !== chatId) this.flush();
    this.#waiting = { chatId, text, keep };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), PAUSE);
  }

  /** @param {number} chatId @param {string} text */
  now(chatId, text) {
    this.later(chatId, text);
    this.flush();
  }

  /** What could not be kept stands above or below what is written there now. @param {number} chatId
   * @param {{above?: string, below?: string}} texts */
  giveBack(chatId, { above = "", below = "" }) {
    this.flush();
    const draft = this.face.messenger.state().chats.get(chatId)?.draft ?? "";
    this.now(chatId, [above, draft, below].filter((text) => text !== "").join("\n"));
  }

  /** The State does not know yet what is written there. @param {number} chatId */
  waits(chatId) {
    return this.#waiting?.chatId === chatId;
  }

  flush() {
    clearTimeout(this.#timer);
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.keep(waiting.text);
  }
}
