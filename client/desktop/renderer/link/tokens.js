/**
 * The tokens of one log-in. The access token lives in memory. The refresh token is exchanged under a lock of its own,
 * as it is in its store at that time, and the new one is stored before anything is done with its access token
 * (docs/protocol.md section 2). An exchange whose answer was lost is repeated with the same token.
 */

/** @typedef {import("../types.js").Refused} Refused
 * @typedef {{load: () => Promise<string | null>, save: (value: string, obtained: boolean) => Promise<void>,
 *   isNewest: (value: string) => boolean, shared: boolean}} Secret `shared`: what one window saves, all load; `obtained`: from
 *   the server, not from another window; `isNewest`: no window is known to have a newer one
 */

/** @type {Refused} */
const STOPPED = { ok: false, code: "stopped" };

export class Tokens {
  #access = "";
  /** Where the store keeps nothing, it is kept here. @type {string | null} */
  #refresh = null;
  /** It was exchanged, and may still be in the store where the new one could not be saved. @type {string | null} */
  #spent = null;
  /** @type {Promise<{ok: true} | Refused> | null} */
  #exchange = null;
  #dropped = false;

  /**
   * @param {import("./api.js").Api} api without a bearer @param {string} name of the profile @param {Secret} secret
   * @param {(tokens: {access: string, refresh: string | null}) => void} changed
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

  /** What another window of the profile has, or a log-in gave. @param {{access?: string, refresh?: string | null}} given */
  take({ access, refresh }) {
    if (this.#dropped) return;
    if (access) this.#access = access;
    if (!refresh || refresh === this.#refresh) return;
    this.#refresh = refresh;
    if (!this.secret.shared) void this.secret.save(refresh, false);
  }

  /** For another window. */
  give() {
    return { access: this.#access, refresh: this.#refresh };
  }

  /** A log-in gave them: durable first. @param {{access_token: string, refresh_token: string}} answer */
  async keep(answer) {
    this.#refresh = answer.refresh_token;
    await this.secret.save(answer.refresh_token, true);
    this.#access = answer.access_token;
    this.changed(this.give());
  }

  /** There is something to exchange. */
  async any() {
    return this.#access !== "" || (await this.newest()) !== null;
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

  /** The refresh token that may be presented: an older one is taken for stolen. @returns {Promise<string | null>} */
  async newest() {
    const stored = await this.secret.load();
    const isGood = (/** @type {string} */ one) => one !== this.#spent && this.secret.isNewest(one);
    return [stored, this.#refresh].find((one) => one !== null && isGood(one)) ?? null;
  }

  /** @param {string} used @returns {Promise<{ok: true} | Refused>} */
  async #exchanged(used) {
    return locked(`${this.name} tokens`, async () => {
      if (this.#dropped) return STOPPED;
      if (this.#access !== used) return { ok: true };
      const refresh = await this.newest();
      if (refresh === null) return { ok: false, code: "token_missing" };
      const answer = await this.api.post("/api/auth/refresh", { refresh_token: refresh });
      if (this.#dropped) return STOPPED;
      if (!answer.ok) return answer;
      const { access_token, refresh_token } = answer.body ?? {};
      if (typeof access_token !== "string" || typeof refresh_token !== "string") {
        return { ok: false, code: "bad_answer" };
      }
      this.#spent = refresh;
      await this.keep({ access_token, refresh_token });
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
