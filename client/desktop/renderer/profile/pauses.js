/**
 * How long a window waits that could not save, before it begins again: twice as long each time, up to a minute. One small save
 * that succeeds (a disk that is nearly full) is no reason to begin with the first pause again; that it went well for a while is.
 */

const FIRST = 1_000;
const MOST = 60_000;
const WELL = 30_000;

export class Pauses {
  #failures = 0;
  #begunAt = 0;

  /** @param {() => number} random numbers from 0 up to 1 */
  constructor(random) {
    this.random = random;
  }

  /** It goes on. @param {number} at milliseconds */
  begun(at) {
    this.#begunAt = at;
  }

  /** It does not. @param {number} at milliseconds @param {boolean} began it had begun before
   * @returns {number} milliseconds until it is tried again */
  next(at, began) {
    if (began && at - this.#begunAt >= WELL) this.#failures = 0;
    const most = Math.min(MOST, FIRST * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    return Math.trunc(most * (0.5 + this.random() / 2));
  }
}
