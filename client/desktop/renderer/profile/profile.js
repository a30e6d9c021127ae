/**
 * One log-in in however many windows (docs/protocol.md section 3, C8). A Web Lock makes one window its owner, which has
 * the link; the others follow it over a BroadcastChannel, and one of them takes over when it goes. What a window
 * publishes reaches all, itself included; what is to be done on the link is a command to the owner, repeated until it
 * is answered. An owner that answers nothing (frozen, or hung) loses the lock, and its writes are refused by the
 * database from then on.
 */

import { Asked } from "./asked.js";
import { Attention, TELL_AGAIN } from "./attention.js";
import { Fenced } from "../store/db.js";
import { arrivals, missedBy } from "./missed.js";
import { obey } from "./obeying.js";
import { Owner } from "./owner.js";
import { Pauses } from "./pauses.js";
import { giveRows, withOrphans } from "./unshared.js";
import { refusal } from "../protocol/answers.js";
import { keepLatest } from "../rules/latest.js";
import { sharedOf } from "../state/handed.js";
import { Tokens, isEnd } from "../link/tokens.js";
import { Api } from "../link/api.js";

/** @typedef {import("../types.js").Update} Update @typedef {import("../state/model.js").Model} Model
 * @typedef {import("../types.js").Refused} Refused
 * @typedef {import("./obeying.js").Command} Command */
/**
 * @typedef {{url: string, userId: number, windowId: string, db: import("../store/db.js").Store,
 *   secret: import("../link/tokens.js").Secret, model: () => Model, update: (updates: Update[]) => void,
 *   arrived: (messages: import("../types.js").Message[]) => void, ended: (code: string | null) => void,
 *   client: {device: string, name: string, version: string, os: string}, random: () => number,
 *   timing?: Record<string, number>}} Parts `update`: into this window's State
 */

/** Milliseconds between signs of life that a follower asks for. */
const CHECK = 20_000;
/** Messages that may wait for their chat to be described. */
const UNMET = 500;
/** Answers that are remembered. */
const OBEYED = 500;
/** Milliseconds without an answer after which a page without locks takes itself for the only one. */
const ALONE = 300;

/** The name of a profile's database, locks and channel. @param {string} url @param {number} userId */
export function profileName(url, userId) {
  return `vestnik ${url} ${userId}`;
}

export class Profile {
  /** @type {Owner | null} */
  #owner = null;
  #closed = false;
  /** Lets the lock go. @type {() => void} */
  #release = () => {};
  /** Commands without an answer. @type {Asked} */
  #asked;
  /** What this owner answered lately, by the command's id. @type {Map<string, any>} */
  #obeyed = new Map();
  #check = 0;
  #attention = new Attention();
  #tellAgain = 0;
  #stealing = false;
  /** Why this window may own the profile: the lock, or that nobody else is there. @type {object | null} */
  #hold = null;
  #taking = false;
  /** Until it is tried again. @type {ReturnType<typeof setTimeout> | undefined} */
  #again = undefined;
  #pauses;
  /** What was published before the owner's welcome came. @type {Update[] | null} */
  #early = null;
  /** Messages that came before their chat was described. @type {import("../types.js").Message[]} */
  #unmet = [];

