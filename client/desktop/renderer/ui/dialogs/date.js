/** Going to a day of a chat. What is typed is the field's own: a day that is half there has no value to be given back to it. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { dayKey } from "../../words/format.js";
import { errorText, t } from "../../words/i18n.js";
import { watchReturn } from "../../state/link-view.js";
import { errorNote } from "../parts/loading.js";

/** `params`: `{chatId, at?}`, `at`: a time on the day that is offered. @type {import("../parts/dialog.js").DialogMaker} */
export function date(face, { chatId, at }, close) {
  const today = dayKey(new Date().toISOString());
  const offered = at ? dayKey(at) : today;
  let day = offered;
  let busy = false;
  /** @type {import("../../types.js").Refused | null} */
  let problem = null;
  const isBack = watchReturn();

  async function go() {
    const start = new Date(`${day}T00:00`); // of the day here, not of Greenwich
    if (busy || Number.isNaN(start.getTime())) return;
    busy = true;
    const answer = await face.showDay(chatId, start.toISOString());
    busy = false;
    if (answer.ok) return void close();
    problem = answer;
    face.redraw();
  }

  /** What could not be asked is asked when the link is back. @param {import("../../types.js").State} state */
  function follow({ link }) {
    if (isBack(link) && problem !== null && problem.code !== "not_found") void go();
  }

  /** @param {import("../../types.js").State} state */
  function content(state) {
    follow(state);
    const told = problem && (problem.code === "not_found" ? t("date.none") : errorText(problem));
    return html`<form
      class="dialog__form"
      @submit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        void go();
      }}
    >
      <div class="dialog__pad">
        <label class="field">
          <span>${t("date.day")}</span>
          <span class="input"
            ><input
              type="date"
              name="day"
              autofocus
              required
              min="2000-01-01"
              max=${today}
              value=${offered}
              @input=${(/** @type {any} */ { currentTarget }) => {
                day = currentTarget.value;
                problem = null;
              }}
          /></span>
        </label>
      </div>
      ${errorNote(told, { foot: true })}
      <footer class="dialog__foot">
        <button class="btn btn--primary" type="submit">${t("date.go")}</button>
      </footer>
    </form>`;
  }

  return { title: () => t("date.title"), harmless: true, content };
}
