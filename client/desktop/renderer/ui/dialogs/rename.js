/** Another title for a group. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { t } from "../../words/i18n.js";
import { createTitleForm } from "./title-form.js";

/** `params`: `{chatId}`. @type {import("../parts/dialog.js").DialogMaker} */
export function rename(face, { chatId }, close) {
  const form = createTitleForm(face, {
    id: "rename-title",
    value: face.messenger.state().chats.get(chatId)?.title ?? "",
    save: (title) => face.messenger.changeChat(chatId, { title }),
    saved: close,
  });

  return {
    title: () => t("info.rename"),
    isChanged: form.isChanged,
    content: () =>
      html`<form class="dialog__form" novalidate @submit=${form.submit}>
        ${form.field()} ${form.problem()}
        <footer class="dialog__foot">
          <button class="btn btn--plain" type="button" @click=${close}>${t("dialog.cancel")}</button>
          <button class="btn btn--primary" type="submit" aria-busy=${form.busy() ? "true" : "false"}>
            ${t("dialog.save")}
          </button>
        </footer>
      </form>`,
  };
}
