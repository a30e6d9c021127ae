/** Another text for a message of one's own: which one, and what stands above the field meanwhile. */

import { isGone, messageOf } from "../../state/begun.js";
import { isWhole, rightsOn, shownItems } from "../../state/changes.js";
import { t } from "../../words/i18n.js";
import { echoWords, messageWords } from "../../words/files.js";
import { html } from "../../vendor/lit-html/lit-html.js";
import { icon } from "../parts/icon.js";

/** @typedef {import("../../types.js").Message} Message @typedef {import("../../types.js").Echo} Echo */

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

/** Above the composer: what is edited, as it is. @param {import("../../types.js").State} state @param {number} chatId
 * @param {import("../../types.js").Edit} edit @param {() => void} cancel */
export function editStrip(state, chatId, edit, cancel) {
  const words = isGone(state, chatId, edit) ? t("msg.deleted") : wordsOf(state, chatId, edit);
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

/** @param {import("../../types.js").State} state @param {number} chatId @param {import("../../types.js").Edit} edit */
function wordsOf(state, chatId, edit) {
  const message = edit.seq === null ? null : messageOf(state, chatId, edit.seq);
  const echo = state.echoes.lists.get(chatId)?.find(({ cid }) => cid === edit.cid);
  return message ? messageWords(message) : echo ? echoWords(echo) : t("msg.quote_far");
}
