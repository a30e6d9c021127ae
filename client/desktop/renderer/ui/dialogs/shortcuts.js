/** The help on quick keys: the table that the window obeys (ui/parts/keys.js). */

import { html } from "../../vendor/lit-html/lit-html.js";
import { t } from "../../words/i18n.js";
import { keyNames, keysHere } from "../parts/keys.js";

/** @type {readonly import("../parts/keys.js").Key["group"][]} */
const GROUPS = ["chats", "write", "log", "window"];

/** Browsers keep these for themselves. */
const OF_BROWSERS = ["new-chat", "new-group"];

/** The keys that send depend on a setting. @param {import("../parts/keys.js").Key} key @param {string} sendKey */
function keysOf({ id, keys }, sendKey) {
  if (sendKey === "ctrl_enter" && id === "send") return ["Ctrl", "Enter"];
  if (sendKey === "ctrl_enter" && id === "line") return ["Enter"];
  return keys;
}

/** @param {readonly import("../parts/keys.js").Key[]} keys @param {string} group @param {string} sendKey */
const section = (keys, group, sendKey) =>
  html`<section>
    <h3>${t(`shortcuts.${group}`)}</h3>
    <dl>
      ${keys
        .filter((key) => key.group === group)
        .map(
          (key) =>
            html`<div>
              <dt>${t(key.label)}</dt>
              <dd>${keyNames(keysOf(key, sendKey)).map((name) => html`<kbd>${name}</kbd> `)}</dd>
            </div>`,
        )}
    </dl>
  </section>`;

/** @type {import("../parts/dialog.js").DialogMaker} */
export function shortcuts(face) {
  const keys = keysHere().filter(({ id }) => face.platform.desktop || !OF_BROWSERS.includes(id));
  return {
    title: () => t("shortcuts.title"),
    kind: "dialog--keys",
    harmless: true,
    content: (state) =>
      html`<div class="dialog__body" tabindex="0" role="region" aria-label=${t("shortcuts.title")}>
        <div class="keys">${GROUPS.map((group) => section(keys, group, state.settings.send_key))}</div>
      </div>`,
  };
}