  /** @param {Parts} parts */
  constructor(parts) {
    this.parts = parts;
    this.name = profileName(parts.url, parts.userId);
    this.#pauses = new Pauses(parts.random);
    this.tokens = new Tokens(new Api(parts.url), this.name, parts.secret, (tokens) =>
      this.#post({ kind: "tokens", tokens }),
    );
    const bearer = { token: () => this.tokens.token(), renewed: this.#renewed };
    this.api = new Api(parts.url, bearer);
    this.channel = new BroadcastChannel(this.name);
    this.channel.onmessage = ({ data }) => this.#hear(data);
    const ask = (/** @type {string} */ id, /** @type {Command} */ command) =>
      this.#post({ kind: "command", id, command });
    this.#asked = new Asked(parts.windowId, ask, () => this.#steal());
  }

  /** This window has the link. */
  get owns() {
    return this.#owner !== null;
  }

  /** Follow, and become the owner when nobody is. */
  start() {
    this.#check = window.setInterval(() => this.#owner ?? void this.command({ do: "ping" }), CHECK);
    this.#tellAgain = window.setInterval(() => this.#lookOn(), TELL_AGAIN);
    this.#join();
    void this.#wantLock(false);
    if (!navigator.locks) window.addEventListener("pagehide", () => this.#owner && this.#post({ kind: "leaving" }));
  }

  /** Whether another window of this log-in answers within `milliseconds`: then its tokens are known here.
   * @param {number} milliseconds */
  async joined(milliseconds) {
    this.#post({ kind: "join" });
    const end = Date.now() + milliseconds;
    while (Date.now() < end && !this.tokens.token()) await new Promise((resolve) => setTimeout(resolve, 20));
    return this.tokens.token() !== "";
  }

  /** Tell all windows, this one first. @param {Update[]} updates */
  publish(updates) {
    if (updates.length === 0 || this.#closed) return;
    this.#post({ kind: "updates", updates });
    this.#take(updates);
  }

  /** Have the owner do something; its answer, `stopped` where this window leaves the profile before it comes. @param {Command} command @returns {Promise<any>} */
  command(command) {
    if (this.#closed) return Promise.resolve(refusal("stopped"));
    if (this.#owner) return Promise.resolve(obey(this.#owner, command, this.#renewed));
    if (command.do === "wake" && this.#hold) {
      clearTimeout(this.#again);
      void this.#takeOver();
      return Promise.resolve(null);
    }
    return this.#asked.ask(command);
  }

  /** Somebody looks at a chat in this window, or at none any more. @param {number | null} chatId */
  look(chatId) {
    this.#attention.told(this.parts.windowId, chatId, performance.now());
    this.#post({ kind: "look", chat_id: chatId });
  }

  /** As before. */
  #lookOn() {
    const chatId = this.#attention.of(this.parts.windowId);
    if (chatId !== null) this.look(chatId);
  }

  /** Somebody looks at it, in this window or another. @param {number} chatId */
  isLookedAt(chatId) {
    return this.#attention.isOn(chatId, performance.now());
  }

  /** The log-in is over, in all windows. @param {string | null} code why; null: the user wished it */
  end(code) {
    if (this.#closed) return; // what was under way then ends nobody else's
    // what is missing here another window may have
    if (code !== "token_missing") this.#post({ kind: "ended", code });
    this.parts.ended(code);
  }

  /** This window leaves the profile: who waits for an answer has it. @param {{polite: boolean}} how say goodbye to the server */
  async close({ polite }) {
    this.#closed = true;
    clearInterval(this.#tellAgain);
    clearInterval(this.#check);
    clearTimeout(this.#again);
    this.channel.close();
    this.tokens.drop();
    this.#asked.end(() => refusal("stopped"));
    const owner = this.#owner;
    this.#owner = null;
    await owner?.stop(polite);
    this.#release();
  }

  // --- the channel ---

  #join() {
    this.#early = [];
    this.#post({ kind: "join" });
  }

  /** @param {Record<string, any>} message */
  #post(message) {
    if (!this.#closed) this.channel.postMessage({ from: this.parts.windowId, ...message });
  }

  /** @param {any} message */
  #hear(message) {
    if (this.#closed) return;
    switch (message.kind) {
      case "updates":
        if (this.#early) this.#early.push(...message.updates);
        this.#take(message.updates);
        break;
      case "tokens":
        this.tokens.take(message.tokens);
        break;
      case "ended":
        this.parts.ended(message.code);
        break;
      case "owner":
        this.#join();
        break;
      case "leaving":
        setTimeout(() => void this.#wantAlone(true), this.parts.random() * ALONE);
        break;
      case "look":
        this.#attention.told(message.from, message.chat_id, performance.now());
        break;
      case "join":
        if (this.#owner) {
          const shared = sharedOf(this.parts.model());
          this.#post({ kind: "welcome", to: message.from, tokens: this.tokens.give(), shared });
        }
        this.#lookOn();
        break;
      case "welcome":
        if (message.to === this.parts.windowId) this.#welcomed(message);
        break;
      case "command":
        if (this.#owner) void this.#answer(this.#owner, message);
        break;
      case "heard":
        this.#asked.heard(message.id);
        break;
      case "done":
        this.#answered(message);
    }
  }

  /** @param {any} message */
  #welcomed({ tokens, shared }) {
    this.tokens.take(tokens);
    if (!this.#early) return;
    this.parts.update([{ do: "welcome", shared }, ...this.#early]);
    this.#early = null;
    void giveRows(this.parts.db, this);
  }

  /** @param {Update[]} updates */
  #take(updates) {
    const before = this.parts.model();
    this.parts.update(updates);
    if (!this.#owner) return;
    this.#owner.noticed(updates);
    const fresh = [...this.#unmet, ...arrivals(before, updates)];
    const chats = this.parts.model().chats;
    this.#unmet = fresh.filter(({ chat_id }) => !chats.has(chat_id)).slice(-UNMET);
    const told = fresh.filter(({ chat_id, seq }) => seq > (chats.get(chat_id)?.read_seq ?? seq));
    if (told.length) this.parts.arrived(told);
  }

  // --- commands ---

  /** What comes a second time is answered, not done: its answer was on the way. @param {Owner} owner
   * @param {{id: string, from: string, command: Command}} message */
  async #answer(owner, { id, from, command }) {
    if (this.#obeyed.has(id)) this.#post({ kind: "heard", id });
    const result = this.#obeyed.has(id) ? this.#obeyed.get(id) : obey(owner, command, this.#renewed);
    this.#obeyed.set(id, result);
    keepLatest(this.#obeyed, OBEYED);
    const done = await result;
    this.#post({ kind: "done", to: from, id, result: done, tokens: this.tokens.give() });
  }

  /** @param {{id: string, to: string, result: any, tokens: any}} message */
  #answered({ id, to, result, tokens }) {
    if (to !== this.parts.windowId) return;
    this.tokens.take(tokens);
    this.#asked.answered(id, result);
  }

  /** @param {string} used @returns {Promise<{ok: true} | Refused>} */
  #renewed = async (used) => {
    if (this.#closed) return refusal("stopped");
    if (this.tokens.token() !== used) return { ok: true };
    if (!this.#owner) return this.command({ do: "renew", used });
    const renewed = await this.tokens.renewed(used);
    if (!renewed.ok && isEnd(renewed)) this.end(renewed.code);
    return renewed;
  };

  // --- ownership ---

  /** The owner does not answer. */
  #steal() {
    if (this.#stealing || this.#hold) return;
    this.#stealing = true;
    void this.#wantLock(true);
  }

  /** @param {boolean} steal take it from an owner that does not answer */
  async #wantLock(steal) {
    const held = () =>
      new Promise((resolve) => {
        this.#release = () => resolve(null);
        this.#hold = {};
        void this.#takeOver();
      });
    if (!navigator.locks) return this.#wantAlone(steal);
    try {
      await navigator.locks.request(this.name, { steal }, () => (this.#closed ? null : held()));
    } catch {
      // another window took it away: follow that one
      await this.#dethroned();
    }
  }

  /** Pages over plain HTTP have no locks: who hears of no owner is one, and the database refuses all but the last.
   * @param {boolean} dead the owner does not answer */
  async #wantAlone(dead) {
    if (!dead) await new Promise((resolve) => setTimeout(resolve, ALONE));
    if (this.#closed || this.#owner || !(dead || this.#early !== null)) return;
    this.#hold ??= {};
    await this.#takeOver();
  }

  /** Another window owns the profile: follow that one. */
  async #dethroned() {
    const owner = this.#owner;
    if ((!owner && !this.#hold) || this.#closed) return;
    this.#owner = this.#hold = null;
    this.#stealing = false;
    clearTimeout(this.#again);
    this.#join();
    await owner?.stop(false);
    void this.#wantLock(false);
  }

  /** Once at a time: two owners in one window would write the same. */
  async #takeOver() {
    if (this.#taking || this.#owner || this.#closed || !this.#hold) return;
    const hold = this.#hold;
    this.#taking = true;
    try {
      await this.#begin(() => this.#closed || this.#hold !== hold);
    } catch (error) {
      this.#broken(error);
    } finally {
      this.#taking = false;
    }
    if (this.#hold && this.#hold !== hold) void this.#takeOver(); // it was lost meanwhile, and is held again
  }

  /** @param {() => boolean} isLost this window may not own it any more */
  async #begin(isLost) {
    const { db, windowId } = this.parts;
    await db.own(windowId);
    const kept = await db.load();
    kept.rows = await withOrphans(this.parts.model(), kept.rows, db);
    const missed = await missedBy(this.parts.model(), kept, db);
    if (isLost()) return;
    const fresh = this.#early !== null;
    this.#stealing = false;
    this.#early = null;
    const owner = this.#newOwner(kept);
    this.#owner = owner;
    this.#pauses.begun(performance.now());
    if (fresh) this.parts.update(missed);
    else this.publish(missed);
    owner.start();
    this.#post({ kind: "owner" });
    this.#asked.end((command) => obey(owner, command, this.#renewed));
    void db.tidy((id) => this.parts.model().users.has(id)).catch(() => {});
  }

  /** @param {any} kept */
  #newOwner(kept) {
    const { url, db, model, client, random, timing } = this.parts;
    const owner = new Owner({
      url,
      api: this.api,
      tokens: this.tokens,
      db,
      model,
      publish: (updates) => this.publish(updates),
      ended: (code) => this.end(code),
      broken: (error) => owner === this.#owner && this.#broken(error),
      client,
      random,
      timing,
    }, kept); // prettier-ignore
    return owner;
  }

  /** Nothing can be saved: begin again from what is, when there is a chance of it. @param {unknown} error */
  #broken(error) {
    if (this.#closed) return;
    if (error instanceof Fenced) return void this.#dethroned();
    if (!this.#hold) return;
    console.error("the profile could not be saved:", error);
    const owner = this.#owner;
    this.#owner = null;
    void owner?.stop(false);
    const wait = this.#pauses.next(performance.now(), owner !== null);
    const since = this.parts.model().link.since ?? Date.now();
    const retry_at = Date.now() + wait;
    this.publish([{ do: "link", link: { state: "offline", retry_at, since, code: "not_saved" } }]);
    clearTimeout(this.#again);
    this.#again = setTimeout(() => void this.#takeOver(), wait);
  }
}
