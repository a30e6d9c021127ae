/** What a message said before it was edited, as the log shows texts: with its marks, and what was hidden still hidden. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { fullTime } from "../../words/format.js";
import { isRemoved } from "../../state/removed.js";
import { itemAt } from "../../state/timeline.js";
import { t } from "../../words/i18n.js";
import { richText } from "../log/formatted.js";
import { createAsking, unanswered } from "../parts/asking.js";

/** `params`: `{chatId, seq}`. @type {import("../parts/dialog.js").DialogMaker} */
export function revisions(face, { chatId, seq }) {
  const asking = createAsking(face, () => face.messenger.revisions(chatId, seq));
  void asking.ask();

  /** @param {import("../../types.js").State} state */
  function content(state) {
    const chat = state.chats.get(chatId);
    if (!chat || isRemoved(state, { chat_id: chatId, seq })) {
      return html`<div class="dialog__body"><p class="note" role="status">${t("msg.deleted")}</p></div>`;
    }
    const item = itemAt(state.timelines.get(chatId)?.items ?? [], seq);
    asking.follow(state, item?.type === "message" ? item.edited_at : null);
    const answer = asking.get();
    if (answer === null) {
      return html`<div class="dialog__body"><p class="note" role="status">${t("revisions.loading")}</p></div>`;
    }
    if (!answer.ok) {
      return unanswered(answer, asking.ask);
    }
    const texts = [...answer.revisions].sort((one, other) => other.rev - one.rev);
    return html`<div class="dialog__body" role="status">
      ${texts.length === 0 ? html`<p class="note">${t("revisions.none")}</p>` : nothing}
      <ol class="revisions">
        ${texts.map(
          ({ content: text, edited_at: at }) =>
            html`<li>
              ${at ? html`<time datetime=${at}>${fullTime(at)}</time>` : html`<span>${t("revisions.first")}</span>`}
              ${text ? html`<div class="former">${richText(face, text, { state, chat, query: "" })}</div>` : html`<p class="note">${t("revisions.no_text")}</p>`}
            </li>`,
        )}
      </ol>
    </div>`;
  }

  return { title: () => t("revisions.title"), harmless: true, content };
}
