/** What one hides of oneself, and is not told of others. */

import { html } from "../../../vendor/lit-html/lit-html.js";
import { errorText, t } from "../../../words/i18n.js";
import { errorNote } from "../../parts/loading.js";
import { switchRow } from "../../parts/setting-rows.js";

/** @typedef {{hide_last_seen?: boolean, hide_reads?: boolean}} Hiding */

/**
 * The rows, for a pane of the settings. They show what is wanted; a switch that the server refused goes back.
 * @param {import("../../face.js").Face} face
 */
export function hidingRows(face) {
  /** @type {string | null} */
  let problem = null;
  /** What was switched and is not stored yet. @type {Hiding} */
  let wanted = {};
  let asking = false;

  /** One after the other: what is switched meanwhile is asked next. @param {Hiding} setting */
  async function change(setting) {
    wanted = { ...wanted, ...setting };
    problem = null;
    face.redraw();
    if (asking) return;
    asking = true;
    while (Object.keys(wanted).length > 0) {
      const asked = wanted;
      const answer = await face.messenger.changeProfile(asked);
      problem = answer.ok ? null : errorText(answer);
      wanted = answer.ok ? changedSince(asked, wanted) : {};
    }
    asking = false;
    face.redraw();
  }

  /** @param {import("../../../types.js").State} state */
  return ({ me }) =>
    html`<div class="set__group">
      ${switchRow({
        label: t("hiding.last_seen"),
        about: t("hiding.last_seen_about"),
        on: wanted.hide_last_seen ?? me?.hide_last_seen ?? false,
        change: (on) => void change({ hide_last_seen: on }),
      })}
      ${switchRow({
        label: t("hiding.reads"),
        about: t("hiding.reads_about"),
        on: wanted.hide_reads ?? me?.hide_reads ?? false,
        change: (on) => void change({ hide_reads: on }),
      })}
      ${errorNote(problem, { sign: true })}
    </div>`;
}

/** @param {Hiding} asked @param {Hiding} wanted now @returns {Hiding} */
const changedSince = (asked, wanted) =>
  Object.fromEntries(Object.entries(wanted).filter(([name, on]) => asked[/** @type {keyof Hiding} */ (name)] !== on));
