/** What is hidden until it is asked for: by a click on it, or by its button with the keyboard. */

import { t } from "../../words/i18n.js";
import { html } from "../../vendor/lit-html/lit-html.js";
import { findAll } from "../parts/elements.js";

/**
 * Open ones stay open for as long as they are drawn. Until then there is no link or other control of it.
 * @param {import("../face.js").Face} face @param {string} plain what it holds, as long as it will be
 * @param {unknown} inner
 */
export function spoiler(face, plain, inner) {
  /** @param {Event & {currentTarget: Element}} event */
  const open = ({ currentTarget: element }) => {
    const [button, cover, text] = findAll(element, ":scope > *", HTMLElement);
    if (cover.hidden) return;
    const focused = button === document.activeElement;
    element.classList.add("is-open");
    cover.hidden = true;
    text.hidden = false;
    if (focused) text.focus({ preventScroll: true });
    button.hidden = true;
    face.announce(text.textContent ?? "");
  };
  return html`<span class="spoiler" @click=${open}
    ><button class="sr" type="button">${t("msg.spoiler")}</button
    ><span class="spoiler__cover" aria-hidden="true">${plain}</span
    ><span class="spoiler__text" tabindex="-1" hidden>${inner}</span></span
  >`;
}
