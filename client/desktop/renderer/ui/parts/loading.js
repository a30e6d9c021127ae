/** What stands in the place of a list: that it is being loaded, or why it could not be; and what went wrong elsewhere. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { t } from "../../words/i18n.js";
import { icon } from "./icon.js";

/** @param {string | null} problem @param {() => void} again */
export const problemLine = (problem, again) =>
  problem === null
    ? nothing
    : html`<p class="err" role="alert">
        ${icon("alert", "icon--s")}<span>${problem}</span>
        <button class="link-btn" type="button" @click=${again}>${t("dialog.again")}</button>
      </p>`;

/**
 * What went wrong, in a line. `sign`: with the sign of it; `foot`: above the buttons of a dialog.
 * @param {string | null | undefined} text nothing is there without it
 * @param {{sign?: boolean, foot?: boolean, role?: "alert" | "status"}} [options]
 */
export function errorNote(text, { sign = false, foot = false, role = "alert" } = {}) {
  if (!text) return nothing;
  const words = sign ? html`${icon("alert", "icon--s")}<span>${text}</span>` : text;
  return html`<p class="err ${foot ? "dialog__err" : ""}" role=${role}>${words}</p>`;
}

/** @param {boolean} waits */
export const waiting = (waits) =>
  waits ? html`<p class="note dialog__wait" role="status">${t("admin.loading")}</p>` : nothing;

/** At the end of a list that is not whole yet. @param {boolean} more @param {() => void} load */
export const moreButton = (more, load) =>
  more ? html`<button class="btn btn--plain btn--s" type="button" @click=${load}>${t("admin.more")}</button>` : nothing;
