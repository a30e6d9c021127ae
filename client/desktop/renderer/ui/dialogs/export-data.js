/** A copy of one's own data: what is in it, the password, and how much of it is here. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { sizeText } from "../../words/files.js";
import { t } from "../../words/i18n.js";
import { ownPassword } from "../parts/own-password.js";
import { saveByLink } from "../parts/saving.js";

/** @type {import("../parts/dialog.js").DialogMaker} */
export function exportData(face, _params, close) {
  const { messenger, overlays, platform } = face;
  /** Bytes that the app has saved so far; null: nothing is on its way. @type {number | null} */
  let saved = null;
  let closed = false;
  const password = ownPassword(face, "export-password", messenger.exportData, ({ url }) => !closed && save(url));

  /** @param {Event} event */
  const send = (event) => (saved === null ? password.send(event) : event.preventDefault());

  /** The archive goes to the disk by itself, however large it is. @param {string} url */
  function save(url) {
    if (platform.desktop) {
      saved = 0;
      platform.watchSaving(told);
      void platform.saveFile(url);
      return face.redraw();
    }
    saveByLink(url);
    close();
    overlays.toast({ text: t("export.begun") });
  }

  /** @param {import("../../types.js").Saving} saving */
  function told({ state, bytes }) {
    if (state === "completed") return close(); // the page tells where it is
    if (state === "progressing") {
      saved = bytes;
      return face.redraw();
    }
    saved = null;
    password.tell(state === "cancelled" ? null : t("export.failed"));
  }

  const footer = () =>
    saved === null
      ? html`<button class="btn btn--plain" type="button" @click=${close}>${t("dialog.cancel")}</button>
          <button class="btn btn--primary" type="submit" aria-busy=${password.busy()}>${t("export.act")}</button>`
      : html`<button class="btn btn--plain" type="button" @click=${() => platform.stopSaving()}>
          ${t("export.stop")}
        </button>`;

  return {
    title: () => t("export.title"),
    gone: () => {
      closed = true;
      platform.watchSaving(null);
    },
    content: () =>
      html`<form class="dialog__form" novalidate @submit=${send}>
        <div class="dialog__body">
          <p>${t("export.what")}</p>
          <p>${t("export.not")}</p>
          ${saved === null ? password.field() : nothing}
          <p class="note" role="status">${saved === null ? "" : t("export.saved", { size: sizeText(saved) })}</p>
        </div>
        ${password.problem()}
        <footer class="dialog__foot">${footer()}</footer>
      </form>`,
  };
}
