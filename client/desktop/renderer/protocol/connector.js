/**
 * Whether there is a link, when to return, and with which token (docs/protocol.md section 4, close codes). The same as
 * chatproto/client/connector.py.
 */

import { Backoff } from "./timing.js";
import { CLIENT, after } from "./transitions.js";

const REVOKED = 4403;
/** Close codes after which nobody returns, and why. @type {Record<number, string>} */
const STOPS = { 1000: "stopped", 4426: "unsupported_version" };
const LINKED = ["authenticating", "resuming", "live"];

/** The state of one log-in's links, one after another. Times are milliseconds of a clock that never goes back. */
export class Connector {
  state = "idle";
  /** How many there were. */
  link = 0;
  token = "";
  /** When to act next where that is known: return, or give up waiting for an answer. @type {number | null} */
  due = null;
  /** Since when the link is ready; null where it is not. @type {number | null} */
  readyAt = null;
  /** When the token is to be exchanged again. @type {number | null} */
  renewAt = null;
  #backoff;
  #tokenUsed = "";
  #renewing = false;
  #renewed = false;
  /** @type {number | null} */
  #bye = null;
  /** @type {number | null} */
  #toldDelay = null;
  #held = false;

  /**
   * @param {import("./timing.js").Timing} timing @param {() => number} random numbers from 0 up to 1
   * @param {(output: import("../types.js").Output) => void} emit takes what it asks for
   */
  constructor(timing, random, emit) {
    this.timing = timing;
    this.emit = emit;
    this.#backoff = new Backoff(timing, random);
  }

  /** Frames of this link are taken. */
  get linked() {
    return LINKED.includes(this.state);
  }

  /** There is a link, or one is being made. */
  get underWay() {
    return this.linked || this.state === "connecting";
  }

  /** Connect with this token. @param {string} token @param {number} now */
  start(token, now) {
    this.token = token;
    this.#renewed = false;
    this.#backoff.reset();
    this.move("start");
    this.#connect(now);
  }

  /** The WebSocket is open, and `hello` is about to be sent with the token. @param {number} now */
  connected(now) {
    this.move("connected");
    this.due = now + this.timing.connect;
    this.#tokenUsed = this.token;
  }

  /** `ready` came. @param {number} now */
  ready(now) {
    this.move("ready");
    this.due = null;
    this.readyAt = now;
    this.#renewed = false;
  }

  /** The server named the time of the return, in ms: before a restart (`bye`), or with an error (`delay`).
   * @param {{bye?: number | null, delay?: number | null}} told */
  told({ bye, delay }) {
    this.#bye = bye ?? this.#bye;
    this.#toldDelay = delay ?? this.#toldDelay;
  }

  /** Follow the table of transitions. @param {string} event @param {string | null} [code] */
  move(event, code = null) {
    this.state = after(this.state, event);
    this.emit({ do: "state", state: this.state, code });
  }

  // --- the token ---

  /** Ask for another token than the one that was used. */
  renew() {
    this.renewAt = null;
    if (this.#renewing) return;
    this.#renewing = true;
    this.emit({ do: "renew", token: this.#tokenUsed });
  }

  /** The answer to `renew`. @param {string} token @param {number} now @returns {boolean} a link is ready that should hear of it */
  renewed(token, now) {
    this.#renewing = false;
    this.token = token;
    if (this.state === "backoff" && this.due === null) {
      this.#renewed = true;
      this.retry(now);
    } else if (this.readyAt !== null) {
      this.#tokenUsed = token;
      return true;
    }
    return false;
  }

  /** The answer to `renew` where there is no token for the moment. @param {number} now */
  notRenewed(now) {
    this.#renewing = false;
    if (this.state === "backoff" && this.due === null) this.#pause(this.#backoff.next(), now);
    else if (this.readyAt !== null) this.renewAt = now + this.timing.renew_again;
  }

  // --- the ends ---

  /** The network is back. A pause that the server named is not shortened. @param {number} now
   * @returns {boolean} whether that ended a pause */
  hurry(now) {
    if (this.state !== "backoff" || this.due === null || this.#held) return false;
    this.retry(now);
    return true;
  }

  /** Whether and when to return is decided by the close code alone.
   * @param {number} code @param {string} reason @param {number} now */
  lost(code, reason, now) {
    if (this.readyAt !== null && now - this.readyAt >= this.timing.steady) this.#backoff.reset();
    if (code in STOPS) return this.#ended("stop", reason || STOPS[code]);
    if (code === REVOKED) return this.#ended("refused", reason || "revoked");
    this.move("lost");
    this.readyAt = null;
    if (code === 4401 && this.token !== this.#tokenUsed) {
      this.retry(now);
    } else if (code === 4401 && !this.#renewed) {
      this.due = null;
      this.renew();
    } else if (code === 4401) {
      // a fresh token did not help; the next one may, after a pause
      this.#renewed = false;
      this.#pause(this.#backoff.next(), now);
    } else if (this.#bye !== null) {
      this.#pause(this.#bye, now, true);
    } else if (code === 4409) {
      this.#pause(this.timing.crowded, now, true);
    } else if (code === 4429) {
      this.#pause(this.#toldDelay ?? this.timing.limited, now, true);
    } else {
      this.#pause(this.#backoff.next(), now);
    }
  }

  /** End for good, where the state allows it. @param {"stop" | "refused"} event @param {string} code */
  leave(event, code) {
    if (event in CLIENT[this.state]) this.#ended(event, code);
  }

  /** The pause is over. @param {number} now */
  retry(now) {
    this.move("retry");
    this.#connect(now);
  }

  /** @param {number} now */
  #connect(now) {
    this.link += 1;
    this.#bye = this.#toldDelay = this.readyAt = this.renewAt = null;
    this.due = now + this.timing.connect;
    this.emit({ do: "connect", link: this.link });
  }

  /** @param {number} wait @param {number} now @param {boolean} [held] the server named the delay, and a network that comes
   * back does not shorten it */
  #pause(wait, now, held = false) {
    this.due = now + Math.max(1, wait);
    this.#held = held;
  }

  /** @param {string} event @param {string} code */
  #ended(event, code) {
    this.due = this.readyAt = null;
    this.move(event, code);
  }
}
