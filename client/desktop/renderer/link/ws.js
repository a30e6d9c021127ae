/**
 * Drives one ClientSession (docs/driving.md, client/session_driver.py): performs its outputs on WebSockets, the token exchange
 * and the database, and tells it what came of them. What inputs asked for is saved together before anything of it is
 * sent or shown; signs of life go out meanwhile.
 */

import { decoded } from "../protocol/frames.js";
import { NO_LINK } from "../protocol/session.js";
import { isEnd } from "./tokens.js";

const SUBPROTOCOL = "chatproto.v1";
/** Milliseconds after which the server has given up a silent link: more of sleep, and there is none. */
const SLEPT = 75_000;
const TICK = 5_000;
/** Outputs that windows want to know of. */
const TOLD = [
  "sent",
  "failed",
  "merged",
  "save_row",
  "apply",
  "jump",
  "expire",
  "begins",
  "forget",
  "save_marks",
  "tell",
];

/**
 * @typedef {import("../protocol/session.js").ClientSession} ClientSession
 * @typedef {import("../types.js").Told} Told @typedef {import("../types.js").Output} Output
 * @typedef {import("../types.js").Update} Update
 * @typedef {{
 *   session: ClientSession, url: string, tokens: {token: () => string, renewed: (used: string) => Promise<any>},
 *   db: Pick<import("../store/db.js").Store, "save" | "countUnread">,
 *   uploads: {begin: (upload: import("../protocol/uploads.js").Upload) => Promise<void>,
 *     end: (cid: string, waits: boolean) => void},
 *   told: (updates: Update[]) => void, rowsSaved: () => void, loggedOut: (code: string | null) => void, moved: () => void, broken: (error: unknown) => void,
 * }} Parts `told`: after it was saved; `rowsSaved`: rows of the outbox may go on; `moved`: the session may be in another state, or wait for another time;
 *   `broken`: nothing can be saved, the driver has stopped
 */

/** Frames that say nothing of what is to be saved. */
const FREE = ["ping", "auth", "typing"];

/** @param {Output} output @returns {output is Told} */
const isTold = (output) => TOLD.includes(output.do);

/** Whether it is done while something else is being saved: a link that is silent meanwhile would be given up by one side or
 * the other. There is a link that is ready where the session asks for it, so nothing that waits makes or ends one before.
 * @param {Output} output */
const isFree = (output) => output.do === "renew" || (output.do === "send" && FREE.includes(output.frame.type));

/** Milliseconds of a clock that nobody sets. */
function now() {
  return Math.trunc(performance.now());
}

export class Driver {
  /** @type {{number: number, socket: WebSocket} | null} */
  #present = null;
  #performing = false;
  /** Outputs that are to be done after what is being saved. @type {Output[]} */
  #waiting = [];
  #stopped = false;
  #timer = 0;
  #sleepWatch = 0;
  #seenAt = Date.now();
  /** Attempts in a row that brought no `ready`, though nobody refused them by a code of the protocol. */
  fruitless = 0;

  /** @param {Parts} parts */
  constructor(parts) {
    this.session = parts.session;
    this.parts = parts;
  }

