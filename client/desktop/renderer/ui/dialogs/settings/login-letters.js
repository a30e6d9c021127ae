/** Whether a log-in on a device that is not known is told by a letter. */

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { errorText, t } from "../../../words/i18n.js";
import { problemLine } from "../../parts/loading.js";
import { switchRow } from "../../parts/setting-rows.js";

/** @param {import("../../face.js").Face} face */
export function loginLettersRow(face) {
  /** Whether this server sends letters. */
  let mail = false;
  let busy = false;
  /** @type {string | null} */
  let problem = null;

  /** @param {boolean} wanted */
  async function change(wanted) {
    if (busy) return face.redraw(); // the switch goes back
    [busy, problem] = [true, null];
    face.redraw();
    const answer = await face.messenger.changeProfile({ login_letters: wanted });
    [busy, problem] = [false, answer.ok ? null : errorText(answer)];
    face.redraw();
  }

  return {
    async opened() {
      const answer = await face.messenger.serverInfo();
      mail = answer.ok && answer.mail;
      face.redraw();
    },

    /** @param {import("../../../types.js").State} state */
    body({ me }) {
      if (!mail || me === null) return nothing;
      return html`<div class="set__group">
        ${switchRow({
          label: t("settings.login_letters"),
          about: t(me.email_verified ? "settings.login_letters_about" : "settings.login_letters_needs"),
          on: me.login_letters ?? true,
          busy,
          change: (on) => void change(on),
        })}
        ${problemLine(problem, () => void change(!(me.login_letters ?? true)))}
      </div>`;
    },
  };
}
