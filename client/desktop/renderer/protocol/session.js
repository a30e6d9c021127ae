/**
 * ClientSession: one log-in of one device, over as many links as it takes. The same machine as
 * chatproto/client/client_session.py; tests/vectors say step by step what both do. Pure: time, randomness and everything
 * from outside are arguments, and what is to be done is drained with `outputs()` after every input.
 */

import { Connector } from "./connector.js";
import { Outbox } from "./outbox.js";
import { Replica } from "./replica.js";
import { rowOf } from "./row.js";
import { restore, take } from "./snapshot.js";
import { TIMING } from "./timing.js";

/** The close code of a link that broke off or could not be made. */
export const NO_LINK = 1006;
/** The id of `auth` frames, by which their refusal is known. */
const AUTH = "auth";

/**
 * @typedef {import("./frames.js").Frame} Frame @typedef {import("../types.js").Output} Output
 * @typedef {Record<string, any>} Sent a frame of ours
 * @typedef {Frame & {type: "page"}} Page @typedef {Frame & {type: "error"}} Fault @typedef {Frame & {type: "bye"}} Bye
 * @typedef {Page | {type: "error", ref: string, code: string, detail?: string, chat_id?: number,
 *   retry_after_ms?: number} | (Item & {type: "message"}) |
 *   {type: "ack", cid: string, seq: number | null, created_at: string | null}} Answer what HTTP answered
 * @typedef {import("../types.js").Item} Item
 * @typedef {{sender_id: number, cid: string, seq: number, created_at: string}} Stored
 * @typedef {{device?: string, name?: string | null, version?: string | null, os?: string | null, whole_log?: boolean,
 *   timing?: Partial<import("./timing.js").Timing>}} Config
 */

