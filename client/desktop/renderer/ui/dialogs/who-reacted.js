/** Who reacted to a message, by sign. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { itemAt } from "../../state/timeline.js";
import { shownItems } from "../../state/changes.js";
import { t } from "../../words/i18n.js";
import { createNamed } from "../parts/named.js";

/** `params`: `{chatId, seq}`. @type {import("../parts/dialog.js").DialogMaker} */
export function whoReacted(face, { chatId, seq }) {
  const named = createNamed(face);

  /** @param {import("../../types.js").State} state */
  function content(state) {
    const timeline = state.timelines.get(chatId);
    const me = state.me?.id ?? 0;
    const message = timeline && itemAt(shownItems(timeline, me), seq);
    const given = message?.type === "message" ? (message.reactions ?? []) : [];
    const lists = given.map(({ emoji, count, user_ids: ids }) => ({
      key: emoji,
      heading: html`<span>${emoji}</span> ${count}`,
      ids,
      more: count > ids.length ? t("reacted.more", { n: count - ids.length }) : undefined,
    }));
    return html`<div class="dialog__body">
      ${given.length === 0 ? html`<p class="note">${t("reacted.none")}</p>` : nothing} ${named(lists, state)}
    </div>`;
  }

  return { title: () => t("reacted.title"), harmless: true, content };
}
