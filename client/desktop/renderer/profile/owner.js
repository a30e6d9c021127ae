/**
 * What the one window does that owns a profile's link: it runs the session, lists the chats after each `ready`, learns
 * who is who, and keeps on this machine what is to be seen at the next start.
 */

import { isPassing, probe } from "../link/api.js";
import { Bringing } from "./bringing.js";
import { Erasure } from "./erasure.js";
import { isBlockList, isChatList, isUser } from "../protocol/frames.js";
import { ClientSession } from "../protocol/session.js";
import { Polling } from "../link/polling.js";
import { Driver } from "../link/ws.js";

/** @typedef {import("../types.js").Update} Update @typedef {import("../state/model.js").Model} Model
 * @typedef {import("../types.js").LinkView} LinkView */
/**
 * @typedef {{url: string, api: import("../link/api.js").Api, tokens: import("../link/tokens.js").Tokens, db: import("../store/db.js").Store,
 *   model: () => Model, publish: (updates: Update[]) => void, ended: (code: string) => void,
 *   broken: (error: unknown) => void, client: {device: string, name: string, version: string, os: string},
 *   random: () => number, timing?: Record<string, number>}} Parts
 */

/** Attempts without a link after which HTTP carries on. */
const FRUITLESS = 3;
/** Milliseconds until a list that could not be had is asked for again. */
const AGAIN = 5_000;
/** Milliseconds that changes of the view wait for more of them. */
const KEEP_AFTER = 1_000;
const MOST_IDS = 100;
/** Chats that are asked for at once: few at first, so that there is something to see soon. */
const FIRST_PAGE = 30;
const PAGE = 100;

export class Owner {
  #stopped = false;
  /** For each list on its way the chats told of meanwhile: what it says of them may be old. @type {Set<Set<number>>} */
  #lists = new Set();
  /** How often one's own profile was told: what was asked for before is not the newest. */
  #mine = 0;
  /** Chats that were in no list although something was told of them. @type {Set<number>} */
  #missed = new Set();
  /** @type {Set<number>} */
  #strangers = new Set();
  #asking = false;
  #keepTimer = 0;
  /** @type {Polling | null} */
  #polling = null;
  #probing = false;
  /** @type {number | null} */
  #since = Date.now();
  /** The State as far as it is on the disk. @type {Model} */
  #written;

  /** @param {Parts} parts @param {any} kept what the database holds */
  constructor(parts, kept) {
    this.parts = parts;
    this.#written = parts.model();
    const session = new ClientSession({ ...parts.client, timing: parts.timing }, parts.random, snapshotOf(kept));
    const { url, tokens, db } = parts;
    const told = (/** @type {Update[]} */ updates) => this.#told(updates);
    const moved = () => this.#moved();
    const loggedOut = (/** @type {string | null} */ code) => this.#stopped || parts.ended(code ?? "revoked");
    const rowsSaved = () => void this.#polling?.post();
    this.uploads = new Bringing({
      api: parts.api,
      db,
      brought: (localId, fileId) => this.driver.input((it, at) => it.uploaded(localId, fileId, at)),
      refused: (localId, code) => this.driver.input((it, at) => it.uploadFailed(localId, code, "", at)),
      begun: (local_id, place) => db.shared || parts.publish([{ do: "begun", local_id, place }]),
      progress: (localId, sent) => parts.publish([{ do: "progress", local_id: localId, sent }]),
    });
    this.erasure = new Erasure(db, kept.erased);
    const { uploads } = this;
    const { broken } = parts;
    this.driver = new Driver({ session, url, tokens, db, uploads, told, rowsSaved, loggedOut, moved, broken });
  }

