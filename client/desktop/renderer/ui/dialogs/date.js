/** Going to a day of a chat. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { dayKey } from "../../words/format.js";
import { errorText, t } from "../../words/i18n.js";

/** `params`: `{chatId, at?}`, `at`: a time on the day that is offered. @type {import("../parts/dialog.js").DialogMaker} */
export function date(face, { chatId, at }, close) {
  const today = dayKey(new Date().toISOString());
  let day = at ? dayKey(at) : today;
  let busy = false;
  /** @type {string | null} */
  let problem = null;

  /** @param {Event} event */
  async function go(event) {
    event.preventDefault();
    const start = new Date(`${day}T00:00`); // of the day here, not of Greenwich
    if (busy || Number.isNaN(start.getTime())) return;
    busy = true;
    const answer = await face.showDay(chatId, start.toISOString());
    busy = false;
    if (answer.ok) return close();
    problem = answer.code === "not_found" ? t("date.none") : errorText(answer);
    face.redraw();
  }

  return {
    title: () => t("date.title"),
    harmless: true,
    content: () =>
      html`<form class="dialog__form" @submit=${go}>
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
                .value=${day}
                @input=${(/** @type {any} */ { currentTarget }) => {
                  day = currentTarget.value;
                }}
            /></span>
          </label>
        </div>
        ${problem ? html`<p class="err dialog__err" role="alert">${problem}</p>` : nothing}
        <footer class="dialog__foot">
          <button class="btn btn--primary" type="submit">${t("date.go")}</button>
        </footer>
      </form>`,
  };
}
