/** A question before what cannot be taken back; the buttons name the acts. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { t } from "../../words/i18n.js";

/**
 * `params`: `{title, text?, act, danger?, answer}`; `answer` is called once, with false however it is closed else.
 * @type {import("../parts/dialog.js").DialogMaker}
 */
export function confirm(_face, params, close) {
  const { title, text, act, danger = false, answer } = params;
  let agreed = false;
  const agree = () => {
    agreed = true;
    close();
  };
  return {
    title: () => title,
    kind: "dialog--confirm",
    harmless: true,
    describedBy: text ? "confirm-text" : undefined,
    gone: () => answer(agreed),
    content: () =>
      html`${text ? html`<div class="dialog__body"><p id="confirm-text">${text}</p></div>` : nothing}
        <footer class="dialog__foot">
          <button class="btn btn--plain" type="button" ?autofocus=${danger} @click=${close}>
            ${t("dialog.cancel")}
          </button>
          <button
            class="btn ${danger ? "btn--danger" : "btn--primary"}"
            type="button"
            ?autofocus=${!danger}
            @click=${agree}
          >
            ${act}
          </button>
        </footer>`,
  };
}
