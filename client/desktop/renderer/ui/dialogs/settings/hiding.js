/** What one hides of oneself, and is not told of others. */

import { html } from "../../../vendor/lit-html/lit-html.js";
import { errorText, t } from "../../../words/i18n.js";
import { errorNote } from "../../parts/loading.js";
import { switchRow } from "../../parts/setting-rows.js";

/**
 * The rows, for a pane of the settings. They show what the server has; a switch that it refused goes back.
 * @param {import("../../face.js").Face} face
 */
export function hidingRows(face) {
  /** @type {string | null} */
  let problem = null;
  let busy = false;

  /** @param {{hide_last_seen?: boolean, hide_reads?: boolean}} setting */
  async function change(setting) {
    if (busy) return face.redraw(); // the switch goes back
    [busy, problem] = [true, null];
    face.redraw();
    const answer = await face.messenger.changeProfile(setting);
    problem = answer.ok ? null : errorText(answer);
    busy = false;
    face.redraw();
  }

  /** @param {import("../../../types.js").State} state */
  return ({ me }) =>
    html`<div class="set__group">
      ${switchRow({
        label: t("hiding.last_seen"),
        about: t("hiding.last_seen_about"),
        on: me?.hide_last_seen ?? false,
        busy,
        change: (on) => void change({ hide_last_seen: on }),
      })}
      ${switchRow({
        label: t("hiding.reads"),
        about: t("hiding.reads_about"),
        on: me?.hide_reads ?? false,
        busy,
        change: (on) => void change({ hide_reads: on }),
      })}
      ${errorNote(problem, { sign: true })}
    </div>`;
}
