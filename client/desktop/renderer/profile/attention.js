/**
 * Which chat somebody is looking at, in whichever window of the profile: the one with the focus tells the others, again
 * and again, for a window may end without a word.
 */

/** Milliseconds between two tellings, and for which one of them holds. */
export const TELL_AGAIN = 10_000;
const HOLDS = 25_000;

export class Attention {
  #from = "";
  /** @type {number | null} */
  #chatId = null;
  #until = -Infinity;

  /** @param {string} from a window @param {number | null} chatId null: nothing is looked at there @param {number} now ms */
  told(from, chatId, now) {
    if (chatId === null && this.#from !== from) return;
    this.#from = from;
    this.#chatId = chatId;
    this.#until = now + HOLDS;
  }

  /** What a window told last, as long as no other did. @param {string} from */
  of(from) {
    return this.#from === from ? this.#chatId : null;
  }

  /** @param {number} chatId @param {number} now */
  isOn(chatId, now) {
    return this.#chatId === chatId && now < this.#until;
  }
}
