/** A block of code: what language it is in, a button that copies it, and its lines, which scroll within it. */

import { t } from "../../words/i18n.js";
import { html } from "../../vendor/lit-html/lit-html.js";
import { copyAndTell } from "../parts/copying.js";
import { highlight } from "./highlight.js";
import { icon } from "../parts/icon.js";

/** @param {import("../face.js").Face} face @param {{text: string, language: string}} block */
export function codeBlock(face, { text, language }) {
  const name = language ? t("msg.code_in", { language }) : t("msg.code");
  return html`<div class="codeblock">
    <div class="codeblock__head">
      <span aria-hidden="true">${language}</span>
      <button
        class="ibtn ibtn--s"
        type="button"
        aria-label=${t("msg.copy_code")}
        @click=${() => copyAndTell(face, text)}
      >
        ${icon("copy", "icon--s")}
      </button>
    </div>
    <pre
      tabindex="0"
      role="group"
      aria-label=${name}
    ><code dir="ltr">${language ? highlight(text, language) : text}</code></pre>
  </div>`;
}
