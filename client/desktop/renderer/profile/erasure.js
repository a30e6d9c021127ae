/**
 * Has the texts that were deleted leave the disk of this machine (store/rewriting.js): soon, but not at each deletion, for
 * all that is kept is written anew. It belongs to the window that owns the profile.
 */

/** Milliseconds after a deletion: most often others follow. */
const AFTER = 10_000;
/** Times as long as it took the next one waits at least: one part in a hundred of the time is spent on it. */
const REST = 100;
/** Milliseconds without a key or a click after which nobody is taken to write: what is to be kept waits meanwhile. */
const QUIET = 5_000;
/** Milliseconds that are waited for such a moment. */
const PATIENCE = 5 * 60_000;
/** Milliseconds until it is tried again where it could not be done. */
const LATER = 60_000;

const USES = ["keydown", "pointerdown"];

export class Erasure {
  #timer = 0;
  /** When it may be done again, on the clock of `performance`. */
  #rested = 0;
  /** Something was deleted while it was done. */
  #more = false;
  /** When somebody pressed a key or clicked, on the same clock. */
  #used = -Infinity;

  /** @param {Pick<import("../store/db.js").Store, "rewrite" | "onErased">} db @param {boolean} [left] by an earlier life */
  constructor(db, left = false) {
    this.db = db;
    this.#more = left;
  }

  start() {
    for (const event of USES) window.addEventListener(event, this.#use, { capture: true, passive: true });
    this.db.onErased = this.#erased;
    if (this.#more) this.#erased();
  }

  /** What is left to erase the next owner does. */
  stop() {
    for (const event of USES) window.removeEventListener(event, this.#use, { capture: true });
    this.db.onErased = () => {};
    clearTimeout(this.#timer);
  }

  #use = () => {
    this.#used = performance.now();
  };

  #erased = () => {
    this.#more = true;
    if (!this.#timer) this.#plan(Math.max(AFTER, this.#rested - performance.now()));
  };

  /** @param {number} wait ms @param {number} [patience] ms for a quiet moment after that */
  #plan(wait, patience = PATIENCE) {
    this.#timer = window.setTimeout(() => {
      const busy = QUIET - (performance.now() - this.#used);
      if (busy <= 0 || patience <= 0) void this.#erase();
      else this.#plan(busy, patience - busy);
    }, wait);
  }

  async #erase() {
    const begun = performance.now();
    this.#more = false;
    const done = await this.db.rewrite().catch((error) => {
      console.warn("what was deleted is still on the disk:", error);
      return false;
    });
    const now = performance.now();
    this.#rested = now + REST * (now - begun);
    this.#timer = 0;
    if (this.db.onErased !== this.#erased) return; // it was stopped
    if (!done) this.#plan(LATER);
    else if (this.#more) this.#erased();
  }
}