  start() {
    window.addEventListener("pagehide", this.#flush);
    this.driver.start();
    this.erasure.start();
    if (this.parts.tokens.token()) void this.#list();
  }

  /** The end of this window's ownership. @param {boolean} polite say goodbye to the server */
  async stop(polite) {
    this.#stopped = true;
    this.#polling?.stop();
    this.uploads.stop();
    this.erasure.stop();
    if (polite) this.driver.input((session) => session.stop());
    this.driver.stop();
    window.removeEventListener("pagehide", this.#flush);
    clearTimeout(this.#keepTimer);
    await this.keepViews().catch(() => {});
  }

  /** @param {import("../store/db.js").Kept} row durable already @param {import("../store/db.js").Bytes} [bytes] of its
   * files, where windows share nothing */
  send(row, bytes = new Map()) {
    this.parts.db.keepFiles(bytes);
    this.driver.input((session, at) => session.send(row, at, true));
    void this.#polling?.post();
  }

  /** @param {number} chatId @param {number} seq */
  read(chatId, seq) {
    this.driver.input((session, at) => session.read(chatId, seq, at));
    this.#polling?.hurry();
  }

  /** @param {number} chatId @param {boolean} on */
  typing(chatId, on) {
    this.driver.input((session, at) => session.typing(chatId, on, at));
  }

  /** @param {string} cid */
  discard(cid) {
    this.driver.input((session, at) => session.discard(cid, at));
  }

  wake() {
    this.driver.wake();
  }

  /** Something was published, by this window or another. @param {Update[]} updates */
  noticed(updates) {
    for (const update of updates) {
      const frame = update.do === "tell" ? update.frame : null;
      const mine = frame?.type === "ready" || (frame?.type === "user" && frame.user.id === this.parts.model().me?.id);
      if (update.do === "me" || mine) this.#mine += 1;
      const described = update.do === "chat" ? update.chat : frame?.type === "chat" ? frame.chat : null;
      if (described) for (const told of this.#lists) told.add(described.id);
      if (update.do === "apply") this.#meet(update.item);
    }
    const soon = updates.some((update) => update.do === "chats") ? 0 : KEEP_AFTER;
    if (soon === 0) clearTimeout(this.#keepTimer);
    if (!this.#keepTimer || soon === 0) {
      this.#keepTimer = window.setTimeout(this.#flush, soon);
    }
  }

  #flush = () => void this.keepViews().catch(() => {});

  /** Keep what changed of the view. */
  async keepViews() {
    this.#keepTimer = 0;
    const [before, model] = [this.#written, this.parts.model()];
    await this.parts.db.keepViews({
      me: model.me === before.me ? undefined : model.me,
      chats: changed(before.chats, model.chats),
      users: changed(before.users, model.users),
      gone: [...before.chats.keys()].filter((id) => !model.chats.has(id)),
      strangers: before.users === model.users ? [] : [...before.users.keys()].filter((id) => !model.users.has(id)),
    });
    this.#written = model;
  }

  // --- what the session tells ---

  /** @param {Update[]} updates */
  #told(updates) {
    if (this.#stopped) return;
    this.parts.publish(updates);
    if (!updates.some((update) => update.do === "tell" && update.frame.type === "ready")) return;
    this.uploads.hurry();
    void this.#list();
  }

  #moved() {
    if (this.#stopped) return;
    this.#chooseCarrier();
    this.#tellLink();
  }

  /** HTTP carries on where a server is there, but no WebSocket to it. */
  #chooseCarrier() {
    const { session, fruitless } = this.driver;
    if (!["connecting", "backoff"].includes(session.state)) this.#stopPolling();
    if (this.#polling || this.#probing || fruitless < FRUITLESS || session.state !== "backoff") return;
    this.#probing = true;
    void probe(this.parts.url).then(({ ok }) => {
      this.#probing = false;
      if (ok && !this.#stopped && !this.#ready && this.driver.fruitless >= FRUITLESS) this.#poll();
    });
  }

  #stopPolling() {
    this.#polling?.stop();
    this.#polling = null;
  }

  #poll() {
    const { api, model, publish } = this.parts;
    const { session } = this.driver;
    this.#polling = new Polling({
      api,
      session,
      userId: model().me?.id ?? 0,
      input: (feed) => this.driver.input(feed),
      listed: ({ chats, users }) => publish([{ do: "chats", chats, users, kept: [...model().chats.keys()] }]),
      answered: () => this.#tellLink(),
      silent: () => {
        this.#stopPolling();
        this.#moved();
      },
    });
    this.#polling.start();
    void this.#blocks();
  }

  /** Whom one blocks, which `ready` would have told. */
  async #blocks() {
    const answer = await this.parts.api.get("/api/blocks");
    if (this.#stopped || !answer.ok || !isBlockList(answer.body)) return;
    const ids = answer.body.blocks.map(({ user }) => user.id);
    this.parts.publish([{ do: "blocked", ids }]);
  }

  /** How the link is, where it is not as it was. */
  #tellLink() {
    const { session } = this.driver;
    const state = LINK_STATES[session.state] ?? "connecting";
    const renewing = session.state === "backoff" && session.nextTimer() === null;
    const polls = this.#polling?.carries ?? false;
    if (state === "live" || polls) this.#since = null;
    else this.#since ??= Date.now();
    /** @type {LinkView} */
    const link = { state: renewing ? "connecting" : state, retry_at: null, since: this.#since, code: null };
    const due = session.nextTimer();
    if (state === "offline" && due !== null && navigator.onLine) {
      link.retry_at = Date.now() + Math.max(0, due - Math.trunc(performance.now()));
    }
    if (state === "stopped") link.code = "unsupported_version";
    if (polls) Object.assign(link, { state: "polling", retry_at: null });
    const before = this.parts.model().link;
    const same = before.state === link.state && before.since === link.since && before.code === link.code;
    const soon = Math.abs((before.retry_at ?? 0) - (link.retry_at ?? 0)) < 100;
    if (!same || !soon) this.parts.publish([{ do: "link", link }]);
  }

  // --- what is asked over HTTP ---

  /** All chats, as they are now, page by page; again until they could be had. @returns {Promise<void>} */
  async #list() {
    const isWhole = this.#ready;
    const told = new Set();
    this.#lists.add(told);
    const [listed] = await Promise.all([this.#pages(told, isWhole), this.#learnMe()]);
    this.#lists.delete(told);
    if (this.#stopped) return;
    // what waits to be described although all pages are here moved up meanwhile
    const missed = listed && [...this.parts.model().entering.keys()].some((id) => !this.#missed.has(id));
    for (const id of this.parts.model().entering.keys()) this.#missed.add(id); // once: not all of them can be had
    if (missed) return this.#list();
    if (!listed) setTimeout(() => !this.#stopped && this.#ready && void this.#list(), AGAIN);
  }

  async #learnMe() {
    const before = this.#mine;
    const me = await this.parts.api.get("/api/auth/me");
    if (this.#stopped || before !== this.#mine || !me.ok || !isUser(me.body)) return;
    this.parts.publish([{ do: "me", user: me.body }]);
  }

  /**
   * Each page is shown when it comes; what is in none of them is no chat of this user's any more. One that moved up
   * meanwhile is in no later page (docs/protocol.md): before any goes, the first ones are read again.
   * @param {Set<number>} told of meanwhile @param {boolean} isWhole what is told of meanwhile is told to this window
   * @returns {Promise<boolean>} whether all came
   */
  async #pages(told, isWhole) {
    const first = !this.parts.model().listed;
    /** @type {Set<number>} */
    const seen = new Set();
    let epoch = null;
    let again = false;
    const isListed = (/** @type {number} */ id) => told.has(id) || seen.has(id);
    for (let cursor = ""; ;) {
      const limit = cursor || again ? PAGE : FIRST_PAGE;
      const answer = await this.parts.api.get(`/api/chats?limit=${limit}${cursor && `&cursor=${cursor}`}`);
      if (this.#stopped || !answer.ok || !isChatList(answer.body)) return false;
      const { chats, users, next_cursor } = answer.body;
      if (epoch !== null && answer.body.epoch !== epoch) return false; // the database was put back meanwhile
      epoch = answer.body.epoch;
      const isNews = chats.some(({ id }) => !seen.has(id));
      for (const { id } of chats) seen.add(id);
      /** @type {boolean} */
      const isEnd = !next_cursor || (again && !isNews);
      const before = [...this.parts.model().chats.keys()];
      /** @type {boolean} */
      const anew = isEnd && isWhole && !again && !before.every(isListed);
      const known = isEnd && isWhole && !anew ? [...told, ...seen] : [...told, ...before];
      const fresh = chats.map((chat) => (told.has(chat.id) ? flagless(chat) : chat));
      const others = users.filter(({ id }) => id !== this.parts.model().me?.id); // one's own may be old, and is known
      this.parts.publish([{ do: "chats", chats: fresh, users: others, kept: known, first }]);
      if (!anew && (isEnd || chats.length === 0)) return true;
      again ||= anew;
      cursor = anew ? "" : (next_cursor ?? "");
    }
  }

  get #ready() {
    return ["resuming", "live"].includes(this.driver.session.state);
  }

  /** Who wrote it is asked for where nobody told. @param {import("../types.js").Item} item */
  #meet(item) {
    const id = item.type === "message" ? item.sender_id : item.type === "event" ? item.actor_id : null;
    if (id !== null && !this.parts.model().users.has(id)) this.meet([id]);
  }

  /** People that a window does not know. @param {number[]} ids */
  meet(ids) {
    for (const id of ids) this.#strangers.add(id);
    if (!this.#asking && this.#strangers.size > 0) void this.#ask();
  }

  async #ask() {
    this.#asking = true;
    await Promise.resolve();
    while (this.#strangers.size && !this.#stopped) {
      const ids = [...this.#strangers].slice(0, MOST_IDS);
      for (const id of ids) this.#strangers.delete(id);
      const found = await this.parts.api.get(`/api/users?ids=${ids.join(",")}`);
      if (found.ok && Array.isArray(found.body?.users)) {
        this.parts.publish([{ do: "users", users: found.body.users.filter(isUser) }]);
      } else if (!found.ok && isPassing(found.code)) {
        for (const id of ids) this.#strangers.add(id);
        await new Promise((resolve) => setTimeout(resolve, AGAIN));
      }
    }
    this.#asking = false;
  }
}

/** What a link is called in the state of a session. @type {Record<string, LinkView["state"]>} */
const LINK_STATES = {
  idle: "connecting",
  connecting: "connecting",
  authenticating: "connecting",
  resuming: "resuming",
  live: "live",
  backoff: "offline",
  logged_out: "stopped",
  stopped: "stopped",
};

/** @param {any} chat */
function flagless({ muted: _muted, favourite: _favourite, hidden: _hidden, ...chat }) {
  return chat;
}

/** Where an earlier life of the session ended. @param {import("../store/db.js").Loaded} kept
 * @returns {import("../protocol/snapshot.js").Snapshot} */
function snapshotOf({ epoch, cursors, rows }) {
  const chats = cursors.map((cursor) => ({ first_seq: 1, ...cursor }));
  const queued = rows.filter((row) => row.state === "queued");
  return { user_id: epoch?.user_id ?? 0, epoch: epoch?.epoch ?? null, chats, rows: queued };
}

/** @template T @param {Map<number, T>} before @param {Map<number, T>} after @returns {T[]} */
function changed(before, after) {
  if (before === after) return [];
  return [...after].filter(([id, one]) => before.get(id) !== one).map(([, one]) => one);
}
