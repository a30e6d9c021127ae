/** What a message said before it was edited. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { fullTime } from "../../words/format.js";
import { isRemoved } from "../../state/removed.js";
import { errorText, t } from "../../words/i18n.js";
import { icon } from "../parts/icon.js";

/** `params`: `{chatId, seq}`. @type {import("../parts/dialog.js").DialogMaker} */
export function revisions(face, { chatId, seq }) {
  /** @type {Awaited<ReturnType<import("../../types.js").Messenger["revisions"]>> | null} */
  let answer = null;
  async function ask() {
    answer = null;
    face.redraw();
    answer = await face.messenger.revisions(chatId, seq);
    face.redraw();
  }
  void ask();

  /** @param {import("../../types.js").State} state */
  function content(state) {
    if (isRemoved(state, { chat_id: chatId, seq })) {
      answer = null;
      return html`<div class="dialog__body"><p class="note" role="status">${t("msg.deleted")}</p></div>`;
    }
    if (answer === null) {
      return html`<div class="dialog__body"><p class="note" role="status">${t("revisions.loading")}</p></div>`;
    }
    if (!answer.ok) {
      return html`<div class="dialog__body">
        <p class="err" role="status">${icon("alert", "icon--s")}<span>${errorText(answer)}</span></p>
        <button class="btn btn--plain btn--s" type="button" @click=${ask}>${t("dialog.again")}</button>
      </div>`;
    }
    const texts = [...answer.revisions].sort((one, other) => other.rev - one.rev);
    return html`<div class="dialog__body" role="status">
      ${texts.length === 0 ? html`<p class="note">${t("revisions.none")}</p>` : nothing}
      <ol class="revisions">
        ${texts.map(
          ({ content: text, edited_at: at }) =>
            html`<li>
              ${at ? html`<time datetime=${at}>${fullTime(at)}</time>` : html`<span>${t("revisions.first")}</span>`}
              <p dir="auto">${text}</p>
            </li>`,
        )}
      </ol>
    </div>`;
  }

  return { title: () => t("revisions.title"), harmless: true, content };
}
