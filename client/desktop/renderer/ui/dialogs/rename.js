/** Another title for a group. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { errorText, t } from "../../core/i18n.js";
import { fieldErrors, textField } from "../field.js";

const LONGEST_TITLE = 100;

/** `params`: `{chatId}`. @type {import("../dialog.js").DialogMaker} */
export function rename(face, { chatId }, close) {
  let title = face.messenger.state().chats.get(chatId)?.title ?? "";
  let busy = false;
  /** @type {string | null} */
  let titleError = null;
  /** @type {string | null} */
  let error = null;

  /** @param {Event} event */
  async function save(event) {
    event.preventDefault();
    if (busy) return;
    [titleError, error] = [title.trim() === "" ? t("newgroup.no_title") : null, null];
    if (titleError === null) {
      busy = true;
      const answer = await face.messenger.changeChat(chatId, { title: title.trim() });
      busy = false;
      if (answer.ok) {
        close();
        return;
      }
      titleError = fieldErrors(answer, ["title"]).title ?? null;
      error = titleError ? null : errorText(answer);
    }
    face.redraw();
    document.getElementById("rename-title")?.focus();
  }

  return {
    title: () => t("info.rename"),
    content: () =>
      html`<form class="dialog__form" novalidate @submit=${save}>
        <div class="dialog__pad">
          ${textField({
            id: "rename-title",
            label: t("newgroup.name"),
            value: title,
            input: (value) => {
              [title, titleError] = [value, null];
              face.redraw();
            },
            most: LONGEST_TITLE,
            error: titleError,
            first: true,
            busy,
          })}
        </div>
        ${error ? html`<p class="err dialog__err" role="alert">${error}</p>` : nothing}
        <footer class="dialog__foot">
          <button class="btn btn--plain" type="button" @click=${close}>${t("dialog.cancel")}</button>
          <button class="btn btn--primary" type="submit">${t("dialog.save")}</button>
        </footer>
      </form>`,
  };
}
