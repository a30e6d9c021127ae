/**
 * How long a client waits for what (docs/protocol.md section 4), and its back-off. All in milliseconds.
 * The same as chatproto/client/timing.py, which explains each.
 */

export const TIMING = Object.freeze({
  backoff_first: 500,
  backoff_ceiling: 8_000,
  steady: 30_000,
  connect: 10_000,
  quiet: 20_000,
  answer: 5_000,
  busy_answer: 15_000,
  crowded: 60_000,
  limited: 30_000,
  resend: 10_000,
  retry: 1_000,
  renew_again: 5_000,
  mark_every: 1_000,
  typing_every: 3_000,
});

/** @typedef {typeof TIMING} Timing */

/** The pauses between attempts: full jitter over a bound that doubles. */
export class Backoff {
  /** @param {Timing} timing @param {() => number} random numbers from 0 up to 1 */
  constructor(timing, random) {
    this.timing = timing;
    this.random = random;
    this.failures = 0;
  }

  /** @returns {number} milliseconds to wait before the next attempt */
  next() {
    const bound = Math.min(this.timing.backoff_ceiling, this.timing.backoff_first * 2 ** Math.min(this.failures, 20));
    this.failures += 1;
    return Math.trunc(this.random() * bound);
  }

  /** A link was live for long enough. */
  reset() {
    this.failures = 0;
  }
}
