/** The box and the foot of dialogs in which one types and chooses from a list. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { t } from "../../words/i18n.js";

/**
 * The focus stays here; the arrows move the mark in the list (combobox.js).
 * @param {{label: string, list: string, count: number, active: string | undefined, value: string,
 *   typed: (value: string) => void, keys: (event: KeyboardEvent) => void}} how `list` and `active`: ids of the list and
 *   of the option that is marked
 */
export function quickInput({ label, list, count, active, value, typed, keys }) {
  return html`<input
    type="text"
    dir="auto"
    role="combobox"
    autofocus
    autocomplete="off"
    spellcheck="false"
    aria-label=${label}
    placeholder=${label}
    aria-expanded=${count > 0 ? "true" : "false"}
    aria-controls=${list}
    aria-activedescendant=${active ?? nothing}
    .value=${value}
    @input=${(/** @type {InputEvent & {currentTarget: HTMLInputElement}} */ event) => typed(event.currentTarget.value)}
    @keydown=${keys}
  />`;
}

/** What the keys do. */
export const quickFoot = () =>
  html`<div class="quick__foot" aria-hidden="true">
    <span><kbd>↑</kbd> <kbd>↓</kbd> ${t("switcher.choose")}</span>
    <span><kbd>Enter</kbd> ${t("switcher.open")}</span>
    <span><kbd>Esc</kbd> ${t("switcher.close")}</span>
  </div>`;
