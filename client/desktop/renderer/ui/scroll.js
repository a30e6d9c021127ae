/**
 * Where the log stands. The browser's scroll anchoring holds what is looked at while rows come above it, provided that
 * the log is not at its very top; at its end it stays at the end.
 */

/** @typedef {import("../types.js").State} State @typedef {import("../types.js").ChatView} ChatView */

/** So near to the end (px) new messages keep one there. */
const NEAR = 80;
/** Older and newer pages are asked for so far (px) before they are needed. */
const AHEAD = 800;
/** How long the date stays in sight after the last scrolling. */
const DATE = 1200;

/** By what a user scrolls. */
const ACTS = ["wheel", "touchmove", "pointerdown", "keydown"];

export class Scroll {
  /** Away from the end: the button is shown. */
  away = false;
  /** @type {HTMLElement | null} */
  #log = null;
  #atEnd = true;
  /**
   * The first position in a chat is not found yet. `after`: what was read of it; `asked`: what follows is on its way.
   * @type {{after: number | null, asked: boolean} | null}
   */
  #opening = null;
  /** To be shown at the next render that has it. @type {{seq: number, focus: boolean} | null} */
  #wanted = null;
  #loading = false;
  /** The last scrolling was the user's, not the browser's or ours. */
  #byUser = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #dateTimer = undefined;
  #resized = new ResizeObserver(() => this.#hold());

  /** @param {import("./face.js").Face} face */
  constructor(face) {
    this.face = face;
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

  /** Another chat: its end, or the first unread one. @param {ChatView} chat */
  opened(chat) {
    this.#opening = { after: chat.unread_count ? chat.read_seq : null, asked: false };
    this.#wanted = null;
    this.#atEnd = true;
    this.away = false;
  }

  /** @param {number} seq @param {boolean} focus */
  showNext(seq, focus) {
    this.#opening = null;
    this.#wanted = { seq, focus };
  }

  toEnd() {
    this.#opening = null;
    this.#wanted = null;
    this.#atEnd = true;
    this.#hold();
  }

  /** After each render. @param {State} state @param {number} chatId */
  rendered(state, chatId) {
    const timeline = state.timelines.get(chatId);
    if (!this.#log || !timeline || (!timeline.items.length && !timeline.at_start)) return; // nothing is known yet
    if (this.#wanted !== null) this.#showWanted(this.#wanted);
    else if (this.#opening) this.#open(timeline);
    else this.#hold();
    this.#fill();
  }

  /** The first place in a chat: the divider, else the end. @param {import("../types.js").Timeline} timeline */
  #open(timeline) {
    const divider = this.#log?.querySelector(".unread");
    const { after, asked } = this.#opening ?? { after: null, asked: true };
    if (divider) {
      this.#opening = null;
      this.#place(divider, 1 / 3);
      return;
    }
    this.#hold();
    if (timeline.loading !== null || asked) return;
    const [first] = timeline.items;
    const above = after !== null && first !== undefined && !timeline.at_start && first.seq > after + 1;
    this.#opening = above ? { after, asked: true } : null;
    if (above) void this.#fetchUnread(timeline.chat_id, after + 1);
  }

  /** What is unread begins above what is loaded. @param {number} chatId @param {number} seq */
  async #fetchUnread(chatId, seq) {
    const { messenger } = this.face;
    const there = await messenger.jumpTo(chatId, seq);
    if (there && messenger.state().current === chatId) this.face.redraw();
    else this.#opening = null;
  }

  /** @param {{seq: number, focus: boolean}} wanted */
  #showWanted({ seq, focus }) {
    const row = this.#log?.querySelector(`[data-seq="${seq}"]`);
    if (!row) return;
    this.#wanted = null;
    this.#place(row, 1 / 3);
    if (focus) row.querySelector("article")?.focus({ preventScroll: true });
  }

  /** @param {Element} element @param {number} part of the log's height above it */
  #place(element, part) {
    const log = /** @type {HTMLElement} */ (this.#log);
    this.#atEnd = false;
    // rows that were never drawn are of a guessed height: look again when those around it are drawn
    for (let tries = 0; tries < 3; tries += 1) {
      const top = element.getBoundingClientRect().top - log.getBoundingClientRect().top;
      this.#set(log, log.scrollTop + top - log.clientHeight * part);
    }
    this.#look();
  }

  /** Stay at the end. */
  #hold() {
    const log = this.#log;
    if (!log || !this.#atEnd) return;
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
    this.#opening = null;
    this.#showDate();
  };

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
    const { current, timelines } = this.face.messenger.state();
    const timeline = current === null ? undefined : timelines.get(current);
    if (!log || !timeline || this.#opening) return;
    if (log.scrollTop < 1 && !timeline.at_start) log.scrollTop = 1; // at 0 nothing is anchored
    if (timeline.loading || this.#loading || timeline.problem) return;
    const { messenger } = this.face;
    const left = log.scrollHeight - log.clientHeight - log.scrollTop;
    if (!timeline.at_start && log.scrollTop < AHEAD) {
      void this.#load(() => messenger.loadOlder(timeline.chat_id));
    } else if (!timeline.at_end && left < AHEAD) {
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

  #showDate() {
    this.#log?.classList.add("is-scrolling");
    clearTimeout(this.#dateTimer);
    this.#dateTimer = setTimeout(() => this.#log?.classList.remove("is-scrolling"), DATE);
  }
}
