/** Who reacted to a message, by sign. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { itemAt } from "../../state/timeline.js";
import { shownItems } from "../../state/changes.js";
import { t } from "../../words/i18n.js";
import { nameOf } from "../../words/names.js";
import { avatar } from "../parts/avatar.js";

/** `params`: `{chatId, seq}`. @type {import("../parts/dialog.js").DialogMaker} */
export function whoReacted(face, { chatId, seq }) {
  /** @param {import("../../types.js").State} state */
  function content(state) {
    const timeline = state.timelines.get(chatId);
    const me = state.me?.id ?? 0;
    const message = timeline && itemAt(shownItems(timeline, me), seq);
    const given = message?.type === "message" ? (message.reactions ?? []) : [];
    /** @param {number} id */
    const person = (id) => {
      const name = id === me ? t("msg.you") : nameOf(state.users.get(id));
      const url = state.users.get(id)?.avatar_url;
      return html`<li class="reacted__one">
        ${avatar(face, { id, name: nameOf(state.users.get(id)), size: "xs", url })}<bdi class="truncate">${name}</bdi>
      </li>`;
    };
    return html`<div class="dialog__body">
      ${given.length === 0 ? html`<p class="note">${t("reacted.none")}</p>` : nothing}
      ${given.map(
        ({ emoji, count, user_ids: ids }) =>
          html`<section class="reacted">
            <h3><span>${emoji}</span> ${count}</h3>
            <ul>
              ${ids.map(person)}
              ${count > ids.length ? html`<li class="note">${t("reacted.more", { n: count - ids.length })}</li>` : nothing}
            </ul>
          </section>`,
      )}
    </div>`;
  }

  return { title: () => t("reacted.title"), harmless: true, content };
}
