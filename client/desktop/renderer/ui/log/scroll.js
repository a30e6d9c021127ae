/**
 * Where the log stands. A chat opens at its first unread message, else where one left it, else at its end. The browser's
 * scroll anchoring holds what is looked at while rows come above it, provided that the log is not at its very top. At its
 * end it stays at the end, but no unread message is ever moved out of sight by that: what nobody saw must not become read.
 */

import { keepLatest } from "../../rules/latest.js";
import { currentTimeline } from "../../state/chat-list.js";

/** A row, and how far (px) below the top of the log it is. @typedef {{seq: number, top: number}} Place */
/** @typedef {{after: number | null, place: Place | null, asked: boolean}} Opening */
/** @typedef {import("../../types.js").State} State @typedef {import("../../types.js").ChatView} ChatView */

/** So near to the end (px) new messages keep one there. */
const NEAR = 80;
/** Older and newer pages are asked for so far (px) before they are needed. */
const AHEAD = 800;
/** Frames in which rows take their heights after one has gone to a place. */
const SETTLE = 8;
/** Chats whose place is known after one has left them. */
const PLACES = 100;
/** How long the date stays in sight after the last scrolling. */
const DATE = 1200;

/** Milliseconds after the last scrolling until the place is kept. */
const PLACE = 400;

/** By what a user scrolls. */
const ACTS = ["wheel", "touchmove", "pointerdown", "keydown"];

export class Scroll {
  /** Away from the end: the button is shown. */
  away = false;
  /** How often one has gone elsewhere by oneself: to the end, into another chat, by scrolling. */
  moved = 0;
  /** @type {HTMLElement | null} */
  #log = null;
  #atEnd = true;
  #chatId = 0;
  /**
   * The first position in a chat is not found yet. `after`: what was read of it, where something is unread; `place`: where
   * it was left; `asked`: what belongs there is on its way.
   * @type {Opening | null}
   */
  #opening = null;
  /** Where chats were left that were not at their end, by chat; the latest last. @type {Map<number, Place>} */
  #places = new Map();
  /** Up to this seq one has gone past what is unread, by one's own wish. */
  #passed = 0;
  /** To be shown at the next render that has it. @type {{seq: number, focus: boolean} | null} */
  #wanted = null;
  #loading = false;
  #settling = 0;
  /** The last scrolling was the user's, not the browser's or ours. */
  #byUser = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #dateTimer = undefined;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #placeTimer = undefined;
  #resized = new ResizeObserver(() => this.#hold());

  /** @param {import("../face.js").Face} face @param {() => void} divide new messages are below what can be seen: they are
   * marked */
  constructor(face, divide) {
    this.face = face;
    this.divide = divide;
  }

  /** The place is not found yet: what is in sight is there by chance. */
  get placing() {
    return this.#opening !== null;
  }

  /** Where a chat was left; null: at its end. @param {number} chatId */
  placeOf(chatId) {
    return this.#places.get(chatId)?.seq ?? null;
  }

