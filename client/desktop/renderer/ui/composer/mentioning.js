/** The list of people that is offered after `@` in the composer, by keyboard and mouse. */

import { currentChat } from "../../state/chat-list.js";
import { latestOf } from "../../state/people.js";
import { t } from "../../words/i18n.js";
import { askedAt, completed, offers } from "../../words/mentions.js";
import { nameOf } from "../../words/names.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { avatar } from "../parts/avatar.js";
import { icon } from "../parts/icon.js";
import { listKey } from "../parts/combobox.js";
import { isComposed } from "../parts/keys.js";

/** @typedef {import("../../types.js").State} State @typedef {import("../../types.js").ChatView} ChatView
 * @typedef {import("../../words/mentions.js").Offer} Offer */

export const MENTION_LIST = "mention-list";
/** In larger groups only admins call all (PROTOCOL: mentions). */
const SMALL = 50;

export class Mentioning {
  /** @type {import("../../words/mentions.js").Asked | null} */
  #asked = null;
  /** Where Esc closed the list: it stays closed for that sign. @type {number | null} */
  #closed = null;
  #active = 0;

  /** @param {import("../face.js").Face} face @param {(chosen: ReturnType<typeof completed>) => void} write into the composer */
  constructor(face, write) {
    this.face = face;
    this.write = write;
  }

  /** The text or the caret has changed. @param {HTMLTextAreaElement} area */
  follow(area) {
    const before = this.#asked;
    const caret = area.selectionStart === area.selectionEnd ? area.selectionStart : -1;
    this.#asked = caret < 0 ? null : askedAt(area.value, caret);
    if (this.#asked?.from !== this.#closed) this.#closed = null;
    if (this.#asked?.query !== before?.query || this.#asked?.from !== before?.from) {
      this.#active = 0;
      this.face.redraw();
    }
  }

  close() {
    if (!this.#asked) return;
    this.#asked = null;
    this.face.redraw();
  }

  /** @param {KeyboardEvent} event @param {HTMLTextAreaElement} area @returns {boolean} whether the list took it */
  key(event, area) {
    const state = this.face.messenger.state();
    const chat = currentChat(state);
    const found = chat ? this.#offers(state, chat) : [];
    if (found.length === 0 || isComposed(event) || event.ctrlKey || event.altKey || event.metaKey) return false;
    if (event.key === "Escape") {
      this.#closed = this.#asked?.from ?? null;
      event.stopPropagation();
    } else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") {
      this.#choose(found[Math.min(this.#active, found.length - 1)], area.value);
    } else {
      const key = listKey(event, this.#active, found.length);
      if (key === null || !("active" in key)) return false;
      this.#active = key.active;
    }
    event.preventDefault();
    this.face.redraw();
    return true;
  }

  /** The id of the marked one, for the field. @param {State} state @param {ChatView} chat */
  active(state, chat) {
    return this.#offers(state, chat).length > 0 ? `mention-${this.#active}` : null;
  }

  /** @param {State} state @param {ChatView} chat @param {() => string} text of the composer */
  template(state, chat, text) {
    const found = this.#offers(state, chat);
    return html`<div class="sr" role="status">${found.length > 0 ? t("mention.found", { n: found.length }) : ""}</div>
      ${
        found.length === 0
          ? nothing
          : html`<ul class="mentions" id=${MENTION_LIST} role="listbox" aria-label=${t("mention.list")}>
              ${found.map((offer, at) => this.#option(offer, at, text))}
            </ul>`
      }`;
  }

  /** @param {Offer} offer @param {number} at @param {() => string} text */
  #option(offer, at, text) {
    const all = offer.kind === "all";
    const name = all ? t("mention.all") : nameOf(offer.user);
    const picture = all
      ? icon("users", "icon--s")
      : avatar(this.face, { id: offer.user.id, name, size: "xs", url: offer.user.avatar_url });
    /** The focus stays in the field. @param {PointerEvent} event */
    const press = (event) => {
      event.preventDefault();
      this.#choose(offer, text());
    };
    return html`<li
      role="option"
      id="mention-${at}"
      class="mentions__one ${at === this.#active ? "is-active" : ""}"
      aria-selected=${at === this.#active ? "true" : "false"}
      @pointerdown=${press}
    >
      ${picture}<bdi class="truncate">${name}</bdi>
      <span class="mentions__name truncate">@${all ? offer.word : offer.user.username}</span>
    </li>`;
  }

  /** @param {State} state @param {ChatView} chat @returns {Offer[]} */
  #offers(state, chat) {
    if (!this.#asked || this.#asked.from === this.#closed) return [];
    const members = chat.members?.map(({ user }) => latestOf(state.users, user)) ?? [];
    const peer = chat.peer ? [latestOf(state.users, chat.peer)] : [];
    const people = (chat.is_group ? members : peer).filter((user) => user.id !== state.me?.id);
    const may = chat.is_group && (chat.role === "admin" || members.length <= SMALL);
    return offers(this.#asked.query, people, may ? t("mention.all_word") : null);
  }

  /** @param {Offer} offer @param {string} text */
  #choose(offer, text) {
    if (!this.#asked) return;
    const chosen = completed(text, this.#asked, offer);
    this.#asked = null;
    this.write(chosen);
  }
}
