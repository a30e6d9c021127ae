/** «Новая группа»: a title, people, and it is made. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { t } from "../../words/i18n.js";
import { createPicking } from "../parts/picking.js";
import { createTitleForm } from "./title-form.js";

/** @type {import("../parts/dialog.js").DialogMaker} */
export function newGroup(face, _params, close) {
  const me = face.messenger.state().me;
  const picking = createPicking(face, {
    label: t("newgroup.find"),
    listId: "new-group-people",
    without: () => new Set(me ? [me.id] : []),
  });
  const people = () => picking.chosen().map((user) => user.id);
  const form = createTitleForm(face, {
    id: "new-group-title",
    save: (title) => face.messenger.createGroup(title, people()),
    saved: ({ chat_id }) => {
      if (close()) face.openChat(chat_id);
    },
  });

  return {
    title: () => t("newgroup.title"),
    isChanged: () => form.isChanged() || picking.chosen().length > 0,
    gone: picking.stop,
    content: (state) =>
      html`<form class="dialog__form" novalidate @submit=${form.submit}>
        ${form.field()} ${picking.template(state)} ${form.problem()}
        <footer class="dialog__foot">
          <span class="note">${t("newgroup.count", { n: picking.chosen().length + 1 })}</span>
          <button class="btn btn--plain" type="button" @click=${close}>${t("dialog.cancel")}</button>
          <button class="btn btn--primary" type="submit" aria-busy=${form.busy() ? "true" : "false"}>
            ${form.busy() ? html`<span class="spinner" aria-hidden="true"></span>${t("newgroup.creating")}` : t("newgroup.create")}
          </button>
        </footer>
      </form>`,
  };
}
