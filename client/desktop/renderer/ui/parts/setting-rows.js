/** Rows of settings: a switch, a choice between a few, and a line that says how things are. */

import { live } from "../../vendor/lit-html/directives/live.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { icon } from "./icon.js";

/**
 * `disabled`: it cannot be chosen here; `busy`: not just now, which takes the focus from nobody.
 * @param {{label: string, about?: string, on: boolean, change: (on: boolean) => void, disabled?: boolean, busy?: boolean}} row
 */
export const switchRow = ({ label, about, on, change, disabled = false, busy = false }) =>
  html`<label class="set__row ${disabled ? "is-off" : ""}">
    <span>${label}${about ? html`<small>${about}</small>` : nothing}</span>
    <span class="switch">
      <input
        type="checkbox"
        role="switch"
        ?disabled=${disabled}
        aria-disabled=${busy ? "true" : nothing}
        .checked=${live(on)}
        @change=${(/** @type {Event & {currentTarget: HTMLInputElement}} */ event) => change(event.currentTarget.checked)}
      />
      <i aria-hidden="true"></i>
    </span>
  </label>`;

/**
 * @param {{id: string, label: string, value: string, options: {value: string, label: string, icon?: string}[],
 *   change: (value: any) => void}} row
 */
export const choiceRow = ({ id, label, value, options, change }) =>
  html`<div class="set__row">
    <span id="${id}-label">${label}</span>
    <span class="seg" role="radiogroup" aria-labelledby="${id}-label">
      ${options.map(
        (option) =>
          html`<label class=${option.value === value ? "is-on" : ""}>
            <input
              type="radio"
              name=${id}
              value=${option.value}
              .checked=${live(option.value === value)}
              @change=${() => change(option.value)}
            />
            ${option.icon ? icon(option.icon, "icon--s") : nothing}
            <span>${option.label}</span>
          </label>`,
      )}
    </span>
  </div>`;

/** How something is that cannot be chosen here. @param {{label: string, value: string, about?: string}} row */
export const factRow = ({ label, value, about }) =>
  html`<div class="set__row">
    <span>${label}${about ? html`<small>${about}</small>` : nothing}</span>
    <span class="set__fact"><bdi>${value}</bdi></span>
  </div>`;
