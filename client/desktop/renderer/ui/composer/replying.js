/** Messages that are answered: one a chat. */

import { shownMessage } from "../../state/changes.js";
import { isRemoved } from "../../state/removed.js";
import { itemAt } from "../../state/timeline.js";
import { messageWords } from "../../words/files.js";
import { t } from "../../words/i18n.js";
import { nameOf } from "../../words/names.js";
import { html } from "../../vendor/lit-html/lit-html.js";
import { icon } from "../parts/icon.js";

/** @typedef {import("../../types.js").State} State @typedef {import("../../types.js").Message} Message */

export class Replying {
  /** By chat. @type {Map<number, Message>} */
  #replies = new Map();

  /** @param {number} chatId @param {Message | null} message null: none any more */
  set(chatId, message) {
    if (message) this.#replies.set(chatId, message);
    else this.#replies.delete(chatId);
  }

  /** The answer could not be kept: it is one again, unless there is another. @param {number} chatId @param {Message} message */
  giveBack(chatId, message) {
    if (!this.#replies.has(chatId)) this.#replies.set(chatId, message);
  }

  /** @param {number} chatId @returns {boolean} whether there was one */
  end(chatId) {
    return this.#replies.delete(chatId);
  }

  /** What is answered, as it is now; nothing where it was deleted. @param {State} state @param {number} chatId */
  of(state, chatId) {
    const reply = this.#replies.get(chatId);
    if (!reply) return undefined;
    if (isRemoved(state, reply)) return void this.#replies.delete(chatId);
    const timeline = state.timelines.get(chatId);
    const item = itemAt(timeline?.items ?? [], reply.seq);
    return item?.type === "message" ? shownMessage(item, timeline?.echoes ?? [], state.me?.id ?? 0) : reply;
  }
}

/** Above the field. @param {State} state @param {Message} reply @param {() => void} end */
export function replyStrip(state, reply, end) {
  const own = reply.sender_id === state.me?.id;
  const name = own ? t("msg.you") : nameOf(state.users.get(reply.sender_id));
  return html`<div class="strip">
    ${icon("reply", "strip__icon")}
    <div class="strip__text">
      <b><bdi class="truncate">${name}</bdi></b>
      <bdi class="strip__words truncate">${messageWords(reply)}</bdi>
    </div>
    <button class="ibtn" type="button" aria-label=${t("composer.cancel_reply")} @click=${end}>${icon("close")}</button>
  </div>`;
}
