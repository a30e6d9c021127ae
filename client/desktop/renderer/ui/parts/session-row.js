/** A log-in as a row: with what, when, from where, and a button that ends it. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { deviceOf } from "../../words/device.js";
import { moment } from "../../words/format.js";
import { isolate, t } from "../../words/i18n.js";
import { icon } from "./icon.js";

/** @typedef {import("../../types.js").SessionInfo} SessionInfo */

/** @param {SessionInfo} session @param {{busy: boolean, end: () => void}} acts */
export function sessionRow(session, { busy, end }) {
  const name = sessionName(session);
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
            @click=${end}
          >
            ${t("settings.end")}
          </button>`
    }
  </li>`;
}

/** This one first, then those that were used last. @param {SessionInfo[]} sessions */
export const inUse = (sessions) =>
  [...sessions].sort((a, b) => Number(b.current) - Number(a.current) || (a.last_used_at < b.last_used_at ? 1 : -1));

/** @param {SessionInfo} session */
export function sessionName(session) {
  const { kind, name, system } = deviceOf(session.device);
  const first =
    kind === "app"
      ? t("settings.session_app", { version: name }).trim()
      : kind === "browser"
        ? name || t("settings.session_browser")
        : name;
  return [first, system].filter(Boolean).join(" · ") || t("settings.session_unknown");
}
