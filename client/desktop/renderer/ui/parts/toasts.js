/** Short words at the foot of the window, gone after a while; at most one thing to do about each. */

import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { t } from "../../words/i18n.js";
import { icon } from "./icon.js";

const LIFE = 6_000;
const MOST = 3;

/** @typedef {{text: string, action?: string, run?: () => void}} Toast */

/** @param {() => void} redraw */
export function createToasts(redraw) {
  let serial = 0;
  /** @type {{id: number, toast: Toast, left: number, since: number, timer: ReturnType<typeof setTimeout> | undefined}[]} */
  let shown = [];

  /** @param {number} id */
  function drop(id) {
    const entry = shown.find((one) => one.id === id);
    clearTimeout(entry?.timer);
    shown = shown.filter((one) => one.id !== id);
    redraw();
  }

  /** @param {typeof shown[number]} entry */
  function run(entry) {
    entry.since = performance.now();
    entry.timer = setTimeout(() => drop(entry.id), entry.left);
  }

  /** While it is looked at or has the focus it stays. @param {typeof shown[number]} entry */
  function pause(entry) {
    if (entry.timer === undefined) return;
    clearTimeout(entry.timer);
    entry.timer = undefined;
    entry.left -= performance.now() - entry.since;
  }

  /** @param {typeof shown[number]} entry @param {Event & {currentTarget: HTMLElement}} event */
  function resume(entry, event) {
    const element = event.currentTarget;
    if (entry.timer === undefined && !(event.type === "pointerleave" && element.contains(document.activeElement))) {
      run(entry);
    }
  }

  /** @param {typeof shown[number]} entry */
  function body(entry) {
    const { text, action, run: act } = entry.toast;
    const done = () => {
      drop(entry.id);
      act?.();
    };
    return html`<div
      class="toast"
      @pointerenter=${() => pause(entry)}
      @focusin=${() => pause(entry)}
      @pointerleave=${(/** @type {Event & {currentTarget: HTMLElement}} */ event) => resume(entry, event)}
      @focusout=${(/** @type {Event & {currentTarget: HTMLElement}} */ event) => resume(entry, event)}
    >
      <span class="toast__text">${text}</span>
      ${action ? html`<button class="link-btn" type="button" @click=${done}>${action}</button>` : nothing}
      <button class="ibtn ibtn--s" type="button" aria-label=${t("dialog.close")} @click=${() => drop(entry.id)}>
        ${icon("close", "icon--s")}
      </button>
    </div>`;
  }

  return {
    /** @param {Toast} toast */
    add(toast) {
      while (shown.length >= MOST) drop(shown[0].id);
      const entry = { id: ++serial, toast, left: LIFE, since: 0, timer: undefined };
      shown = [...shown, entry];
      run(entry);
      redraw();
    },
    /** They were for somebody who is gone. */
    clear() {
      for (const { id } of shown) drop(id);
    },
    /** A live region that is there before it says anything. @param {boolean} speaks whether this one shows them */
    template: (speaks) =>
      html`<div class="toasts" role="status">${speaks ? repeat(shown, (entry) => entry.id, body) : nothing}</div>`,
  };
}
