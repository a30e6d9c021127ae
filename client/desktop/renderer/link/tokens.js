/**
 * The tokens of one log-in. The access token lives in memory. The refresh token is exchanged under a lock of its own,
 * as it is in its store at that time, and the new one is stored before anything is done with its access token
 * (docs/protocol.md section 2). An exchange whose answer was lost is repeated with the same token.
 */

import { refusal } from "../protocol/answers.js";

/** @typedef {import("../types.js").Refused} Refused
 * @typedef {{load: () => Promise<string | null>, save: (value: string, spent: string | null) => Promise<void>,
 *   isSpent: (value: string) => boolean, shared: boolean}} Secret `shared`: what one window saves, all load; `spent`: was
 *   exchanged for it; `isSpent`: a window is known to have exchanged it
 * @typedef {{access?: string, refresh?: string | null, spent?: string | null}} Given by one window to another; `spent`: was
 *   exchanged for them
 */

/** Used up tokens that a window knows of by itself, whatever its browser keeps. */
const KNOWN = 100;

export class Tokens {
  #access = "";
  /** Where the store keeps nothing, it is kept here. @type {string | null} */
  #refresh = null;
  /** They were exchanged here or in another window: one may still be in the store where the new one could not be saved, or in a
   * window that slept. @type {Set<string>} */
  #spent = new Set();
  /** @type {Promise<{ok: true} | Refused> | null} */
  #exchange = null;
  #dropped = false;

  /**
   * @param {import("./api.js").Api} api without a bearer @param {string} name of the profile @param {Secret} secret
   * @param {(tokens: Given) => void} changed
   */
  constructor(api, name, secret, changed) {
    this.api = api;
    this.name = name;
    this.secret = secret;
    this.changed = changed;
  }

  token() {
    return this.#access;
  }

  /** What another window of the profile has. One that slept tells of what it had then: no refresh token that is used up comes in
   * the place of a good one, and the access token beside it helps who has none. @param {Given} given */
  take({ access, refresh, spent }) {
    if (this.#dropped) return;
    if (spent) this.#spend(spent);
    const news = refresh && !this.#isSpent(refresh) ? refresh : null;
    if (access && (news !== null || this.#access === "")) this.#access = access;
    if (news === null || news === this.#refresh) return;
    this.#refresh = news;
    if (!this.secret.shared) void this.secret.save(news, null);
  }

  /** For another window. */
  give() {
    return { access: this.#access, refresh: this.#refresh };
  }

  /** A log-in gave them, or an exchange: durable first. @param {{access_token: string, refresh_token: string}} answer
   * @param {string | null} [spent] was exchanged for them */
  async keep(answer, spent = null) {
    if (spent !== null) this.#spend(spent);
    this.#refresh = answer.refresh_token;
    await this.secret.save(answer.refresh_token, spent);
    this.#access = answer.access_token;
    this.changed({ ...this.give(), spent });
  }

  /** There is something to exchange. */
  async any() {
    return this.#access !== "" || (await this.usable()) !== null;
  }

  /** Another access token than `used`. @param {string} used @returns {Promise<{ok: true} | Refused>} */
  async renewed(used) {
    if (this.#access !== used) return { ok: true };
    this.#exchange ??= this.#exchanged(used).finally(() => {
      this.#exchange = null;
    });
    return this.#exchange;
  }

  /** Forget all, for good: what an exchange that is under way brings is not kept. */
  drop() {
    this.#dropped = true;
    this.#access = "";
    this.#refresh = null;
  }

  /** The refresh token that may be presented: one that is used up is taken for stolen. @returns {Promise<string | null>} */
  async usable() {
    const stored = await this.secret.load();
    return [stored, this.#refresh].find((one) => one !== null && !this.#isSpent(one)) ?? null;
  }

  /** @param {string} refresh */
  #isSpent(refresh) {
    return this.#spent.has(refresh) || this.secret.isSpent(refresh);
  }

  /** @param {string} refresh */
  #spend(refresh) {
    this.#spent.add(refresh);
    if (this.#spent.size > KNOWN) this.#spent.delete([...this.#spent][0]);
  }

  /** @param {string} used @returns {Promise<{ok: true} | Refused>} */
  async #exchanged(used) {
    return locked(`${this.name} tokens`, async () => {
      if (this.#dropped) return refusal("stopped");
      if (this.#access !== used) return { ok: true };
      const refresh = await this.usable();
      if (refresh === null) return refusal("token_missing");
      const answer = await this.api.post("/api/auth/refresh", { refresh_token: refresh });
      if (this.#dropped) return refusal("stopped");
      if (!answer.ok) return answer;
      const { access_token, refresh_token } = answer.body ?? {};
      if (typeof access_token !== "string" || typeof refresh_token !== "string") {
        return refusal("bad_answer");
      }
      await this.keep({ access_token, refresh_token }, refresh);
      return { ok: true };
    });
  }
}

/** Refusals of an exchange after which there is no log-in any more; whatever else may have been a proxy's. */
const ENDS = ["token_invalid", "token_reused", "token_expired", "token_missing", "revoked"];

/** Whether the log-in is over. @param {Refused} refused */
export function isEnd(refused) {
  return ENDS.includes(refused.code);
}

/**
 * One window at a time; pages over plain HTTP have no locks, and there the owner of the profile alone comes here.
 * @template T @param {string} name @param {() => Promise<T>} work @returns {Promise<T>}
 */
function locked(name, work) {
  return navigator.locks ? navigator.locks.request(name, work) : work();
}
