/** How much of a file one request carries: what a cut costs is a piece, and each one costs a round trip. */

const KIB = 1024;
const SMALLEST = 64 * KIB;
const LARGEST = 1024 * KIB;
/** Pieces in a row that arrived. */
const GROWS_AFTER = 8;
/** Milliseconds for a piece: larger ones only below the first, smaller ones above the second. */
const QUICK = 1000;
const SLOW = 4000;

export class Pieces {
  /** Bytes of the next one. */
  size = 256 * KIB;
  /** How many arrived since that was changed. */
  #arrived = 0;

  /** A piece arrived. @param {number} milliseconds */
  took(milliseconds) {
    this.#arrived += 1;
    if (milliseconds > SLOW) this.#change(this.size / 2);
    else if (milliseconds < QUICK && this.#arrived >= GROWS_AFTER) this.#change(this.size * 2);
  }

  /** A piece did not. */
  lost() {
    this.#change(this.size / 2);
  }

  /** @param {number} size */
  #change(size) {
    this.size = Math.min(Math.max(size, SMALLEST), LARGEST);
    this.#arrived = 0;
  }
}
