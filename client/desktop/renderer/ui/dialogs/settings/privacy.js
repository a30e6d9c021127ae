/** What others see of one, and whom one blocks. */

import { repeat } from "../../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { errorText, isolate, t } from "../../../words/i18n.js";
import { handleOf, nameOf } from "../../../words/names.js";
import { unblock } from "../../parts/blocking.js";
import { problemLine } from "../../parts/loading.js";
import { personRow } from "../../parts/people.js";
import { hidingRows } from "./hiding.js";

/** @typedef {import("../../../types.js").User} User */

/** @param {import("../../face.js").Face} face @returns {import("../settings-window.js").Pane} */
export function privacyPane(face) {
  /** Whom one blocked when they were asked for, the newest first. @type {User[] | null} */
  let known = null;
  /** @type {string | null} */
  let problem = null;

  async function load() {
    const answer = await face.messenger.blocks();
    if (answer.ok) known = answer.blocks.map(({ user }) => user);
    problem = answer.ok ? null : errorText(answer);
    face.redraw();
  }

  /** @param {User} user */
  function row(user) {
    const end = html`<button
      class="btn btn--plain btn--s"
      type="button"
      aria-label=${t("block.undo_named", { name: isolate(nameOf(user)) })}
      @click=${() => unblock(face, user)}
    >
      ${t("block.undo")}
    </button>`;
    return html`<li class="row row--person">
      ${personRow(face, user, { id: `blocked-${user.id}`, end, sub: handleOf(user) })}
    </li>`;
  }

  const hiding = hidingRows(face);

  return {
    opened: load,
    body(state) {
      const shown = (known ?? []).filter(({ id }) => state.blocked.has(id));
      return html`${hiding(state)}
        <div class="set__group">
          <h3>${t("privacy.blocked")}</h3>
          <p class="note">${t("privacy.blocked_about")}</p>
          ${problemLine(problem, load)}
          ${known && shown.length === 0 ? html`<p class="note" role="status">${t("privacy.none")}</p>` : nothing}
          <ul aria-label=${t("privacy.blocked")}>
            ${repeat(shown, ({ id }) => id, row)}
          </ul>
        </div>`;
    },
  };
}
