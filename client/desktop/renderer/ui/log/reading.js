/**
 * What is read: half of it was in sight for half a second while the window had the focus, the log stood where it should and
 * no dialog lay over it.
 */

import { numberOf } from "../parts/elements.js";

/** Milliseconds. */
const LONG_ENOUGH = 500;
const STEPS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

export class Reading {
  #chatId = 0;
  #unseen = false;
  /** @type {Element | undefined} */
  #log = undefined;
  /** @type {IntersectionObserver | null} */
  #observer = null;
  /** @type {Set<Element>} */
  #watched = new Set();
  /** Since when it is in sight (ms of performance.now()). @type {Map<Element, number>} */
  #seen = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer = undefined;

  /** @param {(chatId: number, seq: number) => void} read @param {AbortSignal} signal when nothing is read any more */
  constructor(read, signal) {
    this.read = read;
    window.addEventListener("focus", () => this.#again(), { signal });
    document.addEventListener("visibilitychange", () => this.#again(), { signal });
  }

  /** @param {Element | undefined} log @param {number} chatId */
  attach(log, chatId) {
    if (log === this.#log) return;
    this.#observer?.disconnect();
    this.#watched.clear();
    this.#seen.clear();
    this.#log = log;
    this.#chatId = chatId;
    this.#observer = log ? new IntersectionObserver(this.#changed, { root: log, threshold: STEPS }) : null;
  }

  /**
   * After each render: watch what is unread, and nothing else.
   * @param {number} chatId @param {boolean} unseen what is in sight is there by chance, or lies under a dialog
   */
  rendered(chatId, unseen) {
    if (!this.#log || chatId !== this.#chatId) return;
    const before = this.#unseen;
    this.#unseen = unseen;
    if (before && !unseen) this.#again();
    const unread = new Set(this.#log.querySelectorAll("[data-unread]"));
    for (const row of this.#watched) {
      if (unread.has(row)) continue;
      this.#observer?.unobserve(row);
      this.#watched.delete(row);
      this.#seen.delete(row);
    }
    for (const row of unread) {
      if (this.#watched.has(row)) continue;
      this.#watched.add(row);
      this.#observer?.observe(row);
    }
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #changed = (entries) => {
    for (const { target, intersectionRatio, intersectionRect, rootBounds } of entries) {
      // of a message taller than the log, half of the log counts
      const tall = rootBounds !== null && intersectionRect.height >= rootBounds.height / 2;
      if (intersectionRatio < 0.5 && !tall) this.#seen.delete(target);
      else if (!this.#seen.has(target)) this.#seen.set(target, performance.now());
    }
    this.#wait();
  };

  /** The log is looked at again: what is in sight is seen from now on. */
  #again() {
    for (const row of this.#seen.keys()) this.#seen.set(row, performance.now());
    this.#wait();
  }

  #wait() {
    clearTimeout(this.#timer);
    if (this.#seen.size && !this.#unseen && looking()) this.#timer = setTimeout(() => this.#tell(), LONG_ENOUGH);
  }

  #tell() {
    if (this.#unseen || !looking()) return;
    const now = performance.now();
    const long = [...this.#seen].filter(([row, since]) => row.isConnected && now - since >= LONG_ENOUGH - 1);
    const seqs = long.map(([row]) => numberOf(row, "seq"));
    if (seqs.length) this.read(this.#chatId, Math.max(...seqs));
    if (long.length < this.#seen.size) this.#wait();
  }
}

function looking() {
  return document.hasFocus() && document.visibilityState === "visible";
}