  start() {
    this.#seenAt = Date.now();
    this.#sleepWatch = window.setInterval(() => this.#watchSleep(), TICK);
    window.addEventListener("offline", this.#noNetwork);
    this.input((session, at) => session.start(this.parts.tokens.token(), at));
  }

  /**
   * Feed the session, and do what it asks for.
   * @template T @param {(session: ClientSession, at: number) => T} feed @returns {T | undefined}
   */
  input(feed) {
    try {
      return feed(this.session, now());
    } catch (error) {
      // a bug of ours: nobody knows what the session remembers, the database does
      this.stop();
      this.parts.broken(error);
    } finally {
      this.#arm();
      void this.#perform();
    }
    return undefined;
  }

  /** The network, the screen or the user is back. */
  wake() {
    if (this.#stopped) return;
    this.#watchSleep();
    this.input((session, at) => session.networkUp(at));
  }

  /** Nothing more is done; what was saved stays. */
  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#sleepWatch);
    window.removeEventListener("offline", this.#noNetwork);
    this.#present?.socket.close(1000);
    this.#present = null;
  }

  // --- outputs ---

  /** What the session asked for and is not done yet. @returns {Output[]} */
  #taken() {
    const outputs = [...this.#waiting, ...this.session.outputs()];
    this.#waiting = [];
    return outputs;
  }

  /** Nobody waits for a save without need. */
  #doFree() {
    for (const output of this.session.outputs()) {
      if (isFree(output)) this.#do(output);
      else this.#waiting.push(output);
    }
  }

  async #perform() {
    if (this.#stopped) return;
    if (this.#performing) return this.#doFree();
    this.#performing = true;
    try {
      for (let outputs = this.#taken(); outputs.length && !this.#stopped; outputs = this.#taken()) {
        await this.parts.db.save(outputs);
        if (this.#stopped) return;
        await this.#countMarks(outputs);
        const failed = new Set(outputs.flatMap((output) => (output.do === "failed" ? [output.cid] : [])));
        for (const output of outputs) {
          if (output.do === "drop_row") this.parts.uploads.end(output.cid, failed.has(output.cid));
          else this.#do(output);
        }
        this.#reportSaved(outputs);
        const told = outputs.filter(isTold);
        if (told.length) this.parts.told(told);
        for (const output of outputs) {
          if (output.do === "state" && output.state === "logged_out") this.parts.loggedOut(output.code);
        }
      }
    } catch (error) {
      this.stop();
      this.parts.broken(error);
    } finally {
      this.#performing = false;
      this.#arm();
      if (!this.#stopped) this.parts.moved();
    }
  }

  /** How many messages are left unread above a mark, so that all windows show the same. @param {Output[]} outputs */
  async #countMarks(outputs) {
    const { replica } = this.session;
    for (const output of outputs) {
      if (output.do !== "save_marks") continue;
      const applied = replica.chats.get(output.chat_id)?.saved ?? 0;
      const left = await this.parts.db.countUnread(output.chat_id, output.read_seq, applied, replica.userId);
      output.seen = left === null ? null : { left, upto: applied };
    }
  }

  /** @param {Output} output */
  #do(output) {
    switch (output.do) {
      case "connect":
        this.#connect(output.link);
        break;
      case "send":
        this.#write(output.frame);
        break;
      case "close":
        this.#close(output.code);
        break;
      case "renew":
        void this.#renew(output.token);
        break;
      case "upload":
        void this.parts.uploads.begin(output);
        break;
      case "state":
        if (output.state === "resuming") this.fruitless = 0;
    }
  }

  /** @param {Output[]} outputs */
  #reportSaved(outputs) {
    const at = now();
    /** @type {Map<number, number>} */
    const applied = new Map();
    for (const output of outputs) {
      if (output.do === "save_row") this.session.rowSaved(output.row.cid, at);
      if (output.do === "apply") applied.set(output.item.chat_id, output.item.seq);
    }
    for (const [chatId, seq] of applied) this.session.saved(chatId, seq, at);
    if (outputs.some((output) => output.do === "save_row")) this.parts.rowsSaved();
  }

  #arm() {
    clearTimeout(this.#timer);
    const due = this.session.nextTimer();
    if (due === null || this.#stopped) return;
    this.#timer = window.setTimeout(
      () => this.input((session, at) => session.handleTimer(at)),
      Math.max(0, due - performance.now() + 1),
    );
  }

  // --- links ---

  /** @param {number} number */
  #connect(number) {
    if (!this.parts.tokens.token()) {
      // nothing to say hello with: as if the server had refused it
      this.input((session, at) => session.lost(number, 4401, "no token", at));
      return;
    }
    let socket;
    try {
      socket = new WebSocket(`${this.parts.url.replace(/^http/, "ws")}/ws`, SUBPROTOCOL);
    } catch {
      this.input((session, at) => session.lost(number, NO_LINK, "", at));
      return;
    }
    const link = { number, socket };
    this.#present = link;
    socket.onopen = () => {
      if (socket.protocol !== SUBPROTOCOL) return this.#drop(link, NO_LINK);
      this.input((session, at) => session.connected(number, at));
    };
    socket.onmessage = ({ data }) => this.#receive(link, data);
    socket.onclose = ({ code, reason }) => {
      if (this.#present !== link) return;
      this.#present = null;
      this.#ended(number, code, reason);
    };
  }

  /** @param {{number: number, socket: WebSocket}} link @param {any} data */
  #receive(link, data) {
    if (this.#present !== link || this.#stopped) return;
    this.#seenAt = Date.now();
    const frames = decoded(data);
    if (frames === null) return this.#drop(link, NO_LINK);
    for (const frame of frames) {
      if (frame.type === "page" && frame.users?.length) this.parts.told([{ do: "users", users: frame.users }]);
    }
    this.input((session, at) => session.receive(link.number, frames, at));
  }

  /** This side ends a link that is worth nothing. @param {{number: number, socket: WebSocket}} link @param {number} code */
  #drop(link, code) {
    this.#present = null;
    link.socket.close();
    this.#ended(link.number, code, "");
  }

  /** @param {number} number @param {number} code @param {string} reason */
  #ended(number, code, reason) {
    if (this.#stopped) return;
    if (this.session.state === "connecting" || this.session.state === "authenticating") {
      this.fruitless = code < 3000 ? this.fruitless + 1 : 0;
    }
    this.input((session, at) => session.lost(number, code, reason, at));
  }

  /** @param {any} frame */
  #write(frame) {
    const socket = this.#present?.socket;
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
  }

  /** @param {number} code */
  #close(code) {
    const socket = this.#present?.socket;
    this.#present = null;
    if (this.session.state === "backoff" && code === NO_LINK) this.fruitless += 1;
    socket?.close(code === 1000 || code >= 3000 ? code : undefined);
  }

  /** @param {string} used */
  async #renew(used) {
    const renewed = await this.parts.tokens.renewed(used);
    if (this.#stopped) return;
    if (renewed.ok) this.input((session, at) => session.renewed(this.parts.tokens.token(), at));
    else this.input((session, at) => session.notRenewed(renewed.code, !isEnd(renewed), at));
  }

  /** The system says so: nobody waits until the link is silent for long enough. */
  #noNetwork = () => {
    if (this.#present && !this.#stopped) this.#drop(this.#present, NO_LINK);
  };

  /** A machine that slept does not hear that its link is gone: find out by the clock on the wall. */
  #watchSleep() {
    const slept = Date.now() - this.#seenAt > SLEPT;
    this.#seenAt = Date.now();
    if (!slept || !this.#present) return;
    this.#drop(this.#present, NO_LINK);
    this.input((session, at) => session.networkUp(at));
  }
}
