/** Deleting one's account: what goes and what stays, in plain words, and the password. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { t } from "../../words/i18n.js";
import { ownPassword } from "../parts/own-password.js";

/** @type {import("../parts/dialog.js").DialogMaker} */
export function deleteAccount(face, _params, close) {
  const done = () => face.overlays.toast({ text: t("deletion.done") });
  const password = ownPassword(face, "deletion-password", face.messenger.deleteAccount, done);
  return {
    title: () => t("deletion.title"),
    content: () =>
      html`<form class="dialog__form" novalidate @submit=${password.send}>
        <div class="dialog__body">
          <p>${t("deletion.goes")}</p>
          <p>${t("deletion.stays")}</p>
          ${password.field()}
        </div>
        ${password.problem()}
        <footer class="dialog__foot">
          <button class="btn btn--plain" type="button" @click=${close}>${t("dialog.cancel")}</button>
          <button class="btn btn--danger" type="submit" aria-busy=${password.busy()}>${t("deletion.act")}</button>
        </footer>
      </form>`,
  };
}
