/**
 * Searching messages: by the server where there is a link, else in what this machine has, by a worker (store/searching.js).
 */

import { refusal } from "../protocol/answers.js";
import { isSearchAnswer } from "../protocol/frames.js";
import { isLive, isUnheard } from "../state/link-view.js";
import { Db } from "../store/db.js";

/** @typedef {import("../types.js").Wanted} Wanted @typedef {import("../types.js").Refused} Refused
 * @typedef {import("../types.js").Found} Found @typedef {import("../types.js").FoundPage} FoundPage */

const WORKER = new URL("../store/searching.js", import.meta.url).href;
/** Results of a page of the server's. */
const PAGE = "20";
/** Milliseconds after which the worker is given up. */
const PATIENCE = 15_000;
/** Milliseconds that loading it ahead waits for a page with nothing to do. */
const AHEAD = 2000;

export class Searches {
  /** @type {Worker | null} */
  #worker = null;
  #id = 0;
  /** The worker was loaded ahead for this log-in: without a link a browser could not load it. */
  #ready = false;
  /** Who waits for the search of now. @type {(found: Found[] | null) => void} */
  #done = () => {};

  /**
   * @param {() => import("../state/model.js").Model} model @param {() => import("../link/api.js").Api} api
   * @param {() => import("../store/db.js").Store | null} db
   * @param {(updates: import("../types.js").Update[]) => void} publish to all windows
   */
  constructor(model, api, db, publish) {
    this.model = model;
    this.api = api;
    this.db = db;
    this.publish = publish;
  }

  /** After each change of the State. */
  follow() {
    const { phase, link } = this.model();
    if (phase !== "signed_in") {
      if (this.#worker) this.#giveUp(); // what it holds belongs to who was signed in
      this.#ready = false;
    } else if (!this.#ready && isLive(link)) {
      this.#ready = true;
      requestIdleCallback(() => this.#ready && (this.#worker ??= this.#started()), { timeout: AHEAD });
    }
  }

  /** @param {Wanted} wanted @param {string | null} cursor of the page before @returns {Promise<FoundPage | Refused>} */
  async search(wanted, cursor) {
    const answer = isLive(this.model().link) ? await this.#there(wanted, cursor) : null;
    if (answer && (answer.ok || !isUnheard(answer.code) || cursor !== null)) return answer;
    const results = await this.#here(wanted);
    if (results === null) return refusal("no_connection");
    return { ok: true, results, next_cursor: null, complete: true, here: true };
  }

  /** @param {Wanted} wanted @param {string | null} cursor @returns {Promise<FoundPage | Refused>} */
  async #there(wanted, cursor) {
    const asked = new URLSearchParams({ limit: PAGE });
    for (const [name, value] of Object.entries({ ...wanted, cursor })) {
      if (value !== null && value !== "") asked.set(name, String(value));
    }
    const api = this.api();
    const answer = await api.get(`/api/search?${asked}`);
    if (!answer.ok) return answer;
    if (!isSearchAnswer(answer.body)) return refusal("bad_answer");
    const { results, users, next_cursor, complete } = answer.body;
    if (api === this.api()) this.publish([{ do: "users", users }]); // else somebody else is logged in
    return { ok: true, results, next_cursor, complete: complete !== false, here: false };
  }

  /** The latest search alone is answered. @param {Wanted} wanted @returns {Promise<Found[] | null>} */
  async #here(wanted) {
    const id = ++this.#id;
    this.#done(null);
    const worker = (this.#worker ??= this.#started());
    const late = setTimeout(() => this.#giveUp(), PATIENCE);
    const found = new Promise((resolve) => {
      this.#done = resolve;
    });
    for (const { items } of this.model().timelines.values()) {
      if (id !== this.#id) break;
      worker.postMessage({ id, held: items.filter(({ type }) => type === "message") });
      await new Promise((resolve) => setTimeout(resolve)); // the page goes on in between
    }
    const db = this.db();
    worker.postMessage({ id, wanted, database: db instanceof Db ? db.name : null });
    const answer = await found;
    clearTimeout(late);
    if (answer === null && id === this.#id) this.#giveUp(); // the next one tries to load it again
    return answer;
  }

  #started() {
    const policy = trusted();
    const worker = new Worker(policy?.createScriptURL?.("") ?? WORKER);
    worker.onmessage = ({ data }) => data.id === this.#id && this.#done(data.answer);
    worker.onerror = () => this.#giveUp();
    return worker;
  }

  #giveUp() {
    this.#worker?.terminate();
    this.#worker = null;
    this.#done(null);
  }
}

/** @type {TrustedRules | undefined} */
let policy;

/** A page may start this script alone as a worker (Trusted Types). */
function trusted() {
  policy ??= window.trustedTypes?.createPolicy("vestnik-search", {
    createScriptURL: () => WORKER,
  });
  return policy;
}
