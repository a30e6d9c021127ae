/** What sends a message, and the way to the list of quick keys. */

import { html } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../../words/i18n.js";
import { keyName } from "../../parts/keys.js";
import { switchRow } from "../../parts/setting-rows.js";

/** @param {import("../../face.js").Face} face @returns {import("../settings-window.js").Pane} */
export function keyboardPane(face) {
  return {
    body: ({ settings }) =>
      html`<div class="set__group">
        ${switchRow({
          label: t("settings.send_enter"),
          about: t("settings.send_enter_about", {
            line: keyName(["Shift", "Enter"]),
            send: keyName(["Ctrl", "Enter"]),
          }),
          on: settings.send_key === "enter",
          change: (on) => face.messenger.changeSettings({ send_key: on ? "enter" : "ctrl_enter" }),
        })}
        <div class="set__row">
          <span>${t("settings.keys_all")}</span>
          <button class="btn btn--plain btn--s" type="button" @click=${() => face.overlays.open("shortcuts")}>
            ${t("settings.keys_show")}
          </button>
        </div>
      </div>`,
  };
}
