/** Looking for words in the messages of a chat that are loaded. */

import { shownItems } from "../../state/changes.js";
import { t } from "../../words/i18n.js";
import { foundSeqs } from "../../words/search.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { icon } from "../parts/icon.js";
import { isComposed } from "../parts/keys.js";

/** @typedef {import("../../types.js").State} State */

export class Find {
  /** `seq`: the message that was gone to. @type {{chatId: number, query: string, seq: number | null} | null} */
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
    if (this.#open?.chatId !== chatId) this.#open = { chatId, query: "", seq: null };
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
        ?disabled=${!found.length}
        @click=${() => this.#go(1)}
      >
        ${icon("left", "icon--s find__up")}
      </button>
      <button
        class="ibtn ibtn--s"
        aria-label=${t("log.find_newer")}
        ?disabled=${!found.length}
        @click=${() => this.#go(-1)}
      >
        ${icon("down", "icon--s")}
      </button>
      <button class="ibtn ibtn--s" aria-label=${t("log.find_close")} @click=${() => this.close()}>
        ${icon("close", "icon--s")}
      </button>
    </div>`;
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
    this.#open = { ...this.#open, query: /** @type {HTMLInputElement} */ (event.target).value, seq: null };
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

/** @param {{query: string, seq: number | null}} open @param {number[]} found */
function count({ query, seq }, found) {
  const at = found.indexOf(seq ?? 0);
  if (!query.trim()) return "";
  if (!found.length) return t("log.find_none");
  return at < 0 ? t("log.find_count", { n: found.length }) : t("log.find_at", { at: at + 1, n: found.length });
}
