/** Messages that are being edited: one a chat, with the text as it is typed. The draft of the chat is left alone. */

/** @typedef {import("../../types.js").Message} Message @typedef {import("../../types.js").Echo} Echo
 * @typedef {{target: Message | Echo, text: string}} Edit */

import { isWhole, rightsOn, shownItems } from "../../state/changes.js";
import { isRemoved } from "../../state/removed.js";
import { t } from "../../words/i18n.js";
import { echoWords, messageWords } from "../../words/files.js";
import { html } from "../../vendor/lit-html/lit-html.js";
import { icon } from "../parts/icon.js";

export class Editing {
  /** By chat. @type {Map<number, Edit>} */
  #edits = new Map();

  /** @param {number} chatId */
  of(chatId) {
    return this.#edits.get(chatId) ?? null;
  }

  /** @param {number} chatId @param {Message | Echo} target */
  begin(chatId, target) {
    this.#edits.set(chatId, { target, text: target.content ?? "" });
  }

  /** There is something to lose. @param {number} chatId */
  isChanged(chatId) {
    const edit = this.of(chatId);
    return edit !== null && edit.text !== (edit.target.content ?? "");
  }

  /** @param {number} chatId @param {string} text */
  type(chatId, text) {
    const edit = this.#edits.get(chatId);
    if (edit) edit.text = text;
  }

  /** @param {number} chatId @returns {boolean} whether there was one */
  end(chatId) {
    return this.#edits.delete(chatId);
  }
}

/**
 * The last message of one's own that may be edited, one on its way too; null where there is none among the loaded.
 * @param {import("../../types.js").State} state @param {number} chatId @returns {Message | Echo | null}
 */
export function lastOwn(state, chatId) {
  const timeline = state.timelines.get(chatId);
  const chat = state.chats.get(chatId);
  const me = state.me?.id ?? 0;
  if (!timeline || !chat) return null;
  const waiting = timeline.echoes.filter(({ kind, state: how }) => kind === "send" && how === "queued");
  if ((timeline.at_end || !timeline.items.length) && waiting.length > 0) return waiting[waiting.length - 1];
  const items = shownItems(timeline, me);
  for (let at = items.length - 1; at >= 0; at -= 1) {
    const item = items[at];
    if (item.type === "message" && isWhole(item) && rightsOn(item, chat, me).edit) return item;
  }
  return null;
}

/** Above the composer: what is edited, as it was. @param {import("../../types.js").State} state @param {Edit} edit
 * @param {() => void} cancel */
export function editStrip(state, { target }, cancel) {
  const sent = "type" in target;
  const words = sent && isRemoved(state, target) ? t("msg.deleted") : sent ? messageWords(target) : echoWords(target);
  return html`<div class="strip strip--edit">
    ${icon("edit", "strip__icon")}
    <div class="strip__text">
      <b>${t("composer.editing")}</b>
      <bdi class="strip__words truncate">${words}</bdi>
    </div>
    <button class="ibtn" type="button" aria-label=${t("composer.cancel_edit")} @click=${cancel}>
      ${icon("close")}
    </button>
  </div>`;
}
