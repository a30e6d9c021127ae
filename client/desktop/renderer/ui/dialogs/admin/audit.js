/** What those who keep the server did, the newest first. */

import { repeat } from "../../../vendor/lit-html/directives/repeat.js";
import { html } from "../../../vendor/lit-html/lit-html.js";
import { fullTime } from "../../../words/format.js";
import { errorText, isolate, t } from "../../../words/i18n.js";
import { nameOf } from "../../../words/names.js";
import { icon } from "../../parts/icon.js";
import { moreButton, problemLine, waiting } from "../../parts/loading.js";

/** @typedef {import("../../../types.js").AuditLine} Line */

/** What each act is called, and its picture. @type {Record<string, {said: string, icon: string}>} */
const ACTIONS = {
  account_created: { said: "audit.account_created", icon: "adduser" },
  account_deleted: { said: "audit.account_deleted", icon: "trash" },
  account_disabled: { said: "audit.account_disabled", icon: "close" },
  account_enabled: { said: "audit.account_enabled", icon: "check" },
  admin_granted: { said: "audit.admin_granted", icon: "user" },
  admin_taken: { said: "audit.admin_taken", icon: "user" },
  data_exported: { said: "audit.data_exported", icon: "download" },
  invite_created: { said: "audit.invite_created", icon: "link" },
  invite_revoked: { said: "audit.invite_revoked", icon: "link" },
  password_set: { said: "audit.password_set", icon: "edit" },
  reset_link: { said: "audit.reset_link", icon: "link" },
  session_ended: { said: "audit.session_ended", icon: "logout" },
  sessions_ended: { said: "audit.sessions_ended", icon: "logout" },
};

/** @param {import("../../face.js").Face} face @returns {import("../settings/administration.js").Part} */
export function auditPart(face) {
  /** @type {Line[] | null} */
  let lines = null;
  let more = false;
  /** @type {string | null} */
  let problem = null;

  /** @param {boolean} on from the last one */
  async function load(on = false) {
    const before = on ? (lines?.at(-1)?.id ?? null) : null;
    const answer = await face.messenger.audit(before);
    if (answer.ok) [lines, more] = [[...(on && lines ? lines : []), ...answer.lines], answer.has_more];
    problem = answer.ok ? null : errorText(answer);
    face.redraw();
  }

  /** @param {Line} line */
  function row({ at, actor, action, subject, invite_id, address }) {
    const known = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : null;
    const whom = subject ? isolate(nameOf(subject)) : invite_id === null ? "" : String(invite_id);
    const who = actor ? isolate(nameOf(actor)) : t("audit.operator");
    return html`<li class="session">
      <span class="session__icon">${icon(known?.icon ?? "info")}</span>
      <span class="session__text"
        ><b>${known ? t(known.said, { whom }) : `${action} ${whom}`}</b
        ><small>${[who, fullTime(at), address].filter(Boolean).join(" · ")}</small></span
      >
    </li>`;
  }

  return {
    opened: () => void load(),
    body: () =>
      html`<p class="note">${t("audit.about")}</p>
        ${problemLine(problem, () => load())} ${waiting(lines === null && problem === null)}
        <ul aria-label=${t("admin.audit")}>
          ${repeat(lines ?? [], (line) => line.id, row)}
        </ul>
        ${moreButton(more, () => load(true))}`,
  };
}
