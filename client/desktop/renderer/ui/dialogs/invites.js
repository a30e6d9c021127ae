/** Links into a group, for its admins. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { t } from "../../words/i18n.js";
import { invitesPart } from "./admin/invites.js";

/** `params`: `{chatId}`. @type {import("../parts/dialog.js").DialogMaker} */
export function groupInvites(face, { chatId }) {
  const part = invitesPart(face, chatId);
  part.opened();
  return {
    title: () => t("invites.title"),
    harmless: true,
    content: (state) => html`<div class="dialog__body">${part.body(state)}</div>`,
  };
}
