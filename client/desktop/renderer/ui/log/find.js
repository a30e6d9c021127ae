/** Looking for words in the messages of a chat that are loaded, and page by page in older ones where one asks for it. */

import { shownItems } from "../../state/changes.js";
import { t } from "../../words/i18n.js";
import { foundSeqs } from "../../words/search.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { icon } from "../parts/icon.js";
import { isComposed } from "../parts/keys.js";

/** @typedef {import("../../types.js").State} State */

/** Older pages that are looked through before one is asked again. */
const PAGES = 5;

/**
 * `seq`: the message that was gone to; `pages`: how many older ones are still to be looked through, null while none are.
 * @typedef {{chatId: number, query: string, seq: number | null, pages: number | null}} Open
 */

export class Find {
  /** @type {Open | null} */
  #open = null;

  /** @param {import("../face.js").Face} face */
  constructor(face) {
    this.face = face;
  }

  /** What is looked for in this chat. @param {number} chatId */
  query(chatId) {
    return this.#open?.chatId === chatId ? this.#open.query : "";
  }

  /** @param {number} chatId */
  open(chatId) {
    if (this.#open?.chatId !== chatId) this.#open = { chatId, query: "", seq: null, pages: null };
    this.face.redraw();
    requestAnimationFrame(() => {
      const input = /** @type {HTMLInputElement | null} */ (document.querySelector(".find input"));
      input?.focus();
      input?.select();
    });
  }

  close() {
    if (!this.#open) return false;
    this.#open = null;
    this.face.redraw();
    this.face.focusComposer();
    return true;
  }

  /** @param {State} state @param {number} chatId */
  template(state, chatId) {
    const open = this.#open;
    if (!open || open.chatId !== chatId) return nothing;
    const found = this.#found(state);
    const atStart = state.timelines.get(chatId)?.at_start ?? true;
    return html`<div class="find" role="search" aria-label=${t("log.find")}>
      <div class="search">
        ${icon("search", "icon--s")}
        <input
          type="search"
          dir="auto"
          aria-label=${t("log.find")}
          placeholder=${t("log.find")}
          autocomplete="off"
          .value=${open.query}
          @input=${this.#input}
          @keydown=${this.#key}
        />
        <span class="find__count" role="status">${count(open, found)}</span>
      </div>
      <button
        class="ibtn ibtn--s"
        aria-label=${t("log.find_older")}
        title=${t("log.find_older")}
        ?disabled=${!found.length}
        @click=${() => this.#go(1)}
      >
        ${icon("left", "icon--s find__up")}
      </button>
      <button
        class="ibtn ibtn--s"
        aria-label=${t("log.find_newer")}
        title=${t("log.find_newer")}
        ?disabled=${!found.length}
        @click=${() => this.#go(-1)}
      >
        ${icon("down", "icon--s")}
      </button>
      <button
        class="ibtn ibtn--s"
        aria-label=${t("log.find_close")}
        title=${t("log.find_close")}
        @click=${() => this.close()}
      >
        ${icon("close", "icon--s")}
      </button>
      ${
        open.query.trim()
          ? html`<button class="link-btn find__all" type="button" @click=${() => this.#everywhere(open)}>
              ${t("log.find_all")}
            </button>`
          : nothing
      }
      <p class="find__none ${noneOf(open, found) ? "" : "sr"}">
        <span role="status">${noneOf(open, found) ? noneWords(open, atStart) : nothing}</span>
        ${
          noneOf(open, found) && open.pages === null && !atStart
            ? html`<button class="link-btn" type="button" @click=${this.#earlier}>${t("log.find_earlier")}</button>`
            : nothing
        }
      </p>
    </div>`;
  }

  /** In the whole of the chat, by the server. @param {Open} open */
  #everywhere({ chatId, query }) {
    this.face.overlays.open("find-messages", { query, chatId });
  }

  /** Nothing is found in what is loaded: go back to the oldest of it, and look through what is older. */
  #earlier = () => {
    const open = this.#open;
    const first = open && this.face.messenger.state().timelines.get(open.chatId)?.items[0];
    if (!open || !first) return;
    this.#open = { ...open, pages: PAGES };
    // who stays at the end would see it leave the window, which has its bounds
    void this.face.showMessage(open.chatId, first.seq, false);
    this.face.redraw();
    /** @type {HTMLElement | null} */ (document.querySelector(".find input"))?.focus();
  };

  /** After each render: the next page, while nothing is found. @param {State} state */
  rendered(state) {
    const open = this.#open;
    const timeline = open === null || open.pages === null ? undefined : state.timelines.get(open.chatId);
    if (!open || !timeline || timeline.loading !== null) return;
    const found = this.#found(state);
    if (!found.length && open.pages && !timeline.at_start && !timeline.problem) {
      this.#open = { ...open, pages: open.pages - 1 };
      void this.face.messenger.loadOlder(open.chatId);
      return;
    }
    this.#open = { ...open, pages: null };
    if (found.length) this.#go(1);
    this.face.redraw();
  }

  /** @param {State} state */
  #found(state) {
    if (!this.#open) return [];
    const timeline = state.timelines.get(this.#open.chatId);
    return timeline ? foundSeqs(shownItems(timeline, state.me?.id ?? 0), this.#open.query) : [];
  }

  /** @param {1 | -1} step towards the older, towards the newer */
  #go(step) {
    const found = this.#found(this.face.messenger.state());
    if (!this.#open || !found.length) return;
    const at = found.indexOf(this.#open.seq ?? 0);
    const first = step > 0 ? 0 : found.length - 1;
    const seq = found[at < 0 ? first : (at + step + found.length) % found.length];
    this.#open = { ...this.#open, seq };
    void this.face.showMessage(this.#open.chatId, seq, false);
  }

  /** @param {Event} event */
  #input = (event) => {
    if (!this.#open) return;
    this.#open = { ...this.#open, query: /** @type {HTMLInputElement} */ (event.target).value, seq: null, pages: null };
    this.face.redraw();
  };

  /** @param {KeyboardEvent} event */
  #key = (event) => {
    if (isComposed(event)) return;
    if (event.key === "Enter") {
      event.preventDefault();
      this.#go(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      this.close();
    }
  };
}

/** @param {Open} open @param {number[]} found */
const noneOf = ({ query }, found) => query.trim() !== "" && found.length === 0;

/** @param {Open} open @param {boolean} atStart */
function noneWords({ pages }, atStart) {
  if (pages !== null) return t("person.searching");
  return t(atStart ? "log.find_none" : "log.find_none_recent");
}

/** @param {Open} open @param {number[]} found */
function count({ query, seq }, found) {
  const at = found.indexOf(seq ?? 0);
  if (!query.trim() || !found.length) return "";
  return at < 0 ? t("log.find_count", { n: found.length }) : t("log.find_at", { at: at + 1, n: found.length });
}
