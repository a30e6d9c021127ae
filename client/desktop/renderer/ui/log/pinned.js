/** The bar under the title of a chat: its newest pinned message, a way to it, to all of them, and to take it off. */

import { rightsOn, shownItems, shownPins } from "../../state/changes.js";
import { t } from "../../words/i18n.js";
import { isLive } from "../../state/link-view.js";
import { nameOf } from "../../words/names.js";
import { messageWords } from "../../words/files.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { setPinned } from "./acts.js";
import { icon } from "../parts/icon.js";

/** @typedef {import("../../types.js").State} State @typedef {import("../../types.js").ChatView} ChatView
 * @typedef {import("../../types.js").Message} Message */

/** What is pinned as far as it is known, the newest first. @param {State} state @param {ChatView} chat
 * @returns {Message[]} */
export function pinsOf(state, chat) {
  const me = state.me?.id ?? 0;
  const timeline = state.timelines.get(chat.id);
  const known = state.pins.get(chat.id);
  if (known) return shownPins(known, timeline, me);
  const items = timeline ? shownItems(timeline, me) : [];
  const newest = chat.pinned_seq ? items[chat.pinned_seq - (items[0]?.seq ?? 0)] : undefined;
  return shownPins(newest?.type === "message" ? [newest] : [], timeline, me);
}

/** @param {State} state @param {ChatView} chat @param {number} seq */
export function isPinned(state, chat, seq) {
  return (
    pinsOf(state, chat).some((message) => message.seq === seq) || (!state.pins.has(chat.id) && chat.pinned_seq === seq)
  );
}

export class Pinned {
  /** Chats whose pins are being asked for. @type {Set<number>} */
  #asked = new Set();

  /** @param {import("../face.js").Face} face */
  constructor(face) {
    this.face = face;
  }

  /** @param {State} state @param {ChatView} chat */
  template(state, chat) {
    this.#ask(state, chat);
    const pins = pinsOf(state, chat);
    if (pins.length === 0 && !(chat.pinned_seq && !state.pins.has(chat.id))) return nothing;
    return this.#bar(state, chat, pins);
  }

  /** @param {State} state @param {ChatView} chat @param {Message[]} pins */
  #bar(state, chat, pins) {
    const newest = pins.at(0);
    const seq = newest?.seq ?? chat.pinned_seq ?? 0;
    const words = newest ? messageWords(newest) : t("pinned.far");
    const name = newest ? nameOf(state.users.get(newest.sender_id)) : "";
    const may = newest && rightsOn(newest, chat, state.me?.id ?? 0).pin;
    const all = () => this.face.overlays.open("pins", { chatId: chat.id });
    return html`<section class="pinbar" aria-label=${t("pinned.bar")}>
      <button class="pinbar__jump" type="button" @click=${() => this.face.showMessage(chat.id, seq)}>
        ${icon("pin", "icon--s")}
        <span class="pinbar__text">
          <b>${t("pinned.title")}${name && chat.is_group ? html`, <bdi>${name}</bdi>` : nothing}</b>
          <bdi class="pinbar__words truncate">${words}</bdi>
        </span>
      </button>
      ${
        pins.length > 1
          ? html`<button class="btn btn--quiet btn--s" type="button" @click=${all}>
              ${t("pinned.all", { n: pins.length })}
            </button>`
          : nothing
      }
      ${
        may
          ? html`<button
              class="ibtn ibtn--s"
              type="button"
              aria-label=${t("pinned.off")}
              title=${t("pinned.off")}
              @click=${() => setPinned(this.face, newest, false)}
            >
              ${icon("close", "icon--s")}
            </button>`
          : nothing
      }
    </section>`;
  }

  /** Once for what the chat tells, again after what made them unknown. @param {State} state @param {ChatView} chat */
  #ask(state, chat) {
    if (!isLive(state.link) || state.pins.has(chat.id) || chat.pinned_seq === null || this.#asked.has(chat.id)) return;
    this.#asked.add(chat.id);
    void this.face.messenger.loadPins(chat.id).then((done) => {
      if (!done.ok) return void setTimeout(() => this.#asked.delete(chat.id), AGAIN);
      this.#asked.delete(chat.id);
      if (!this.face.messenger.state().pins.has(chat.id)) this.face.redraw(); // they are out of date already
    });
  }
}

/** Milliseconds until pins that could not be had are asked for again. */
const AGAIN = 10_000;
