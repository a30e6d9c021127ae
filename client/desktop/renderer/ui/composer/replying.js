/** The message that is answered, above the field where one writes. */

import { messageOf } from "../../state/begun.js";
import { messageWords } from "../../words/files.js";
import { t } from "../../words/i18n.js";
import { senderName } from "../../words/names.js";
import { html } from "../../vendor/lit-html/lit-html.js";
import { icon } from "../parts/icon.js";

/** @param {import("../../types.js").State} state @param {number} chatId
 * @param {import("../../types.js").Answered} reply @param {() => void} end */
export function replyStrip(state, chatId, reply, end) {
  const message = messageOf(state, chatId, reply.seq);
  return html`<div class="strip">
    ${icon("reply", "strip__icon")}
    <div class="strip__text">
      <b><bdi class="truncate">${senderName(reply.sender_id, state)}</bdi></b>
      <bdi class="strip__words truncate">${message ? messageWords(message) : t("msg.quote_far")}</bdi>
    </div>
    <button class="ibtn" type="button" aria-label=${t("composer.cancel_reply")} @click=${end}>${icon("close")}</button>
  </div>`;
}
