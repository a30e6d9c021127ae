/** The frame of every dialog: a native modal one, with its title, its focus and its ways out. */

import { ref } from "../../vendor/lit-html/directives/ref.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { t } from "../../words/i18n.js";
import { icon } from "./icon.js";
import { isComposed } from "./keys.js";

/**
 * What a dialog is made of. `kind`: a class for its shape. `harmless`: nothing is lost by a click beside it.
 * `bare`: it has no head of the usual form. `isChanged`: something is typed there that is not saved. `gone`: it was closed,
 * however.
 * @typedef {{title: () => string, kind?: string, harmless?: boolean, bare?: boolean, describedBy?: string,
 *   content: (state: import("../../types.js").State) => unknown, isChanged?: () => boolean, gone?: () => void}} Dialog
 * `close` says whether it was open: what was asked for by one that was closed meanwhile leads nowhere.
 * @typedef {(face: import("../face.js").Face, params: any, close: () => boolean) => Dialog} DialogMaker
 * @typedef {{id: number, name: string, dialog: Dialog, element: HTMLDialogElement | null,
 *   close: () => boolean, attach: (element: Element | undefined) => void}} Shown
 */

/**
 * @param {Shown} shown @param {import("../../types.js").State} state
 * @param {unknown} floating what belongs on top of it: a menu, toasts
 */
export function dialogFrame(shown, state, floating) {
  const { dialog, id, close } = shown;
  const { title, kind = "", bare = false, describedBy } = dialog;
  return html`<dialog
    class="dialog ${kind}"
    aria-labelledby=${bare ? nothing : `dialog-title-${id}`}
    aria-label=${bare ? title() : nothing}
    aria-describedby=${describedBy ?? nothing}
    @cancel=${(/** @type {Event} */ event) => leave(event, close)}
    @close=${close}
    @keydown=${(/** @type {KeyboardEvent} */ event) => escape(event, close)}
    @pointerdown=${(/** @type {PointerEvent & {currentTarget: HTMLDialogElement}} */ event) => beside(event, dialog, close)}
    ${ref(shown.attach)}
  >
    ${
      bare
        ? nothing
        : html`<header class="dialog__head">
            <h2 id="dialog-title-${id}" tabindex="-1">${title()}</h2>
            ${closeButton(close)}
          </header>`
    }
    ${dialog.content(state)} ${floating}
  </dialog>`;
}

/** @param {() => void} close */
export const closeButton = (close) =>
  html`<button class="ibtn" type="button" aria-label=${t("dialog.close_esc")} @click=${close}>
    ${icon("close")}
  </button>`;

/** Its own `cancel`, not that of a file field within. @param {Event} event @param {() => void} close */
function leave(event, close) {
  if (event.target !== event.currentTarget) return;
  event.preventDefault();
  close();
}

/** @param {KeyboardEvent} event @param {() => void} close */
function escape(event, close) {
  if (event.key !== "Escape" || isComposed(event) || event.defaultPrevented) return;
  event.preventDefault();
  close();
}

/** @param {PointerEvent & {currentTarget: HTMLDialogElement}} event @param {Dialog} dialog @param {() => void} close */
function beside(event, dialog, close) {
  const element = event.currentTarget;
  if (!dialog.harmless || event.target !== element) return;
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const { clientX: x, clientY: y } = event;
  if (x < left || x > right || y < top || y > bottom) close();
}

/** Show it; the focus goes to the field that wants it, else to the title. @param {HTMLDialogElement} element */
export function show(element) {
  element.showModal();
  const first = element.querySelector("[autofocus]") ?? element.querySelector("h2[tabindex]");
  if (first instanceof HTMLElement) first.focus();
  if (first instanceof HTMLInputElement) first.select();
}
