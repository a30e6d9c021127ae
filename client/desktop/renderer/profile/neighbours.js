/**
 * The other windows of this browser, of whoever is logged in there: a tab joins a log-in that is kept in tabs alone, and
 * hears of one that begins.
 */

import { profileName } from "./profile.js";

/** @typedef {import("../platform.js").Account} Account @typedef {import("../types.js").PrivateUser} PrivateUser */
/**
 * What this window is to them. `user`: who is logged in here until the tabs are closed, null: nobody; `begun`: somebody
 * logged in in another window.
 * @typedef {{url: () => string, user: () => PrivateUser | null, begun: () => void}} Here
 */

/** Milliseconds that another window has to tell that it is logged in, where nobody knows whether there is one. */
export const JOIN = 400;
/** The same where there is one: it may have much to do, and who is logged in is not sent to the door for that. */
export const JOIN_BUSY = 5_000;

export class Neighbours {
  #channel = new BroadcastChannel("vestnik");
  /** Somebody is logged in in another window. @type {(user: any) => void} */
  #met = () => {};

  /** @param {Here} here */
  constructor(here) {
    this.here = here;
  }

  /** From now on they are heard. */
  listen() {
    this.#channel.onmessage = ({ data }) => this.#heard(data);
  }

  /** Somebody logged in here. @param {string} url of the server */
  tell(url) {
    this.#channel.postMessage({ kind: "signed in", url });
  }

  /** Whether somebody is logged in in another window; over plain HTTP nobody knows, and it may be. */
  async any() {
    const prefix = profileName(this.here.url(), 0).replace(/0$/, "");
    const locks = await navigator.locks?.query();
    return !locks || (locks.held ?? []).some(({ name }) => name?.startsWith(prefix));
  }

  /** Who is logged in in another window until it is closed. @returns {Promise<Account | null>} */
  async met() {
    if (!(await this.any())) return null; // there is no need to wait
    const user = await new Promise((resolve) => {
      this.#met = resolve;
      setTimeout(() => resolve(null), navigator.locks ? JOIN_BUSY : JOIN);
      this.#channel.postMessage({ kind: "who", url: this.here.url() });
    });
    this.#met = () => {};
    return Number.isSafeInteger(user?.id) ? { user, remembered: false } : null;
  }

  /** @param {any} data */
  #heard(data) {
    if (data?.url !== this.here.url()) return;
    if (data.kind === "signed in") this.here.begun();
    const user = data.kind === "who" ? this.here.user() : null;
    if (user) this.#channel.postMessage({ kind: "here", url: data.url, user });
    if (data.kind === "here") this.#met(data.user);
  }
}