  /** @param {Element | undefined} element */
  attach(element) {
    this.#resized.disconnect();
    this.#log = element instanceof HTMLElement ? element : null;
    if (!this.#log) return;
    this.#log.addEventListener("scroll", this.#scrolled, { passive: true });
    for (const act of ACTS) this.#log.addEventListener(act, this.#touched, { passive: true });
    this.#resized.observe(this.#log);
    const list = this.#log.firstElementChild;
    if (list) this.#resized.observe(list);
  }

  /** Another chat, before it is drawn. @param {ChatView} chat */
  opened(chat) {
    this.left();
    this.#chatId = chat.id;
    this.moved += 1;
    const after = chat.unread_count ? chat.read_seq : null;
    const place = after === null ? (this.#places.get(chat.id) ?? this.#kept(chat.id)) : null;
    this.#opening = { after, place, asked: false };
    this.#wanted = null;
    this.#passed = 0;
    this.#atEnd = true;
    this.away = false;
  }

  /** Where it was looked at before the start. @param {number} chatId @returns {Place | null} */
  #kept(chatId) {
    const seq = this.face.messenger.keptPlace(chatId);
    return seq === null ? null : { seq, top: 0 };
  }

  /** The chat is left, and still drawn. */
  left() {
    if (!this.#log || !this.#chatId || this.#opening) return;
    this.#places.delete(this.#chatId);
    const place = this.#atEnd ? null : this.#placeNow(this.#log);
    if (place) this.#places.set(this.#chatId, place);
    keepLatest(this.#places, PLACES);
  }

  /** The seq of the first row in sight, or of the newest one at the end; null where nothing is known. */
  where() {
    if (!this.#log || this.#opening) return null;
    return this.#atEnd ? this.#newest() || null : (this.#placeNow(this.#log)?.seq ?? null);
  }

  /** The first row in sight. @param {HTMLElement} log @returns {Place | null} */
  #placeNow(log) {
    const top = log.getBoundingClientRect().top;
    for (const row of log.querySelectorAll("li[data-seq]")) {
      const box = row.getBoundingClientRect();
      if (box.bottom > top) return { seq: seqOf(row), top: box.top - top };
    }
    return null;
  }

  /** @param {number} seq @param {boolean} focus */
  showNext(seq, focus) {
    this.#opening = null;
    this.#wanted = { seq, focus };
  }

  /** @param {number} last the seq of the newest message: all up to there is passed */
  toEnd(last) {
    this.#opening = null;
    this.#wanted = null;
    this.#passed = last;
    this.#atEnd = true;
    this.moved += 1;
    this.#hold();
  }

  /** After each render. @param {State} state @param {ChatView} chat */
  rendered(state, chat) {
    const timeline = state.timelines.get(chat.id);
    if (!this.#log || !timeline || (!timeline.items.length && !timeline.at_start)) return; // nothing is known yet
    const next = chat.unread_count > 0 && chat.read_seq >= this.#passed ? chat.read_seq : null;
    if (next !== null && this.#atEnd && !this.#opening && !reaches(timeline, next)) {
      this.#opening = { after: next, place: null, asked: false }; // much has come at once
      this.divide();
    }
    if (this.#wanted !== null) this.#showWanted(this.#log, this.#wanted);
    else if (this.#opening) this.#open(this.#log, this.#opening, timeline);
    else this.#hold();
    this.#fill();
  }

  /** The first place in a chat. @param {HTMLElement} log @param {Opening} opening
   * @param {import("../../types.js").Timeline} timeline */
  #open(log, { after, place, asked }, timeline) {
    const row = after !== null ? log.querySelector(".unread") : place && log.querySelector(`[data-seq="${place.seq}"]`);
    if (row) {
      this.#opening = null;
      this.#place(log, row, place ? place.top : log.clientHeight / 3);
      return;
    }
    this.#toBottom(log);
    if (timeline.loading !== null || timeline.problem !== null) return;
    const there = after !== null ? reaches(timeline, after) : place === null;
    if (after !== null && there && !timeline.at_end) {
      void this.#load(() => this.face.messenger.loadNewer(timeline.chat_id)); // so far there are events alone
    } else if (there || asked) {
      this.#opening = null; // nothing is unread any more, or the place is gone
    } else if (this.#opening) {
      this.#opening = { after, place, asked: true };
      void this.#fetch(timeline.chat_id, after !== null ? after + 1 : (place?.seq ?? 0));
    }
  }

  /** What belongs to the place is not loaded. @param {number} chatId @param {number} seq */
  async #fetch(chatId, seq) {
    await this.face.messenger.jumpTo(chatId, seq);
    const { current, timelines } = this.face.messenger.state();
    if (current !== chatId || !this.#opening) return;
    // without a link it is asked again when there is one
    if (timelines.get(chatId)?.problem !== null) this.#opening = { ...this.#opening, asked: false };
    this.face.redraw();
  }

  /** @param {HTMLElement} log @param {{seq: number, focus: boolean}} wanted */
  #showWanted(log, { seq, focus }) {
    const row = log.querySelector(`[data-seq="${seq}"]`);
    if (!row) return;
    this.#wanted = null;
    this.#passed = this.#newest(); // who came here by themselves is not taken to what is unread
    this.#place(log, row, log.clientHeight / 3);
    if (focus) row.querySelector("article")?.focus({ preventScroll: true });
  }

  /** @param {HTMLElement} log @param {Element} element @param {number} y px below the top of the log */
  #place(log, element, y) {
    this.#atEnd = false;
    this.#byUser = false;
    // rows that were never drawn are of a guessed height: look again when those around it are drawn
    for (let tries = 0; tries < 3; tries += 1) this.#put(log, element, y);
    this.#look();
    this.#settle(element, y, SETTLE);
  }

  /** For some frames: who scrolls meanwhile is left alone. @param {Element} element @param {number} y @param {number} frames */
  #settle(element, y, frames) {
    cancelAnimationFrame(this.#settling);
    if (frames === 0) return;
    this.#settling = requestAnimationFrame(() => {
      const log = this.#log;
      if (!log || !element.isConnected || this.#byUser || this.#atEnd || this.#opening || this.#wanted) return;
      this.#put(log, element, y);
      this.#settle(element, y, frames - 1);
    });
  }

  /** @param {HTMLElement} log @param {Element} element @param {number} y */
  #put(log, element, y) {
    const off = element.getBoundingClientRect().top - log.getBoundingClientRect().top - y;
    if (Math.abs(off) >= 1) this.#set(log, log.scrollTop + off);
  }

  /** Stay at the end, as long as everything unread is in sight there. */
  #hold() {
    const log = this.#log;
    if (!log || !this.#atEnd || this.#opening) return;
    const unread = [...log.querySelectorAll("[data-unread]")].find((row) => seqOf(row) > this.#passed);
    if (unread) {
      const end = log.scrollHeight - log.clientHeight - log.scrollTop;
      const above = log.getBoundingClientRect().top + end - unread.getBoundingClientRect().top;
      if (above > 0) {
        this.divide();
        this.#place(log, unread, log.clientHeight / 3);
        return;
      }
    }
    this.#toBottom(log);
  }

  /** @param {HTMLElement} log */
  #toBottom(log) {
    const end = log.scrollHeight - log.clientHeight;
    if (Math.abs(log.scrollTop - end) >= 1) this.#set(log, end);
  }

  /** @param {HTMLElement} log @param {number} top */
  #set(log, top) {
    this.#byUser = false;
    log.scrollTop = top;
  }

