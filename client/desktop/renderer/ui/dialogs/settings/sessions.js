/** Where one is signed in, and ending what one does not know. */

import { repeat } from "../../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { errorText, isolate, t } from "../../../words/i18n.js";
import { problemLine } from "../../parts/loading.js";
import { inUse, sessionName, sessionRow } from "../../parts/session-row.js";
import { loginLettersRow } from "./login-letters.js";

/** @typedef {import("../../face.js").Face} Face */
/** @typedef {import("../../../types.js").SessionInfo} Session */

/** @param {Face} face @returns {import("../settings-window.js").Pane} */
export function sessionsPane(face) {
  /** @type {Session[] | null} */
  let sessions = null;
  /** @type {string | null} */
  let problem = null;
  let busy = false;

  async function load() {
    const answer = await face.messenger.sessions();
    if (answer.ok) sessions = inUse(answer.sessions);
    problem = answer.ok ? null : errorText(answer);
    face.redraw();
  }

  /** One after another; the first refusal ends it. @param {Session[]} those */
  async function end(those) {
    if (busy) return;
    [busy, problem] = [true, null];
    face.redraw();
    /** @type {string | null} */
    let refusal = null;
    for (const { id } of those) {
      const answer = await face.messenger.endSession(id);
      if (!answer.ok && answer.code !== "not_found") {
        refusal = errorText(answer);
        break;
      }
    }
    busy = false;
    await load();
    problem = refusal ?? problem;
    face.redraw();
  }

  /** @param {Session} session */
  async function endOne(session) {
    const device = isolate(sessionName(session));
    const title = t("settings.end_title");
    const text = t("settings.end_text", { device });
    if (await face.overlays.confirm({ title, text, act: t("settings.end"), danger: true })) await end([session]);
  }

  /** @param {Session[]} others */
  async function endOthers(others) {
    const text = t("settings.end_others_text", { n: others.length });
    const question = { title: t("settings.end_others_title"), text, act: t("settings.end_others"), danger: true };
    if (await face.overlays.confirm(question)) await end(others);
  }

  /** @param {Session} session */
  const row = (session) => sessionRow(session, { busy, end: () => void endOne(session) });

  const letters = loginLettersRow(face);

  return {
    opened() {
      void letters.opened();
      void load();
    },
    body: (state) =>
      html`${letters.body(state)}
        <p class="note">${t("settings.sessions_about")}</p>
        ${problemLine(problem, load)}
        ${
          sessions === null
            ? problem
              ? nothing
              : html`<p class="note dialog__wait" role="status">${t("settings.sessions_loading")}</p>`
            : html`<ul aria-label=${t("settings.sessions")}>
                ${repeat(sessions, (session) => session.id, row)}
              </ul>`
        }`,
    foot() {
      const others = (sessions ?? []).filter((session) => !session.current);
      if (others.length === 0) return nothing;
      return html`<footer class="dialog__foot">
        <button class="btn btn--danger-quiet" type="button" ?disabled=${busy} @click=${() => endOthers(others)}>
          ${t("settings.end_others")}
        </button>
      </footer>`;
    },
  };
}
