/** Where no chat is open: the first steps, or a hint. */

import { shownServer } from "../words/address.js";
import { t } from "../words/i18n.js";
import { html } from "../vendor/lit-html/lit-html.js";
import { smallScene } from "./parts/art.js";
import { icon } from "./parts/icon.js";
import { keyNames } from "./parts/keys.js";

/** @param {import("./face.js").Face} face @param {import("../types.js").State} state */
export function empty(face, state) {
  if (!state.listed) return html`<div class="empty" aria-hidden="true"></div>`;
  if (state.chats.size) {
    return html`<section class="empty">
      <h2>${t("empty.choose")}</h2>
      <p>${keys()}</p>
    </section>`;
  }
  const server = shownServer(state.server.url);
  return html`<section class="empty" aria-labelledby="empty-title">
    ${smallScene()}
    <h2 id="empty-title">${t("empty.first")}</h2>
    <p>${t("empty.first_more", { server })}</p>
    <div class="empty__do">
      <button class="btn btn--primary" @click=${() => face.overlays.open("new-chat")}>
        ${icon("compose")}${t("empty.find")}
      </button>
      <button class="btn btn--plain" @click=${() => face.overlays.open("new-group")}>
        ${icon("users")}${t("empty.group")}
      </button>
    </div>
    <p class="empty__keys">${keys()}</p>
  </section>`;
}

function keys() {
  const of = (/** @type {string} */ key) => keyNames(["Ctrl", key]).map((name) => html`<kbd>${name}</kbd> `);
  return html`${of("K")}${t("empty.key_switch")}, ${of("/")}${t("empty.key_help")}`;
}
