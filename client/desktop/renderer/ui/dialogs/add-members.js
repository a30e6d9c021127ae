/** More people for a group, and whether they may read what was written before. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { errorText, t } from "../../words/i18n.js";
import { errorNote } from "../parts/loading.js";
import { createPicking } from "../parts/picking.js";
import { switchRow } from "../parts/setting-rows.js";

/** `params`: `{chatId}`. @type {import("../parts/dialog.js").DialogMaker} */
export function addMembers(face, { chatId }, close) {
  const members = () => {
    const { chats, me } = face.messenger.state();
    return new Set([...(chats.get(chatId)?.members ?? []).map(({ user }) => user.id), ...(me ? [me.id] : [])]);
  };
  const picking = createPicking(face, { label: t("newgroup.find"), listId: "add-people", without: members });
  let history = true;
  let busy = false;
  /** @type {string | null} */
  let error = null;

  async function add() {
    const people = picking.chosen().map((user) => user.id);
    if (busy || people.length === 0) return;
    [busy, error] = [true, null];
    face.redraw();
    const answer = await face.messenger.addMembers(chatId, people, history ? "all" : "none");
    busy = false;
    if (answer.ok) close();
    else error = errorText(answer);
    face.redraw();
  }

  return {
    title: () => t("info.add_title"),
    gone: picking.stop,
    content: (state) =>
      html`<div class="dialog__form">
        ${picking.template(state, { first: true })}
        <div class="dialog__pad">
          ${switchRow({
            label: t("info.history"),
            about: t("info.history_about"),
            on: history,
            change: (on) => {
              history = on;
              face.redraw();
            },
          })}
        </div>
        ${errorNote(error, { foot: true })}
        <footer class="dialog__foot">
          <button class="btn btn--plain" type="button" @click=${close}>${t("dialog.cancel")}</button>
          <button
            class="btn btn--primary"
            type="button"
            aria-busy=${busy ? "true" : "false"}
            ?disabled=${picking.chosen().length === 0}
            @click=${add}
          >
            ${picking.chosen().length === 0 ? t("info.add") : t("info.add_n", { n: picking.chosen().length })}
          </button>
        </footer>
      </div>`,
  };
}
