/** Where somebody is logged in, for those who keep the server; each log-in, or all of them, ended. */

import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { errorText, isolate, t } from "../../words/i18n.js";
import { nameOf } from "../../words/names.js";
import { problemLine, waiting } from "../parts/loading.js";
import { inUse, sessionName, sessionRow } from "../parts/session-row.js";

/** @typedef {import("../../types.js").SessionInfo} SessionInfo @typedef {import("../../types.js").Refused} Refused */
/** @typedef {import("../../types.js").Done} Done */

/** `params`: `{account}`. @type {import("../parts/dialog.js").DialogMaker} */
export function userSessions(face, { account }) {
  /** @type {SessionInfo[] | null} */
  let sessions = null;
  /** @type {string | null} */
  let problem = null;
  let busy = false;

  async function load() {
    const answer = await face.messenger.userSessions(account.id);
    if (answer.ok) sessions = inUse(answer.sessions);
    problem = answer.ok ? null : errorText(answer);
    face.redraw();
  }
  void load();

  /** @param {() => Promise<Done | Refused>} ask */
  async function attempt(ask) {
    if (busy) return;
    busy = true;
    face.redraw();
    const answer = await ask();
    busy = false;
    await load();
    if (!answer.ok && answer.code !== "not_found") problem = errorText(answer);
    face.redraw();
  }

  /** @param {SessionInfo} session */
  async function endOne(session) {
    const text = t("admin.end_text", { name: isolate(nameOf(account)), device: isolate(sessionName(session)) });
    const question = { title: t("settings.end_title"), text, act: t("settings.end"), danger: true };
    if (!(await face.overlays.confirm(question))) return;
    await attempt(() => face.messenger.endUserSession(account.id, session.id));
  }

  async function endAll() {
    if (!(await face.overlays.confirm(signOutQuestion(account)))) return;
    await attempt(() => face.messenger.signOutUser(account.id));
  }

  const content = () =>
    html`<div class="dialog__body">
        ${problemLine(problem, load)} ${waiting(sessions === null && problem === null)}
        ${sessions?.length === 0 ? html`<p class="note" role="status">${t("admin.sessions_none")}</p>` : nothing}
        <ul aria-label=${t("settings.sessions")}>
          ${repeat(
            sessions ?? [],
            (session) => session.id,
            (session) => sessionRow(session, { busy, end: () => void endOne(session) }),
          )}
        </ul>
      </div>
      ${
        sessions?.length
          ? html`<footer class="dialog__foot">
              <button class="btn btn--danger-quiet" type="button" ?disabled=${busy} @click=${endAll}>
                ${t("admin.sign_out")}
              </button>
            </footer>`
          : nothing
      }`;

  return { title: () => t("admin.sessions_of", { name: isolate(nameOf(account)) }), harmless: true, content };
}

/** Before all log-ins of somebody end. @param {import("../../types.js").Account} account */
export const signOutQuestion = (account) => ({
  title: t("admin.sign_out_title", { name: isolate(nameOf(account)) }),
  text: t("admin.sign_out_text"),
  act: t("admin.sign_out"),
  danger: true,
});
