/** Where one is signed in, and ending what one does not know. */

import { repeat } from "../../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { deviceOf } from "../../../words/device.js";
import { moment } from "../../../words/format.js";
import { errorText, isolate, t } from "../../../words/i18n.js";
import { icon } from "../../parts/icon.js";
import { loginLettersRow } from "./login-letters.js";

/** @typedef {import("../../face.js").Face} Face */
/** @typedef {{id: number | string, device: string, created_at: string, last_used_at: string, address: string | null, current: boolean}} Session */

/** @param {Face} face @returns {import("../settings-window.js").Pane} */
export function sessionsPane(face) {
  /** @type {Session[] | null} */
  let sessions = null;
  /** @type {string | null} */
  let problem = null;
  let busy = false;

  async function load() {
    const answer = await face.messenger.sessions();
    if (answer.ok) sessions = sorted(answer.sessions);
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
    const device = isolate(nameOf(session));
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
  function row(session) {
    const name = nameOf(session);
    const used = session.current ? t("settings.session_now") : moment(session.last_used_at, new Date());
    const since = t("settings.session_since", { moment: moment(session.created_at, new Date()) });
    return html`<li class="session">
      <span class="session__icon">${icon(deviceOf(session.device).phone ? "phone" : "monitor")}</span>
      <span class="session__text"
        ><b><bdi>${name}</bdi></b
        ><small>${used} · ${since}${session.address ? html` · <bdi>${session.address}</bdi>` : nothing}</small></span
      >
      ${
        session.current
          ? html`<span class="role role--owner">${t("settings.session_this")}</span>`
          : html`<button
              class="btn btn--danger-quiet btn--s"
              type="button"
              aria-label=${t("settings.end_named", { device: isolate(name) })}
              ?disabled=${busy}
              @click=${() => endOne(session)}
            >
              ${t("settings.end")}
            </button>`
      }
    </li>`;
  }

  const letters = loginLettersRow(face);

  return {
    opened() {
      void letters.opened();
      void load();
    },
    body: (state) =>
      html`${letters.body(state)}
        <p class="note">${t("settings.sessions_about")}</p>
        ${
          problem
            ? html`<p class="err" role="alert">
                ${icon("alert", "icon--s")}<span>${problem}</span>
                <button class="link-btn" type="button" @click=${load}>${t("dialog.again")}</button>
              </p>`
            : nothing
        }
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

/** This one first, then those that were used last. @param {Session[]} sessions */
const sorted = (sessions) =>
  [...sessions].sort((a, b) => Number(b.current) - Number(a.current) || (a.last_used_at < b.last_used_at ? 1 : -1));

/** @param {Session} session */
function nameOf(session) {
  const { kind, name, system } = deviceOf(session.device);
  const first =
    kind === "app"
      ? t("settings.session_app", { version: name }).trim()
      : kind === "browser"
        ? name || t("settings.session_browser")
        : name;
  return [first, system].filter(Boolean).join(" · ") || t("settings.session_unknown");
}