export class ClientSession {
  /**
   * @param {Config} config
   * @param {() => number} random numbers from 0 up to 1
   * @param {import("./snapshot.js").Snapshot | null} [snapshot] where an earlier life ended
   */
  constructor(config, random, snapshot = null) {
    this.config = config;
    this.timing = { ...TIMING, ...config.timing };
    this.outbox = new Outbox((output) => this.#emit(output));
    this.replica = new Replica(this.timing, (output) => this.#emit(output), config.whole_log ?? false);
    this.#connector = new Connector(this.timing, random, (output) => this.#emit(output));
    if (snapshot) restore(snapshot, this.replica, this.outbox);
  }

  /** @type {Output[]} */
  #outputs = [];
  #connector;
  #inflight = 0;
  #sentAt = 0;
  #heardAt = 0;
  /** @type {number | null} */
  #pingedAt = null;
  /** @type {Map<number, number>} */
  #typedAt = new Map();

  /** Of the links, as the table of transitions names it. */
  get state() {
    return this.#connector.state;
  }

  /** `hello` was said on the link that there is. */
  get linked() {
    return this.#connector.linked;
  }

  /** The number of the link that there is, or was last. */
  get link() {
    return this.#connector.link;
  }

  // --- inputs ---

  /** Everything the last inputs asked for, in order. @returns {Output[]} */
  outputs() {
    const drained = this.#outputs;
    this.#outputs = [];
    return drained;
  }

  /** Connect and stay connected. @param {string} token @param {number} now */
  start(token, now) {
    this.#connector.start(token, now);
  }

  /** The WebSocket is open: say hello. @param {number} link @param {number} now */
  connected(link, now) {
    if (link !== this.link || this.state !== "connecting") return;
    this.#connector.connected(now);
    this.#heardAt = now;
    this.#pingedAt = null;
    this.#typedAt.clear();
    const { device = "unknown", name = null, version = null, os = null } = this.config;
    const client = { name, version, os };
    this.#send({ type: "hello", v: [1], token: this.#connector.token, device, client, epoch: this.replica.epoch }, now);
  }

  /** The frames of one WebSocket message. @param {number} link @param {Frame[]} frames @param {number} now */
  receive(link, frames, now) {
    if (link === this.link) {
      this.#heardAt = now;
      this.#pingedAt = null;
    }
    for (const frame of frames) {
      if (link !== this.link || !this.linked) return;
      if (frame.type === "ready") this.#ready(frame, now);
      else if (this.#connector.readyAt !== null) this.#take(frame, now);
      // before `ready` only the delay counts; the close code decides
      else if (frame.type === "bye") this.#connector.told({ bye: frame.reconnect_after_ms });
      else if (frame.type === "error") this.#connector.told({ delay: frame.retry_after_ms });
    }
    this.#pump(now);
  }

  /** The link ended, or could not be made (1006).
   * @param {number} link @param {number} code @param {string} reason @param {number} now */
  lost(link, code, reason, now) {
    if (link === this.link && this.#connector.underWay) this.#lost(code, reason, now);
  }

  /** The answer to `renew`. @param {string} token @param {number} now */
  renewed(token, now) {
    if (this.#connector.renewed(token, now)) this.#send({ type: "auth", id: AUTH, token }, now);
  }

  /** The answer to `renew` where there is no token. @param {string} code @param {boolean} passing @param {number} now */
  notRenewed(code, passing, now) {
    this.#connector.notRenewed(now);
    if (!passing) this.#leave("refused", code);
  }

  /** The network, the screen or the user is back. @param {number} now */
  networkUp(now) {
    if (!this.#connector.hurry(now) && this.#connector.readyAt !== null && this.#pingedAt === null) this.#ping(now);
  }

  /** Leave for good. */
  stop() {
    if (this.state !== "stopped") this.#leave("stop", "stopped");
  }

  /** Put a command behind those on their way to its chat. What no link has carried yet it may change or end instead
   * (`merged`).
   * @param {import("./row.js").GivenRow} given @param {number} now @param {boolean} [saved] it is durable already
   * @returns {boolean} false where its cid is among them */
  send(given, now, saved = false) {
    if (!this.outbox.put(rowOf(given), saved)) return false;
    this.#pump(now);
    return true;
  }

  /** The answer to a `save_row`, one for each: from the last on it may be sent (C1). @param {string} cid @param {number} now */
  rowSaved(cid, now) {
    this.outbox.saved(cid);
    this.#pump(now);
  }

  /** The answer to an `upload`: the file is there. Once that is saved of all of them, their row may be sent.
   * @param {string} localId @param {string} fileId @param {number} now */
  uploaded(localId, fileId, now) {
    this.outbox.uploaded(localId, fileId);
    this.#pump(now);
  }

  /** The answer to an `upload` that was refused for good: so is its row.
   * @param {string} localId @param {string} code @param {string} detail @param {number} now */
  uploadFailed(localId, code, detail, now) {
    this.outbox.uploadFailed(localId, code, detail);
    this.#pump(now);
  }

  /** The user takes a row back. @param {string} cid @param {number} now */
  discard(cid, now) {
    if (this.outbox.discard(cid)) this.#pump(now);
  }

  /** What was to be applied is durable up to there (C6). @param {number} chatId @param {number} seq @param {number} now */
  saved(chatId, seq, now) {
    this.replica.saved(chatId, seq);
    this.#pump(now);
  }

  /** The user has read a chat up to there. @param {number} chatId @param {number} seq @param {number} now */
  read(chatId, seq, now) {
    this.replica.read(chatId, seq);
    this.#pump(now);
  }

  /** The user types, or stopped. @param {number} chatId @param {boolean} on @param {number} now */
  typing(chatId, on, now) {
    if (this.#connector.readyAt === null) return;
    const last = this.#typedAt.get(chatId);
    if (on && last !== undefined && now - last < this.timing.typing_every) return;
    if (!on && last === undefined) return;
    if (on) this.#typedAt.set(chatId, now);
    else this.#typedAt.delete(chatId);
    this.#send({ type: "typing", chat_id: chatId, on }, now);
  }

  /** Whatever is due by the passing of time. @param {number} now */
  handleTimer(now) {
    const connector = this.#connector;
    if (connector.due !== null && now >= connector.due) {
      if (connector.state === "backoff") connector.retry(now);
      else this.#abandon(NO_LINK, "no answer", now);
    } else if (connector.readyAt !== null) {
      if (connector.renewAt !== null && now >= connector.renewAt) connector.renew();
      this.#beat(now);
    }
    this.#pump(now);
  }

  /** When `handleTimer` is to be called; null: never. @returns {number | null} */
  nextTimer() {
    const { due, readyAt, renewAt } = this.#connector;
    if (due !== null) return due;
    if (readyAt === null) return null;
    const times = [this.#beatAt, renewAt, this.replica.nextDue(), this.outbox.nextDue(this.timing.resend)];
    return Math.min(...times.map((time) => time ?? Infinity));
  }

  // --- where no link can be had, HTTP carries on ---

  /** The chats as GET /api/chats tells them: what `ready` is to a link.
   * @param {{user: {id: number}, epoch: string, chats: Sent[]}} listed */
  polled(listed) {
    if (this.linked) return;
    if (this.replica.ready(listed)) this.outbox.forgetLog(null);
    this.#emit({ do: "save_epoch", user_id: listed.user.id, epoch: listed.epoch });
    for (const chatId of this.replica.listHeads(listed.chats)) this.outbox.forgetLog(chatId);
  }

  /** The syncs and marks that a link would carry now; each is given once. @param {number} now */
  dueByHttp(now) {
    return this.linked ? [] : [...this.replica.due(now)];
  }

  /** The row of a chat that is to be posted now, as its bytes stay from now on; null: none, or not before it is saved.
   * @param {number} chatId */
  rowByHttp(chatId) {
    return this.linked ? null : this.outbox.dueByHttp(chatId);
  }

  /** What HTTP answered, as the frame that it would be on a link; a message is one's own that was stored, or was before.
   * @param {Answer} frame @param {number} now */
  answeredByHttp(frame, now) {
    if (frame.type === "page") this.#page(frame, now);
    else if (frame.type === "error") this.#error({ detail: "", ...frame, retryable: false }, now);
    else if (frame.type === "message") {
      this.#own(frame);
      this.replica.live(frame);
    } else if (frame.type === "ack") this.outbox.stored(frame.cid, frame.seq, frame.created_at, false);
    this.#pump(now);
  }

  /** A link is about to be had: what was asked over HTTP is asked on it. */
  leaveHttp() {
    if (!this.linked) this.replica.disconnected();
  }

  /** For the vectors: what save_* outputs have made durable. The app itself goes on from its database (profile/owner.js). */
  snapshot() {
    return take(this.replica, this.outbox);
  }

  // --- one link ---

  /** @param {Frame & {type: "ready"}} frame @param {number} now */
  #ready(frame, now) {
    if (this.#connector.readyAt !== null) return;
    this.#connector.ready(now);
    this.#inflight = Math.min(32, frame.limits.inflight);
    if (this.replica.ready(frame)) this.outbox.forgetLog(null);
    this.#emit({ do: "save_epoch", user_id: frame.user.id, epoch: frame.epoch });
    this.#listed(frame);
    this.outbox.ready();
  }

  /** @param {Frame & {type: "ready" | "chats"}} frame */
  #listed(frame) {
    for (const chatId of this.replica.listHeads(frame.chats)) this.outbox.forgetLog(chatId);
    this.#emit({ do: "tell", frame });
  }

  /** Any frame of a link that is ready; unknown words are passed over. @param {Frame} frame @param {number} now */
  #take(frame, now) {
    switch (frame.type) {
      case "message":
        this.#own(frame);
        this.replica.live(frame);
        break;
      case "event":
      case "hidden":
        this.replica.live(frame);
        break;
      case "page":
        this.#page(frame, now);
        break;
      case "ack":
        this.outbox.stored(frame.cid, frame.seq, frame.created_at, frame.dup);
        break;
      case "error":
        this.#error(frame, now);
        break;
      case "lag":
        this.replica.lag(frame);
        break;
      case "expired":
        this.replica.expired(frame);
        break;
      case "chats":
        this.#listed(frame);
        break;
      case "chat":
        this.replica.listChat(frame.chat);
        this.#emit({ do: "tell", frame });
        break;
      case "marks":
        if (frame.user_id === this.replica.userId) this.replica.ownMarks(frame);
        this.#emit({ do: "tell", frame });
        break;
      case "auth_expiring":
        this.#connector.renew();
        break;
      case "auth_ok":
        this.replica.markAgain();
        break;
      case "bye":
        this.#connector.told({ bye: frame.reconnect_after_ms });
        break;
      case "typing":
      case "presence":
      case "block":
      case "user":
        this.#emit({ do: "tell", frame });
    }
  }

  /** The only place where commands of the log, syncs and marks leave. @param {number} now */
  #pump(now) {
    if (this.#connector.readyAt === null) return;
    for (const frame of this.replica.due(now)) this.#send(frame, now);
    for (const frame of this.outbox.due(this.#inflight, this.timing.resend, now)) this.#send(frame, now);
    if (this.state === "resuming" && this.replica.caughtUp) this.#connector.move("caught_up");
  }

  /** When the link is to be asked for a sign of life, or given up. */
  get #beatAt() {
    if (this.#pingedAt === null) return Math.min(this.#sentAt, this.#heardAt) + this.timing.quiet;
    return this.#pingedAt + (this.outbox.flying ? this.timing.busy_answer : this.timing.answer);
  }

  /** @param {number} now */
  #beat(now) {
    if (now < this.#beatAt) return;
    if (this.#pingedAt === null) this.#ping(now);
    else this.#abandon(NO_LINK, "silent", now);
  }

  /** @param {number} now */
  #ping(now) {
    this.#pingedAt = now;
    this.#send({ type: "ping", t: now }, now);
  }

  // --- answers ---

  /** @param {Page} page @param {number} now */
  #page(page, now) {
    for (const item of page.items) {
      if (item.type === "message") this.#own(item);
    }
    const chatId = this.replica.page(page, now);
    if (chatId !== null) this.outbox.forgetLog(chatId);
  }

  /** One's own message is an acknowledgement as good as the other (C3). @param {Stored} message */
  #own(message) {
    if (message.sender_id === this.replica.userId) {
      this.outbox.stored(message.cid, message.seq, message.created_at, false);
    }
  }

  /** @param {Fault} error @param {number} now */
  #error(error, now) {
    this.#connector.told({ delay: error.retry_after_ms });
    if (error.ref === AUTH) {
      // the token did not arrive: before it runs out, another one
      this.#connector.renewAt = now + (error.retry_after_ms ?? this.timing.renew_again);
      return;
    }
    const entry = this.outbox.entries.get(error.ref ?? "");
    if (!entry) {
      const chatId = this.replica.error(error, now);
      if (chatId !== null) this.outbox.forgetLog(chatId);
    } else if (error.retryable) {
      // what comes later must not overtake it: leave, and send all again in order
      this.#abandon(4503, error.code, now);
    } else {
      this.outbox.refused(entry, error.code, error.detail);
    }
  }

  // --- the ends ---

  /** This side gives the link up. @param {number} code @param {string} reason @param {number} now */
  #abandon(code, reason, now) {
    this.#emit({ do: "close", code, reason });
    this.#lost(code, reason, now);
  }

  /** Whether there will be another link is for the connector. @param {number} code @param {string} reason @param {number} now */
  #lost(code, reason, now) {
    this.#disconnected(code);
    this.#connector.lost(code, reason, now);
  }

  /** @param {number} code */
  #disconnected(code) {
    this.replica.disconnected();
    this.outbox.disconnected(code);
  }

  /** End whatever there is from this side. @param {"stop" | "refused"} event @param {string} code */
  #leave(event, code) {
    if (this.#connector.underWay) {
      this.#emit({ do: "close", code: 1000, reason: "" });
      this.#disconnected(1000);
    }
    this.#connector.leave(event, code);
  }

  /** @param {Sent} frame @param {number} now */
  #send(frame, now) {
    this.#sentAt = now;
    this.#emit({ do: "send", frame });
  }

  /** @param {Output} output */
  #emit(output) {
    this.#outputs.push(output);
  }
}
