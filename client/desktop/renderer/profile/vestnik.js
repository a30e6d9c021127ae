/** The State of a window, and who is logged in in it: from which server, since when, until when. */

import { Api, BUSY_UNSEEN, inTurn, probe } from "../link/api.js";
import { DONE, refusal } from "../protocol/answers.js";
import { echoOf } from "../protocol/commands.js";
import { isChat } from "../protocol/frames.js";
import { hex } from "../protocol/ids.js";
import { serverOrigin } from "../rules/address.js";
import { USUAL, settingsOf } from "../rules/settings.js";
import { emptyModel, emptyProfile, isOver, reduce } from "../state/model.js";
import { Db } from "../store/db.js";
import { erase, fetchAside, moveUnsent } from "../store/erasing.js";
import { rewritingFiles } from "../store/idb.js";
import { History } from "./history.js";
import { memoryStore } from "../store/memory.js";
import { PreviewStore } from "../store/previews.js";
import { movedName } from "../store/rewriting.js";
import { JOIN, JOIN_BUSY, Neighbours } from "./neighbours.js";
import { Outgoing } from "./outgoing.js";
import { stillThere } from "./kept-begun.js";
import { Previews } from "./previews.js";
import { Profile, profileName } from "./profile.js";
import { Quotes } from "./quotes.js";
import { secretOf } from "./secret.js";

/** @typedef {import("../platform.js").Account} Account @typedef {import("../store/db.js").Store} Store */
/** @typedef {import("../types.js").Refused} Refused @typedef {import("../types.js").Done} Done
 * @typedef {import("../types.js").Update} Update @typedef {import("../types.js").PrivateUser} PrivateUser
 * @typedef {import("../types.js").Message} Message */

const TICK = 1_000;
/** Somebody ended the log-in, on another device or by using a stolen token; it did not just run out. */
const ENDED = ["revoked", "token_reused"];

export class Vestnik {
  /** @type {Profile | null} */
  profile = null;
  /** @type {import("../store/db.js").Store | null} */
  db = null;
  /** Whether the account is being deleted here, and how the log-in ended meanwhile. */
  #deleting = false;
  /** @type {string | null} */
  #endedMeanwhile = null;
  /** Of who is logged in. @type {Previews | null} */
  previews = null;
  /** Where the chat that is open again after a start was looked at. @type {{chat_id: number, seq: number} | null} */
  place = null;
  /** @type {Set<() => void>} */
  listeners = new Set();
  /** @type {Set<(message: Message, chat: import("../types.js").ChatView) => void>} */
  arrivals = new Set();
  /** How often a chat was opened: where one waited for an answer, the latest wish counts. */
  #wishes = 0;
  #windowId = hex(crypto.getRandomValues(new Uint8Array(8)));
  #resuming = false;
  #remembered = false;
  #neighbours;
  #keyring = false;
  #version = "0";
  #os = "";

