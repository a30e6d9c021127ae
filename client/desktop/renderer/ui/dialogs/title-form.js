/** A form whose one text is a group's title: it is asked for, tried, and told what is wrong with it. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { errorText, t } from "../../words/i18n.js";
import { fieldErrors, textField } from "../parts/field.js";
import { errorNote } from "../parts/loading.js";

const LONGEST_TITLE = 100;

/** @typedef {import("../../types.js").Refused} Refused */

/**
 * @template {{ok: true}} Done
 * @param {import("../face.js").Face} face
 * @param {{id: string, value?: string, save: (title: string) => Promise<Done | Refused>, saved: (done: Done) => void}} options
 *   `id`: of the field; `save`: asks the server; `saved`: after it said yes
 */
export function createTitleForm(face, { id, value = "", save, saved }) {
  let title = value;
  let busy = false;
  /** @type {string | null} */
  let titleError = null;
  /** @type {string | null} */
  let error = null;

  /** @param {string} text */
  function type(text) {
    [title, titleError] = [text, null];
    face.redraw();
  }

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    if (busy) return;
    [titleError, error] = [title.trim() === "" ? t("newgroup.no_title") : null, null];
    if (titleError === null) {
      busy = true;
      face.redraw();
      const answer = await save(title.trim());
      busy = false;
      if (answer.ok) return saved(answer);
      titleError = fieldErrors(answer, ["title"]).title ?? null;
      error = titleError ? null : errorText(answer);
    }
    face.redraw();
    if (titleError) document.getElementById(id)?.focus();
  }

  return {
    submit,
    busy: () => busy,
    isChanged: () => title !== value,
    field: () =>
      html`<div class="dialog__pad">
        ${textField({
          id,
          label: t("newgroup.name"),
          value: title,
          input: type,
          most: LONGEST_TITLE,
          error: titleError,
          first: true,
          busy,
        })}
      </div>`,
    problem: () => errorNote(error, { foot: true }),
  };
}
