/** A labelled text field of a dialog, with its error under it. */

import { live } from "../../vendor/lit-html/directives/live.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { fieldErrorText } from "../../words/i18n.js";
import { icon } from "./icon.js";

/**
 * @param {{id: string, label: string, value: string, input: (value: string) => void, type?: string, error?: string | null,
 *   hint?: string, first?: boolean, autocomplete?: string, most?: number, busy?: boolean, keepSpaces?: boolean}} field
 *   `most`: how many characters it takes; `first`: it gets the focus
 */
export function textField(field) {
  const { id, label, value, input, type = "text", error = null, hint = "", first = false, busy = false } = field;
  const about = error ? `${id}-error` : hint ? `${id}-hint` : null;
  return html`<div class="field">
    <div class="field__head">
      <label for=${id}>${label}</label>
      ${
        field.most && [...value].length > field.most * 0.75
          ? html`<span class="hint">${[...value].length} / ${field.most}</span>`
          : nothing
      }
    </div>
    <div class="input ${error ? "is-bad" : ""}">
      <input
        id=${id}
        type=${type}
        dir="auto"
        ?autofocus=${first}
        ?readonly=${busy}
        autocomplete=${field.autocomplete ?? "off"}
        spellcheck="false"
        aria-invalid=${error ? "true" : "false"}
        aria-describedby=${about ?? nothing}
        .value=${live(value)}
        @input=${(/** @type {Event & {currentTarget: HTMLInputElement}} */ event) => input(event.currentTarget.value)}
      />
    </div>
    ${
      error
        ? html`<p class="err" id="${id}-error">${icon("alert", "icon--s")}<span>${error}</span></p>`
        : hint
          ? html`<p class="hint" id="${id}-hint">${hint}</p>`
          : nothing
    }
  </div>`;
}

/**
 * What a refusal says about each field; what it says about none of them is told for the whole form by the caller.
 * @param {import("../../types.js").Refused} refused @param {readonly string[]} fields
 * @returns {Record<string, string>}
 */
export function fieldErrors(refused, fields) {
  const errors = refused.errors ?? [];
  const told = errors.filter(({ field }) => fields.includes(field));
  return Object.fromEntries(
    told.map((error) => [error.field, fieldErrorText(error.field, error.code, limitOf(error))]),
  );
}

/** @param {{limit?: number}} error @returns {Record<string, number>} */
function limitOf({ limit }) {
  return limit === undefined ? {} : { n: limit };
}