  /** @param {import("../platform.js").Platform} platform @param {{timing?: Record<string, number>}} options */
  constructor(platform, options) {
    this.platform = platform;
    this.options = options;
    this.model = emptyModel();
    const update = (/** @type {Update[]} */ updates) => this.update(updates);
    const [model, profile, db] = [() => this.model, () => this.profile, () => this.db];
    this.history = new History(model, update, profile, db);
    this.quotes = new Quotes(model, update, profile, db);
    this.outgoing = new Outgoing(model, profile, db);
    this.#neighbours = new Neighbours({
      url: () => this.model.server.url,
      user: () => (this.profile && !this.#remembered ? this.model.me : null),
      begun: () => this.model.phase === "signed_out" && void this.#resume(),
    });
  }

  /** What asks the server: as the user, where somebody is logged in. */
  get api() {
    return this.profile?.api ?? new Api(this.model.server.url);
  }

  /** @param {Update[]} updates */
  update(updates) {
    const after = reduce(this.model, updates, Date.now());
    if (after === this.model) return;
    this.model = after;
    this.db?.noticed(updates);
    this.previews?.noticed(updates);
    this.outgoing.drafts.noticed(updates.flatMap((one) => (one.do === "writing" ? [one.chat_id] : [])));
    for (const listener of this.listeners) listener();
    void this.history.refill();
    this.quotes.follow();
  }

  /** To all windows of the profile. @param {Update[]} updates */
  publish(updates) {
    this.profile?.publish(updates);
  }

  // --- who is logged in ---

  async start() {
    const [info, kept] = await Promise.all([this.platform.info(), this.platform.loadSettings()]);
    this.#keyring = info.keyring;
    this.#version = info.version;
    this.#os = info.os;
    const server = { url: serverOrigin(info.server) ?? "", fixed: info.server_fixed };
    // the app is Russian until somebody chooses; a page follows its browser
    const language = this.platform.desktop ? USUAL.language : "system";
    const settings = { ...USUAL, language, ...settingsOf(kept) };
    this.update([{ do: "set", values: { server, settings } }]);
    this.platform.onWake(() => this.wake());
    setInterval(() => isOver(this.model, Date.now()) && this.update([{ do: "tick" }]), TICK);
    // the listeners of this event are called in the order of their coming: the face's come after
    window.addEventListener("pagehide", () => this.outgoing.drafts.leave());
    this.#neighbours.listen();
    await this.#resume();
  }

  /** Go on as the user who was logged in last, where their tokens are still here or in another window. */
  async #resume() {
    if (this.#resuming) return;
    this.#resuming = true;
    await this.#goOn();
    this.#resuming = false;
  }

  async #goOn() {
    const { url } = this.model.server;
    const own = url !== "" && (await this.platform.loadAccount(url));
    const account = own ?? (await this.#neighbours.met());
    if (!account) return this.update([{ do: "set", values: { phase: "signed_out" } }]);
    const { user, remembered } = account;
    const profile = this.#newProfile(user.id, remembered);
    const stored = await profile.tokens.any();
    const remembers = !remembered ? "memory" : this.#keyring ? "keyring" : "file";
    if (stored) this.update([{ do: "set", values: { remembers } }]);
    const isOld = !stored && (await profile.parts.secret.load()) !== null; // other tabs went on
    const toWait = own && !(isOld && (await this.#neighbours.any())) ? JOIN : JOIN_BUSY;
    if (stored || (await profile.joined(toWait))) {
      if (!remembered) await this.platform.saveAccount(url, account).catch(() => {});
      return this.#begin(profile, user);
    }
    await profile.close({ polite: false });
    this.update([{ do: "set", values: { phase: "signed_out", ended: isOld ? "token_missing" : null } }]);
  }

  /** Log in, or make an account. @param {string} path @param {any} form @param {boolean} remember
   * @param {(ms: number) => void} waits is told while many people log in @returns {Promise<Done | Refused>} */
  async enter(path, form, remember, waits) {
    const api = new Api(this.model.server.url);
    const answer = await inTurn(() => api.post(path, form), waits);
    if (!answer.ok) return answer;
    const { access_token, refresh_token, user } = answer.body ?? {};
    if (typeof access_token !== "string" || typeof refresh_token !== "string" || !Number.isSafeInteger(user?.id)) {
      return refusal("bad_answer");
    }
    const { url } = this.model.server;
    const remembered = remember && this.platform.durable;
    const profile = this.#newProfile(user.id, remembered);
    await this.#fetchUnsent(profile.name, remembered).catch((error) => console.warn("what was not sent stays:", error));
    await profile.tokens.keep({ access_token, refresh_token });
    await this.platform.saveAccount(url, { user, remembered }).catch(() => {});
    await this.#begin(profile, user);
    this.#neighbours.tell(url);
    return DONE;
  }

  /** What an earlier log-in left that was kept the other way. @param {string} name @param {boolean} remembered */
  async #fetchUnsent(name, remembered) {
    if (!this.db || !this.platform.durable) return;
    await fetchAside(name);
    if (remembered) return moveUnsent(memoryStore(name), this.db);
    const [there, locks] = await Promise.all([indexedDB.databases?.(), navigator.locks?.query()]);
    if (locks?.held?.some((lock) => lock.name === name)) return; // another window lives on it
    const names = [name, movedName(name)];
    if (!there || there.some((one) => names.includes(one.name ?? ""))) await moveUnsent(new Db(name), this.db);
  }

  /** @param {number} userId @param {boolean} remembered past the end of the tab */
  #newProfile(userId, remembered) {
    const url = this.model.server.url;
    const name = profileName(url, userId);
    this.#remembered = remembered;
    const { platform } = this;
    const told = (/** @type {import("../types.js").State["remembers"]} */ remembers) =>
      this.update([{ do: "set", values: { remembers } }]);
    const secret = secretOf(platform, name, remembered, told);
    this.db = remembered ? new Db(name) : memoryStore(name);
    const device = `${platform.desktop ? "Vestnik" : "Web"}, ${this.#os}`.slice(0, 64);
    const client = {
      device,
      name: platform.desktop ? "vestnik-desktop" : "vestnik-web",
      version: this.#version,
      os: this.#os,
    };
    return new Profile({
      url,
      userId,
      windowId: this.#windowId,
      db: this.db,
      secret,
      model: () => this.model,
      update: (updates) => this.update(updates),
      arrived: (messages) => this.#arrived(messages),
      ended: (code) => void this.#ended(code),
      client,
      random: () => crypto.getRandomValues(new Uint32Array(1))[0] / 2 ** 32,
      timing: this.options.timing,
    });
  }

  /** @param {Profile} profile @param {PrivateUser} user */
  async #begin(profile, user) {
    this.profile = profile;
    this.history.forget();
    this.quotes.forget();
    this.previews = new Previews(profile.api, this.#remembered ? new PreviewStore(profile.name) : null);
    this.update([
      { do: "set", values: { ...emptyProfile(), phase: "signed_in", ended: null } },
      { do: "me", user },
    ]);
    try {
      if (this.db) await this.#cached(this.db);
    } catch (error) {
      console.warn("nothing could be read from this machine:", error);
    }
    profile.start();
  }

  /** What this machine has kept is shown. @param {Store} db */
  async #cached(db) {
    const kept = await db.load();
    const written = await stillThere(kept, db);
    if (db !== this.db) return; // the log-in is over
    this.outgoing.drafts.recalled(kept.begun);
    this.update([{ do: "cached", kept: { ...kept, ...written } }, ...kept.rows.map(echoed)]);
    if (kept.me) this.update([{ do: "me", user: kept.me }]);
    if (kept.current === null || !this.model.chats.has(kept.current)) return;
    this.place = kept.place === null ? null : { chat_id: kept.current, seq: kept.place };
    void this.history.open(kept.current, kept.place);
  }

  /**
   * The log-in is over: drafts and the outbox stay. What the server has too stays where the log-in only ran out, and goes
   * where somebody ended it.
   * @param {string | null} code null: the user wished it
   */
  async #ended(code) {
    const { profile, db, previews } = this;
    if (!profile) return;
    if (this.#deleting && code !== null) {
      this.#endedMeanwhile = code;
      return;
    }
    this.outgoing.drafts.flush();
    this.profile = this.db = this.previews = null;
    const closed = profile.close({ polite: true }); // what is to be seen at the next start is kept before it is gone
    this.update([{ do: "set", values: { ...emptyProfile(), phase: "signed_out", ended: code } }]);
    // a secret that could not be read (a locked keyring) is not thrown away
    if (code !== "token_missing") await this.platform.deleteSecret(profile.name).catch(() => {});
    await closed;
    const ended = code !== null && ENDED.includes(code);
    if (ended && db instanceof Db) await this.#erase(db, previews);
    else await previews?.close({ destroy: ended }).catch(() => {});
    await db?.close();
  }

  /** @param {Db} db @param {Previews | null} previews */
  async #erase(db, previews) {
    const drop = () => Promise.all([erase(db), previews?.close({ destroy: true }).catch(() => {})]);
    await rewritingFiles(drop).catch((error) => console.warn("not all of what was kept could be erased:", error));
    this.platform.collectGarbage(); // files that were sent lie on the disk as long as the page could read them
  }

  /** @param {{discard: boolean}} how @returns {Promise<Done | Refused>} */
  async logout({ discard }) {
    const { profile, db } = this;
    if (!profile || !db) return DONE;
    const unsent = this.outgoing.busy || [...this.model.echoes.lists.values()].some((list) => list.length > 0);
    if (unsent && !discard) return refusal("unsent");
    // where the server cannot be told, the user leaves this machine all the same
    const server = new Api(profile.parts.url);
    await this.#leave(profile, db, (refresh_token) => server.farewell("/api/auth/logout", { refresh_token }));
    return DONE;
  }

  /** The sessions end before the answer comes, or after it; either way nothing stays here. @param {string} password
   * @returns {Promise<Done | Refused>} */
  async deleteAccount(password) {
    const { profile, db } = this;
    if (!profile || !db || this.#deleting) return DONE;
    [this.#deleting, this.#endedMeanwhile] = [true, null];
    const asking = () => this.api.call("DELETE", "/api/auth/me", { password });
    const answer = await inTurn(asking, () => {}, BUSY_UNSEEN);
    this.#deleting = false;
    if (answer.ok) await this.#leave(profile, db);
    else if (this.#endedMeanwhile !== null) await this.#ended(this.#endedMeanwhile);
    return answer.ok ? DONE : answer;
  }

  /** Nothing stays on this machine. @param {Profile} profile @param {Store} db @param {(secret: string) => Promise<unknown>} [tell]
   * is told the refresh token before anything is erased: the page may be closed meanwhile */
  async #leave(profile, db, tell = async () => {}) {
    const { previews } = this;
    const secret = await profile.tokens.usable();
    profile.end(null); // first, or the window with the link would take its end for somebody else's wish
    const told = secret === null ? null : tell(secret);
    await this.platform.deleteSecret(profile.name).catch(() => {});
    await this.platform.saveAccount(profile.parts.url, null).catch(() => {});
    const drop = () => Promise.allSettled([db.destroy(), previews?.close({ destroy: true })]);
    await Promise.all([this.#remembered ? rewritingFiles(drop) : drop(), told]);
    this.platform.collectGarbage();
  }

  /** @param {string} url @returns {Promise<Done | Refused>} */
  async probe(url) {
    const address = serverOrigin(url);
    if (!address) return refusal("bad_address");
    return this.platform.desktop ? this.platform.probe(address) : probe(address);
  }

  /** @param {string} url @returns {Promise<Done | Refused>} */
  async setServer(url) {
    const address = serverOrigin(url);
    if (!address) return refusal("bad_address");
    const answer = await this.platform.setServer(address);
    if (answer.ok) this.update([{ do: "set", values: { server: { url: address, fixed: false } } }]);
    return answer;
  }

  // --- messages ---

  /** @param {number | null} chatId @param {number | null} place the seq that was looked at when the chat was left
   * @returns {Promise<Done | Refused>} `cancelled`: another one was opened while this one was asked for */
  async openChat(chatId, place) {
    const wish = (this.#wishes += 1);
    if (chatId !== null && !this.model.chats.has(chatId)) {
      const { profile } = this;
      const answer = await this.api.get(`/api/chats/${chatId}`);
      if (wish !== this.#wishes || profile !== this.profile) return refusal("cancelled");
      if (!answer.ok) return answer;
      if (!isChat(answer.body) || answer.body.id !== chatId) return refusal("bad_answer");
      this.publish([{ do: "chat", chat: answer.body }]);
    }
    this.place = null;
    void this.db?.keepViews({ current: chatId, place }).catch(() => {}); // in vain, the next start shows the list alone
    if (chatId === null) this.update([{ do: "open", chat_id: null }]);
    else await this.history.open(chatId, place);
    return DONE;
  }

  /** @param {number} chatId @param {number} seq */
  read(chatId, seq) {
    const chat = this.model.chats.get(chatId);
    if (chat && seq > chat.read_seq) void this.profile?.command({ do: "read", chat_id: chatId, seq });
  }

  wake() {
    void this.profile?.command({ do: "wake" });
  }

  /** @param {Partial<import("../types.js").Settings>} change */
  async changeSettings(change) {
    const settings = { ...this.model.settings, ...settingsOf(change) };
    const tell = (/** @type {Update[]} */ updates) => (this.profile ? this.publish(updates) : this.update(updates));
    tell([{ do: "settings", settings }]);
    await this.platform.saveSettings(settings);
  }

  /** @param {Message[]} messages */
  #arrived(messages) {
    for (const message of messages) {
      const chat = this.model.chats.get(message.chat_id);
      if (chat) for (const listener of this.arrivals) listener(message, chat);
    }
  }
}

/** @param {import("../store/db.js").Kept} row @returns {Update} */
const echoed = (row) => ({ do: "echo", echo: echoOf(row) });
