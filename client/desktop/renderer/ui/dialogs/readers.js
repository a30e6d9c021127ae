/** Who has read a message of one's own, and who has only received it. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { errorText, t } from "../../words/i18n.js";
import { createAsking, unanswered } from "../parts/asking.js";
import { createNamed } from "../parts/named.js";

/** `params`: `{chatId, seq}`. @type {import("../parts/dialog.js").DialogMaker} */
export function readers(face, { chatId, seq }) {
  const asking = createAsking(face, () => face.messenger.readers(chatId, seq));
  const named = createNamed(face);
  void asking.ask();

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
    const lists = Object.entries({ read, received })
      .filter(([, ids]) => ids.length > 0)
      .map(([key, ids]) => ({ key, label: t(`readers.${key}`), heading: `${t(`readers.${key}`)} ${ids.length}`, ids }));
    return html`<div class="dialog__body" role="status">
      ${read.length + received.length === 0 ? html`<p class="note">${t("readers.none")}</p>` : nothing}
      ${named(lists, state)}
    </div>`;
  }

  return { title: () => t("context.readers"), harmless: true, content };
}
