/** The app on this computer: its window, and what the computer has and lacks. */

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../../words/i18n.js";
import { factRow, switchRow } from "../../parts/setting-rows.js";

/** @typedef {Awaited<ReturnType<import("../../face.js").Platform["info"]>>} Info */

/** @param {import("../../face.js").Face} face @returns {import("../settings-window.js").Pane} */
export function appPane(face) {
  /** @type {Info | null} */
  let info = null;
  const change = face.messenger.changeSettings;

  return {
    opened() {
      void face.platform.info().then((told) => {
        info = told;
        face.redraw();
      });
    },
    body: (state) =>
      html`${face.platform.desktop ? windowGroup(state.settings, info, change) : nothing}
      ${info ? facts(state, info, face.platform.desktop) : nothing}`,
  };
}

/**
 * @param {import("../../../types.js").Settings} settings @param {Info | null} info
 * @param {import("../../../types.js").Messenger["changeSettings"]} change
 */
const windowGroup = (settings, info, change) =>
  html`<div class="set__group">
    <h3>${t("settings.window")}</h3>
    ${switchRow({
      label: t("settings.close_to_tray"),
      about: info && !info.tray ? t("settings.no_tray") : t("settings.close_to_tray_about"),
      on: settings.close_to_tray,
      disabled: info !== null && !info.tray,
      change: (on) => change({ close_to_tray: on }),
    })}
    ${switchRow({
      label: t("settings.autostart"),
      about: info && !info.autostart ? t("settings.no_autostart") : undefined,
      on: settings.autostart,
      disabled: info !== null && !info.autostart,
      change: (on) => change({ autostart: on }),
    })}
    ${switchRow({
      label: t("settings.spellcheck"),
      about: t("settings.spellcheck_about"),
      on: settings.spellcheck,
      change: (on) => change({ spellcheck: on }),
    })}
  </div>`;

/** @param {import("../../../types.js").State} state @param {Info} info @param {boolean} desktop */
const facts = (state, info, desktop) =>
  html`<div class="set__group">
    <h3>${t("settings.computer")}</h3>
    ${factRow({
      label: t("settings.remembers"),
      value: t(desktop ? `settings.remembers_${state.remembers}` : `settings.remembers_web_${state.remembers}`),
      about: desktop && !info.keyring ? t("settings.no_keyring") : undefined,
    })}
    ${factRow({ label: t("settings.server"), value: state.server.url })}
    ${desktop ? factRow({ label: t("settings.version"), value: info.version }) : nothing}
  </div>`;
