/** Deleting one's account: what goes and what stays, in plain words, and the password. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { errorText, fieldErrorText, t } from "../../words/i18n.js";
import { textField } from "../parts/field.js";

/** @type {import("../parts/dialog.js").DialogMaker} */
export function deleteAccount(face, _params, close) {
  let value = "";
  /** @type {string | undefined} */
  let wrong;
  /** @type {string | null} */
  let error = null;
  let busy = false;

  /** @param {Event} event */
  async function send(event) {
    event.preventDefault();
    if (busy) return;
    [wrong, error] = [value === "" ? fieldErrorText("current_password", "required") : undefined, null];
    if (wrong === undefined) {
      busy = true;
      face.redraw();
      const answer = await face.messenger.deleteAccount(value);
      busy = false;
      if (answer.ok) return face.overlays.toast({ text: t("deletion.done") });
      if (answer.code === "invalid_credentials") wrong = fieldErrorText("current_password", answer.code);
      else error = errorText(answer);
    }
    face.redraw();
    if (wrong !== undefined) document.getElementById("deletion-password")?.focus();
  }

  return {
    title: () => t("deletion.title"),
    content: () =>
      html`<form class="dialog__form" novalidate @submit=${send}>
        <div class="dialog__body">
          <p>${t("deletion.goes")}</p>
          <p>${t("deletion.stays")}</p>
          ${textField({
            id: "deletion-password",
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
          })}
        </div>
        ${error ? html`<p class="err dialog__err" role="alert">${error}</p>` : nothing}
        <footer class="dialog__foot">
          <button class="btn btn--plain" type="button" @click=${close}>${t("dialog.cancel")}</button>
          <button class="btn btn--danger" type="submit" aria-busy=${busy ? "true" : "false"}>
            ${t("deletion.act")}
          </button>
        </footer>
      </form>`,
  };
}
