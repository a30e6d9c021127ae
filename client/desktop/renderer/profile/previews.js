/** Smaller pictures of files: from memory, from this machine, or from the server, a few at a time. */

import { refusal } from "../protocol/answers.js";

/** @typedef {import("../types.js").Attachment} Attachment @typedef {import("../types.js").Refused} Refused
 * @typedef {import("../types.js").Update} Update @typedef {import("../store/previews.js").Place} Place */

/** Requests at once: the rest of the connections is for what people do. */
const AT_ONCE = 4;
/** Pictures in memory. */
const MOST = 300;
/** Bytes of one; the server makes none that is near it. */
const BYTES = 8 * 1024 * 1024;

export class Previews {
  /** By file and size, the one that was seen last at the end. @type {Map<string, {url: string, data: Blob, place: Place | null}>} */
  #shown = new Map();
  /** @type {Map<string, Promise<{ok: true, url: string} | Refused>>} */
  #asking = new Map();
  #running = 0;
  /** @type {(() => void)[]} */
  #waiting = [];
  #over = false;

  /**
   * @param {import("../link/api.js").Api} api @param {import("../store/previews.js").PreviewStore | null} store null: nothing
   *   is kept here
   */
  constructor(api, store) {
    this.api = api;
    this.store = store;
  }

  /**
   * Where the picture is, for as long as the page is there.
   * @param {string} id of the file @param {number} size pixels of the longer side
   * @param {Place | null} place the message that holds it; with none it is not kept
   * @returns {Promise<{ok: true, url: string} | Refused>}
   */
  async get(id, size, place) {
    const key = `${id} ${size}`;
    const here = this.#shown.get(key);
    if (here) {
      this.#shown.delete(key);
      this.#shown.set(key, here);
      if (place && !here.place) {
        here.place = place;
        void this.#keep(key, here.data, place);
      }
      return { ok: true, url: here.url };
    }
    const asked = this.#asking.get(key) ?? this.#bring(key, id, size, place).finally(() => this.#asking.delete(key));
    this.#asking.set(key, asked);
    return asked;
  }

  /** Messages are deleted, chats are gone: so are their pictures. @param {readonly Update[]} updates */
  noticed(updates) {
    const gone = updates.flatMap(deletedIn);
    if (gone.length) {
      this.#forget((place) => gone.some(({ chat_id, seq }) => place.chat_id === chat_id && place.seq === seq));
      void this.store?.drop(gone);
    }
    for (const update of updates) {
      if (update.do === "expire") {
        const { chat_id: chatId, first_seq: first } = update;
        this.#forget(({ chat_id, seq }) => chat_id === chatId && seq < first);
        void this.store?.dropBefore(chatId, first);
      }
      if (update.do !== "forget") continue;
      this.#forget(({ chat_id }) => chat_id === update.chat_id);
      void this.store?.dropChat(update.chat_id);
    }
  }

  /** @param {{destroy: boolean}} how `destroy`: of what is kept, too */
  async close({ destroy }) {
    this.#over = true;
    for (const key of [...this.#shown.keys()]) this.#drop(key);
    await (destroy ? this.store?.destroy() : this.store?.close());
  }

  /** @param {string} key @param {string} id @param {number} size @param {Place | null} place
   * @returns {Promise<{ok: true, url: string} | Refused>} */
  async #bring(key, id, size, place) {
    const kept = await this.store?.get(key, Date.now());
    if (kept) return this.#show(key, new Blob([kept], { type: "image/webp" }), place);
    await this.#turn();
    const answer = await this.api.bytes(`/api/files/${encodeURIComponent(id)}/preview?size=${size}`, BYTES);
    this.#done();
    if (!answer.ok) return answer;
    const data = new Blob([answer.body], { type: "image/webp" }); // whatever it was called: it is shown as a picture alone
    if (place) void this.#keep(key, data, place);
    return this.#show(key, data, place);
  }

  async #turn() {
    if (this.#running < AT_ONCE) this.#running += 1;
    else await new Promise((resolve) => this.#waiting.push(() => resolve(null)));
  }

  /** Whoever waited longest goes in one's place, so that nobody slips in between. */
  #done() {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running -= 1;
  }

  /** @param {string} key @param {Blob} data @param {Place | null} place @returns {{ok: true, url: string} | Refused} */
  #show(key, data, place) {
    if (this.#over) return refusal("cancelled");
    const url = URL.createObjectURL(data);
    this.#shown.set(key, { url, data, place });
    if (this.#shown.size > MOST) this.#drop([...this.#shown.keys()][0]);
    return { ok: true, url };
  }

  /** @param {string} key @param {Blob} data @param {Place} place */
  async #keep(key, data, place) {
    await this.store?.put(key, await data.arrayBuffer(), place, Date.now());
  }

  /** @param {(place: Place) => boolean} which */
  #forget(which) {
    for (const [key, { place }] of [...this.#shown]) if (place && which(place)) this.#drop(key);
  }

  /** @param {string} key */
  #drop(key) {
    const there = this.#shown.get(key);
    if (there) URL.revokeObjectURL(there.url);
    this.#shown.delete(key);
  }
}

/** The messages that an update tells to be deleted. @param {Update} update @returns {Place[]} */
function deletedIn(update) {
  if (update.do === "apply") {
    const { item } = update;
    const deleted = item.type === "event" && item.event === "deleted" && item.target_seq;
    return deleted ? [{ chat_id: item.chat_id, seq: deleted }] : [];
  }
  if (update.do !== "page") return [];
  return update.page.items.filter((item) => item.type === "message" && item.deleted);
}
