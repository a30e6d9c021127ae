/** Icons of the sprite in index.html. */

import { html } from "../../vendor/lit-html/lit-html.js";

/**
 * A drawing that says nothing by itself: what it means stands beside it or in the control's name.
 * @param {string} name without `i-`; `mark` is the swallow
 * @param {string} [classes] more classes, e.g. `icon--s`
 */
export function icon(name, classes = "") {
  if (name === "mark") {
    return html`<svg class="icon ${classes}" aria-hidden="true" viewBox="0 0 32 32"><use href="#mark" /></svg>`;
  }
  return html`<svg class="icon ${classes}" aria-hidden="true"><use href="#i-${name}" /></svg>`;
}
