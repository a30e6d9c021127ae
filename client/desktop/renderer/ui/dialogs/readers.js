/** Who has read a message of one's own, and who has only received it. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { errorText, t } from "../../words/i18n.js";
import { createAsking, unanswered } from "../parts/asking.js";
import { nameOf } from "../../words/names.js";
import { avatar } from "../parts/avatar.js";

/** `params`: `{chatId, seq}`. @type {import("../parts/dialog.js").DialogMaker} */
export function readers(face, { chatId, seq }) {
  const asking = createAsking(face, () => face.messenger.readers(chatId, seq));
  void asking.ask();

  /** @param {string} title @param {number[]} ids @param {import("../../types.js").State} state */
  function list(title, ids, state) {
    if (ids.length === 0) return nothing;
    return html`<section class="reacted">
      <h3>${title} ${ids.length}</h3>
      <ul aria-label=${title}>
        ${ids.map((id) => {
          const user = state.users.get(id);
          const name = nameOf(user);
          return html`<li class="reacted__one">
            ${avatar(face, { id, name, size: "xs", url: user?.avatar_url })}<bdi class="truncate">${name}</bdi>
          </li>`;
        })}
      </ul>
    </section>`;
  }

  /** @param {import("../../types.js").State} state */
  function content(state) {
    const chat = state.chats.get(chatId);
    asking.follow(state, `${chat?.others_read_seq} ${chat?.others_delivered_seq}`);
    const answer = asking.get();
    if (answer === null) {
      return html`<div class="dialog__body"><p class="note" role="status">${t("readers.loading")}</p></div>`;
    }
    if (!answer.ok) {
      const told = answer.code === "too_many" ? t("readers.too_many") : errorText(answer);
      return unanswered(answer, asking.ask, told);
    }
    const { read, received } = answer;
    return html`<div class="dialog__body" role="status">
      ${read.length + received.length === 0 ? html`<p class="note">${t("readers.none")}</p>` : nothing}
      ${list(t("readers.read"), read, state)} ${list(t("readers.received"), received, state)}
    </div>`;
  }

  return { title: () => t("context.readers"), harmless: true, content };
}
