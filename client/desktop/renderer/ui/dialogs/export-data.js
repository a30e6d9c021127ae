/** A copy of one's own data: what is in it, the password, and how much of it is here. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { sizeText } from "../../words/files.js";
import { errorText, fieldErrorText, t } from "../../words/i18n.js";
import { textField } from "../parts/field.js";

/** @type {import("../parts/dialog.js").DialogMaker} */
export function exportData(face, _params, close) {
  const { messenger, overlays, platform } = face;
  let value = "";
  /** @type {string | undefined} */
  let wrong;
  /** @type {string | null} */
  let error = null;
  let busy = false;
  /** Bytes that the app has saved so far; null: nothing is on its way. @type {number | null} */
  let saved = null;
  let closed = false;

  /** @param {Event} event */
  async function send(event) {
    event.preventDefault();
    if (busy || saved !== null) return;
    [wrong, error] = [value === "" ? fieldErrorText("current_password", "required") : undefined, null];
    if (wrong === undefined) {
      busy = true;
      face.redraw();
      const answer = await messenger.exportData(value);
      busy = false;
      if (answer.ok && !closed) return save(answer.url);
      if (!answer.ok && answer.code === "invalid_credentials") {
        wrong = fieldErrorText("current_password", answer.code);
      } else if (!answer.ok) error = errorText(answer);
    }
    face.redraw();
    if (wrong !== undefined) document.getElementById("export-password")?.focus();
  }

  /** The archive goes to the disk by itself, however large it is. @param {string} url */
  function save(url) {
    if (platform.desktop) {
      [saved, value] = [0, ""];
      platform.watchSaving(told);
      void platform.saveFile(url);
      return face.redraw();
    }
    const link = document.createElement("a");
    link.href = url;
    link.download = "";
    link.click();
    close();
    overlays.toast({ text: t("export.begun") });
  }

  /** @param {import("../../types.js").Saving} saving */
  function told({ state, bytes }) {
    if (state === "completed") return close(); // the page tells where it is
    if (state === "progressing") saved = bytes;
    else [saved, error] = [null, state === "cancelled" ? null : t("export.failed")];
    face.redraw();
  }

  const ask = () =>
    textField({
      id: "export-password",
      label: t("settings.password_current"),
      type: "password",
      value,
      input: (given) => {
        [value, wrong] = [given, undefined];
        face.redraw();
      },
      error: wrong,
      autocomplete: "current-password",
      busy,
      first: true,
    });

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
          ${saved === null ? ask() : nothing}
          <p class="note" role="status">${saved === null ? "" : t("export.saved", { size: sizeText(saved) })}</p>
        </div>
        ${error ? html`<p class="err dialog__err" role="alert">${error}</p>` : nothing}
        <footer class="dialog__foot">
          ${
            saved === null
              ? html`<button class="btn btn--plain" type="button" @click=${close}>${t("dialog.cancel")}</button>
                  <button class="btn btn--primary" type="submit" aria-busy=${busy ? "true" : "false"}>
                    ${t("export.act")}
                  </button>`
              : html`<button class="btn btn--plain" type="button" @click=${() => platform.stopSaving()}>
                  ${t("export.stop")}
                </button>`
          }
        </footer>
      </form>`,
  };
}