  #touched = () => {
    this.#byUser = true;
  };

  #scrolled = () => {
    this.#look();
    this.#fill();
    if (!this.#byUser) return;
    this.moved += 1;
    this.#opening = null;
    if (this.#atEnd) this.#passed = this.#newest();
    this.#showDate();
    clearTimeout(this.#placeTimer);
    this.#placeTimer = setTimeout(() => this.#keepPlace(), PLACE);
  };

  /** The seq of the last item that is drawn. */
  #newest() {
    return this.face.messenger.state().timelines.get(this.#chatId)?.items.at(-1)?.seq ?? 0;
  }

  #look() {
    const log = this.#log;
    if (!log) return;
    const left = log.scrollHeight - log.clientHeight - log.scrollTop;
    this.#atEnd = left <= NEAR;
    if (this.away === left > NEAR) return;
    this.away = left > NEAR;
    this.face.redraw();
  }

  /** Ask for what will be scrolled to soon. */
  #fill() {
    const log = this.#log;
    const timeline = currentTimeline(this.face.messenger.state());
    if (!log || !timeline || this.#opening) return;
    if (log.scrollTop < 1 && !timeline.at_start) log.scrollTop = 1; // at 0 nothing is anchored
    if (timeline.loading || this.#loading || !timeline.items.length) return;
    const { messenger } = this.face;
    const left = log.scrollHeight - log.clientHeight - log.scrollTop;
    const { failed } = timeline; // is asked for again by whoever wishes it
    if (!timeline.at_start && log.scrollTop < AHEAD && !failed.includes("older")) {
      void this.#load(() => messenger.loadOlder(timeline.chat_id));
    } else if (!timeline.at_end && left < AHEAD && !failed.includes("newer")) {
      this.#atEnd = false;
      void this.#load(() => messenger.loadNewer(timeline.chat_id));
    }
  }

  /** @param {() => Promise<void>} ask */
  async #load(ask) {
    this.#loading = true;
    try {
      await ask();
    } finally {
      this.#loading = false;
    }
  }

  /** For the next start. */
  #keepPlace() {
    if (!this.#log?.isConnected || this.#opening) return;
    this.face.messenger.keepPlace(this.#atEnd ? null : (this.#placeNow(this.#log)?.seq ?? null));
  }

  #showDate() {
    this.#log?.classList.add("is-scrolling");
    clearTimeout(this.#dateTimer);
    this.#dateTimer = setTimeout(() => this.#log?.classList.remove("is-scrolling"), DATE);
  }
}

/** @param {Element} row of a message */
const seqOf = (row) => Number(row.getAttribute("data-seq"));

/** Whether what follows `seq` is loaded. @param {import("../../types.js").Timeline} timeline @param {number} seq */
function reaches({ items, at_start, at_end }, seq) {
  const [first, last] = [items[0], items[items.length - 1]];
  if (!first || !last) return at_start && at_end;
  return (at_start || first.seq <= seq + 1) && (at_end || last.seq > seq);
}
