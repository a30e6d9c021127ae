/**
 * A browser's page for the data layer in Node: what it needs of one, and no more. Channels and locks are those of one
 * profile's windows in one process; a server is a function.
 */

import { afterEach } from "node:test";
import { setImmediate } from "node:timers/promises";

/** @typedef {{method: string, path: string, body: any, headers: Record<string, string>,
 *   keepalive: boolean}} Asked
 * @typedef {{status?: number, body?: any, page?: string, headers?: Record<string, string>}} Answer `page`: instead of JSON
 * @typedef {(asked: Asked) => Answer | Promise<Answer>} Server */

/** All that is under way goes on as far as it can without time. */
export async function settled() {
  for (let round = 0; round < 30; round += 1) await setImmediate();
}

/** Ends what a server has not answered. @type {Set<(answer: null) => void>} */
const waiting = new Set();

/** No request outlives its test: its timers would keep the process. */
async function leave() {
  for (const end of waiting) end(null);
  await settled();
}
afterEach(leave);

/** A promise, and what settles it. @template T */
export function promised() {
  /** @type {(value: T) => void} */
  let resolve = () => {};
  /** @type {Promise<T>} */
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

class Channel {
  /** @type {Set<Channel>} */
  static all = new Set();
  /** @type {(event: {data: any}) => void} */
  onmessage = () => {};

  /** @param {string} name */
  constructor(name) {
    this.name = name;
    Channel.all.add(this);
  }

  /** @param {any} message */
  postMessage(message) {
    if (!Channel.all.has(this)) throw new Error("the channel is closed");
    const data = structuredClone(message);
    for (const other of Channel.all) {
      if (other === this || other.name !== this.name) continue;
      void setImmediate().then(() => Channel.all.has(other) && other.onmessage({ data }));
    }
  }

  close() {
    Channel.all.delete(this);
  }
}

/** Web Locks, as far as the client uses them. */
class Locks {
  /** @type {Map<string, {lose: (why: Error) => void}>} */
  #held = new Map();
  /** @type {{name: string, grant: () => void}[]} */
  #queue = [];

  async query() {
    return { held: [...this.#held.keys()].map((name) => ({ name })), pending: [] };
  }

  /** @param {string} name @param {any} how @param {any} [given] */
  request(name, how, given) {
    const [{ steal = false }, work] = given ? [how, given] : [{}, how];
    return new Promise((resolve, reject) => {
      const grant = () => {
        const hold = { lose: reject };
        this.#held.set(name, hold);
        const over = () => {
          if (this.#held.get(name) !== hold) return;
          this.#held.delete(name);
          const next = this.#queue.findIndex((one) => one.name === name);
          if (next >= 0) this.#queue.splice(next, 1)[0].grant();
        };
        Promise.resolve()
          .then(() => work({ name }))
          .then(resolve, reject)
          .finally(over);
      };
      const holder = this.#held.get(name);
      if (!holder) return grant();
      if (!steal) return void this.#queue.push({ name, grant });
      holder.lose(new DOMException("stolen", "AbortError"));
      grant();
    });
  }
}

/** A WebSocket to somebody who answers frames, or to nobody: then it is never opened. */
class Socket {
  static OPEN = 1;
  /** The one that was made last. @type {Socket | null} */
  static last = null;
  /** @type {((frame: any) => any[]) | null} */
  static answer = null;
  readyState = 0;
  protocol = "chatproto.v1";
  /** @type {() => void} */
  onopen = () => {};
  /** @type {(event: {data: string}) => void} */
  onmessage = () => {};

  constructor() {
    Socket.last = this;
    if (!Socket.answer) return;
    void setImmediate().then(() => {
      this.readyState = Socket.OPEN;
      this.onopen();
    });
  }

  /** @param {string} text */
  send(text) {
    const frames = Socket.answer?.(JSON.parse(text)) ?? [];
    if (frames.length) void setImmediate().then(() => this.onmessage({ data: JSON.stringify(frames) }));
  }

  close() {
    this.readyState = 3;
  }
}

/** The server tells something. @param {any[]} frames */
export function tell(...frames) {
  Socket.last?.onmessage({ data: JSON.stringify(frames) });
}

/** Where a tab keeps what is to survive its reload. @returns {Storage} */
export function tabStorage() {
  /** @type {Map<string, string>} */
  const kept = new Map();
  return /** @type {any} */ ({
    getItem: (/** @type {string} */ name) => kept.get(name) ?? null,
    setItem: (/** @type {string} */ name, /** @type {string} */ value) => void kept.set(name, value),
    removeItem: (/** @type {string} */ name) => void kept.delete(name),
  });
}

/** Begin anew, with such a server. @param {Server} server @param {((frame: any) => any[]) | null} [live] what it answers
 * to a frame; null: it has no WebSockets */
export function newPage(server, live = null) {
  Socket.answer = live;
  Channel.all.clear();
  const nothing = () => {};
  const page = {
    setInterval: (/** @type {() => void} */ work, /** @type {number} */ ms) => setInterval(work, ms),
    setTimeout: (/** @type {() => void} */ work, /** @type {number} */ ms) => setTimeout(work, ms),
    addEventListener: nothing,
    removeEventListener: nothing,
  };
  /** @param {string} url @param {RequestInit} how */
  const answered = async (url, { method = "GET", body, headers, keepalive = false }) => {
    const { pathname, search } = new URL(url);
    const given = typeof body === "string" ? JSON.parse(body) : body;
    const told = /** @type {Record<string, string>} */ (headers);
    const asked = server({ method, path: pathname + search, body: given, headers: told, keepalive });
    const gone = promised();
    waiting.add(gone.resolve);
    const answer = await Promise.race([asked, gone.promise]);
    waiting.delete(gone.resolve);
    if (!answer) throw new TypeError("the page is gone");
    const { status = 200, body: said = {}, page: html, headers: more } = answer;
    const isBare = status === 204 || method === "HEAD";
    return new Response(isBare ? null : (html ?? JSON.stringify(said)), { status, headers: more });
  };
  const parts = {
    window: page,
    document: { visibilityState: "visible" },
    navigator: { locks: new Locks(), onLine: true },
    sessionStorage: tabStorage(),
    localStorage: tabStorage(),
    BroadcastChannel: Channel,
    WebSocket: Socket,
    fetch: answered,
  };
  for (const [name, value] of Object.entries(parts)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
}
