/** «Новая группа»: a title, people, and it is made. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { errorText, t } from "../../core/i18n.js";
import { fieldErrors, textField } from "../field.js";
import { createPicking } from "../picking.js";

const LONGEST_TITLE = 100;

/** @type {import("../dialog.js").DialogMaker} */
export function newGroup(face, _params, close) {
  const me = face.messenger.state().me;
  const picking = createPicking(face, {
    label: t("newgroup.find"),
    listId: "new-group-people",
    without: () => new Set(me ? [me.id] : []),
  });
  let title = "";
  let busy = false;
  /** @type {string | null} */
  let titleError = null;
  /** @type {string | null} */
  let error = null;

  /** @param {Event} event */
  async function create(event) {
    event.preventDefault();
    if (busy) return;
    titleError = title.trim() === "" ? t("newgroup.no_title") : null;
    error = null;
    if (titleError === null) {
      busy = true;
      face.redraw();
      const people = picking.chosen().map((user) => user.id);
      const answer = await face.messenger.createGroup(title.trim(), people);
      busy = false;
      if (answer.ok) {
        close();
        face.openChat(answer.chat_id);
        return;
      }
      titleError = fieldErrors(answer, ["title"]).title ?? null;
      error = titleError ? null : errorText(answer);
    }
    face.redraw();
    if (titleError) document.getElementById("new-group-title")?.focus();
  }

  return {
    title: () => t("newgroup.title"),
    gone: picking.stop,
    content: (state) =>
      html`<form class="dialog__form" novalidate @submit=${create}>
        <div class="dialog__pad">
          ${textField({
            id: "new-group-title",
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
        ${picking.template(state)} ${error ? html`<p class="err dialog__err" role="alert">${error}</p>` : nothing}
        <footer class="dialog__foot">
          <span class="note">${t("newgroup.count", { n: picking.chosen().length + 1 })}</span>
          <button class="btn btn--plain" type="button" @click=${close}>${t("dialog.cancel")}</button>
          <button class="btn btn--primary" type="submit" aria-busy=${busy ? "true" : "false"}>
            ${busy ? html`<span class="spinner" aria-hidden="true"></span>${t("newgroup.creating")}` : t("newgroup.create")}
          </button>
        </footer>
      </form>`,
  };
}
