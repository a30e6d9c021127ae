/** Addresses under which files are shown for a while. */

import { refusal } from "../protocol/answers.js";
import { keepLatest } from "../rules/latest.js";

/** @typedef {import("../types.js").Refused} Refused */

/** Milliseconds that an address is handed out; the server takes it for five minutes. */
const LIFE = 4 * 60_000;
/** Bytes of a file that the page holds at once. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Addresses that are remembered. */
const MOST = 500;

export class Files {
  /** By the file's id. @type {Map<string, {url: string, until: number}>} */
  #links = new Map();
  /** Asked for just now, by the file's id. @type {Map<string, Promise<{ok: true, url: string} | Refused>>} */
  #asking = new Map();
  /** Whose addresses they are. @type {import("../link/api.js").Api | null} */
  #owner = null;

  /** @param {() => import("../link/api.js").Api} api */
  constructor(api) {
    this.api = api;
  }

  /**
   * An address of the file that needs no header, for some minutes.
   * @param {string} id @param {{fresh?: boolean}} [how] `fresh`: the one that was handed out is good for nothing any more
   * @returns {Promise<{ok: true, url: string} | Refused>}
   */
  link(id, { fresh = false } = {}) {
    if (this.#owner !== this.api()) {
      this.#owner = this.api(); // another log-in
      this.#links.clear();
      this.#asking.clear();
    }
    if (fresh) this.#links.delete(id);
    const known = this.#links.get(id);
    if (known && known.until > Date.now()) return Promise.resolve({ ok: true, url: known.url });
    const asked = this.#asking.get(id) ?? this.#ask(id).finally(() => this.#asking.delete(id));
    this.#asking.set(id, asked);
    return asked;
  }

  /** All bytes of it, for what must have them in the page. @param {string} id
   * @returns {Promise<{ok: true, body: Blob} | Refused>} */
  data(id) {
    return this.api().bytes(`/api/files/${encodeURIComponent(id)}`, MOST_BYTES);
  }

  /** @param {string} id @returns {Promise<{ok: true, url: string} | Refused>} */
  async #ask(id) {
    const api = this.api();
    const answer = await api.post(`/api/files/${encodeURIComponent(id)}/link`);
    if (!answer.ok) return answer;
    const path = answer.body?.url;
    if (typeof path !== "string" || !path.startsWith("/api/files/")) return refusal("bad_answer");
    const url = api.url + path;
    this.#links.delete(id);
    this.#links.set(id, { url, until: Date.now() + LIFE });
    keepLatest(this.#links, MOST);
    return { ok: true, url };
  }
}
