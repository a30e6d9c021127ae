/** A link by which somebody sets a new password: a secret, to be handed over to them alone. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { isolate, t } from "../../words/i18n.js";
import { nameOf } from "../../words/names.js";
import { copyAndTell } from "../parts/copying.js";
import { icon } from "../parts/icon.js";

/** `params`: `{account, link}`. @type {import("../parts/dialog.js").DialogMaker} */
export function resetLink(face, { account, link }, close) {
  return {
    title: () => t("admin.reset_title", { name: isolate(nameOf(account)) }),
    content: () =>
      html`<div class="dialog__body">
          <div class="field">
            <div class="field__head"><label for="reset-link">${t("invites.link")}</label></div>
            <div class="input">
              <input
                id="reset-link"
                readonly
                autofocus
                dir="ltr"
                autocomplete="off"
                .value=${link}
                aria-describedby="reset-link-hint"
                @focus=${(/** @type {Event & {currentTarget: HTMLInputElement}} */ event) => event.currentTarget.select()}
              />
              <button
                class="ibtn"
                type="button"
                aria-label=${t("menu.copy_link")}
                @click=${() => copyAndTell(face, link)}
              >
                ${icon("copy")}
              </button>
            </div>
            <p class="hint" id="reset-link-hint">${t("admin.reset_about")}</p>
          </div>
        </div>
        <footer class="dialog__foot">
          <button class="btn btn--primary" type="button" @click=${close}>${t("dialog.done")}</button>
        </footer>`,
  };
}
