/** Chips: what was chosen, each with a button that takes it away again. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { t } from "../../words/i18n.js";
import { icon } from "./icon.js";

/** @param {{name: string, drop: string, run: () => void, before?: unknown}} options `drop`: what the button is called */
export const chip = ({ name, drop, run, before = nothing }) =>
  html`<li class="chip">
    ${before} <bdi class="chip__name">${name}</bdi>
    <button class="ibtn" type="button" aria-label=${drop} @click=${run}>${icon("close", "icon--xs")}</button>
  </li>`;

/** The list of them in a dialog. @param {unknown} chips */
export const chosenChips = (chips) =>
  html`<div class="dialog__pad">
    <ul class="chips" aria-label=${t("newgroup.chosen")}>
      ${chips}
    </ul>
  </div>`;
