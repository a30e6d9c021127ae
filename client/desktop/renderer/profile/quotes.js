/**
 * What is answered in the open chat and not loaded: its quotes are looked up on this machine, then asked of the server, one
 * request for those that are near one another. What is not there, or may not be seen, is asked for once.
 */

import { FAULTS, isPassing } from "../link/api.js";
import { isItemPage } from "../protocol/frames.js";
import { NOTHING_BEGUN } from "../state/begun.js";
import { currentTimeline } from "../state/chat-list.js";
import { isLive } from "../state/link-view.js";
import { messageAt, missingQuotes } from "../state/quoted.js";

/** @typedef {import("../state/model.js").Model} Model @typedef {import("../types.js").Update} Update
 * @typedef {import("../types.js").Message} Message @typedef {import("./profile.js").Profile} Profile */

/** Entries of the log that one request asks for at most, to have all quotes that lie in them. */
const SPAN = 100;
/** Requests for what one state of a timeline lacks: a chat may answer in a hundred places. */
const ROUNDS = 5;
/** Until it is asked again, where the server could not tell just now. */
const AGAIN_MS = 15_000;
/** Milliseconds: up to `first` before the first request, as many windows may lack the same at once, and between two. */
const SPREAD = { first: 1000, between: 1000 };
/** Places that are remembered because nothing is there. */
const REMEMBERED = 5000;

export class Quotes {
  /** Places in which the server has no message for this user. @type {Set<string>} */
  #vain = new Set();
  /** The same on this machine. @type {Set<string>} */
  #unkept = new Set();
  /** What was looked through last. @type {unknown[]} */
  #seen = [];
  /** Whose lookup is under way. @type {Profile | null} */
  #busy = null;
  #online = false;
  #faults = 0;
  /** @type {ReturnType<typeof setTimeout> | null} */
  #resting = null;

  /**
   * @param {() => Model} model @param {(updates: Update[]) => void} update
   * @param {() => Profile | null} profile @param {() => import("../store/db.js").Store | null} db
   * @param {(milliseconds: number) => Promise<unknown>} [wait]
   */
  constructor(model, update, profile, db, wait = (ms) => new Promise((done) => setTimeout(done, ms))) {
    this.model = model;
    this.update = update;
    this.profile = profile;
    this.db = db;
    this.wait = wait;
  }

  /** Somebody else is logged in. */
  forget() {
    this.#vain.clear();
    this.#unkept.clear();
    this.#seen = [];
    this.#busy = null;
    this.#rest(false);
  }

  /** The State is another one: what the open chat lacks now is brought. */
  follow() {
    const model = this.model();
    const { pins, begun, link } = model;
    const online = isLive(link);
    if (online && !this.#online) this.#rest(false);
    this.#online = online;
    const profile = this.profile();
    const line = currentTimeline(model);
    if (!profile || this.#busy === profile || !line || line.loading !== null || line.stale) return;
    const { reply, edit } = begun.get(line.chat_id) ?? NOTHING_BEGUN;
    const seen = [line.items, line.echoes, pins.get(line.chat_id), reply?.seq, edit?.seq, this.#asks];
    if (seen.every((one, at) => one === this.#seen[at])) return;
    this.#seen = seen;
    if (this.#missing(line.chat_id).length > 0) void this.#bring(line.chat_id, profile);
  }

  /** The server may be asked. */
  get #asks() {
    return this.#online && this.#resting === null;
  }

  /** @param {number} chatId @returns {number[]} seqs, the newest first */
  #missing(chatId) {
    const seqs = missingQuotes(this.model(), chatId).filter((seq) => !this.#vain.has(this.#key(chatId, seq)));
    return this.#asks ? seqs : seqs.filter((seq) => !this.#unkept.has(this.#key(chatId, seq)));
  }

  /** What may be seen of a log is another place. @param {number} chatId @param {number} seq */
  #key(chatId, seq) {
    return [chatId, this.model().chats.get(chatId)?.first_seq, seq].join(" ");
  }

  /** @param {number} chatId @param {Profile} profile */
  async #bring(chatId, profile) {
    this.#busy = profile;
    await this.#recall(chatId, profile);
    const lacks = () =>
      this.#asks && this.profile() === profile && this.model().current === chatId && this.#missing(chatId).length > 0;
    for (let round = 0; round < ROUNDS && lacks(); round += 1) {
      await this.wait(round === 0 ? Math.random() * SPREAD.first : SPREAD.between);
      if (!lacks()) break;
      const missing = this.#missing(chatId);
      await this.#ask(chatId, profile, missing);
    }
    if (this.#busy !== profile) return;
    this.#busy = null;
    this.follow(); // what came meanwhile
  }

  /** Of this machine. @param {number} chatId @param {Profile} profile */
  async #recall(chatId, profile) {
    const since = this.#applied(chatId);
    const seqs = this.#missing(chatId).filter((seq) => !this.#unkept.has(this.#key(chatId, seq)));
    const db = this.db();
    const kept = async (/** @type {number} */ seq) => messageAt((await db?.items(chatId, seq + 1, 1)) ?? [], seq);
    const found = await Promise.all(seqs.map(kept)).catch(() => []);
    if (this.profile() !== profile) return;
    const messages = found.flatMap((message) => message ?? []);
    const there = new Set(messages.map(({ seq }) => seq));
    for (const seq of seqs) if (!there.has(seq)) remember(this.#unkept, this.#key(chatId, seq));
    if (messages.length === 0) return;
    const ids = [...new Set(messages.map(({ sender_id: id }) => id))].filter((id) => !this.model().users.has(id));
    this.update([{ do: "quoted", chat_id: chatId, messages, users: [], since }]);
    if (ids.length > 0) void profile.command({ do: "meet", ids });
  }

  /** @param {number} chatId @param {Profile} profile @param {number[]} missing the newest first */
  async #ask(chatId, profile, missing) {
    const since = this.#applied(chatId);
    const [last] = missing;
    const wanted = missing.filter((seq) => seq > last - SPAN);
    const after = wanted[wanted.length - 1] - 1;
    const path = `/api/chats/${chatId}/messages?after_seq=${after}&limit=${last - after}`;
    const answer = await profile.api.get(path);
    if (this.profile() !== profile) return;
    this.#faults = !answer.ok && answer.code === "internal" ? this.#faults + 1 : 0;
    if (!answer.ok && isPassing(answer.code) && this.#faults < FAULTS) return this.#rest(true);
    const page = answer.ok && isItemPage(answer.body) ? answer.body : null;
    if (!page || page.items.length === 0) {
      for (const seq of wanted) remember(this.#vain, this.#key(chatId, seq));
      return;
    }
    const messages = [];
    for (const seq of wanted) {
      const message = messageAt(page.items, seq);
      if (message) messages.push(message);
      // a page ends early where its messages are long: what is above it is asked for next
      if (!message && seq <= page.to_seq) remember(this.#vain, this.#key(chatId, seq));
    }
    this.update([{ do: "quoted", chat_id: chatId, messages, users: page.users, since }]);
  }

  /** @param {number} chatId */
  #applied(chatId) {
    return this.model().chats.get(chatId)?.applied ?? 0;
  }

  /** The server is not asked for a while, or is again. @param {boolean} on */
  #rest(on) {
    if (this.#resting !== null) clearTimeout(this.#resting);
    this.#resting = on ? setTimeout(() => [this.#rest(false), this.follow()], AGAIN_MS) : null;
  }
}

/** @param {Set<string>} places @param {string} key */
function remember(places, key) {
  if (places.size >= REMEMBERED) places.clear();
  places.add(key);
}
