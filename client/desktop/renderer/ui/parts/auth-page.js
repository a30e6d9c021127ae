/** What all pages have in common that stand before the chats: the picture, the languages, one card. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { settingsOf } from "../../rules/settings.js";
import { language, t } from "../../words/i18n.js";
import { scene } from "./art.js";
import { icon } from "./icon.js";
import { languages } from "./languages.js";

/** @param {import("../face.js").Face} face @returns {(card: unknown) => unknown} */
export function authPage(face) {
  /** Tag and name. @type {[string, string][]} */
  let known = [];
  void languages().then((list) => {
    known = list.sort(([one], [other]) => (one < other ? 1 : -1));
    face.redraw();
  });
  /** @param {string} tag */
  const choose = (tag) => face.messenger.changeSettings(settingsOf({ language: tag }));
  return (card) =>
    html`<div class="auth">
      ${art()}
      <main class="auth__side" data-region="auth">
        <div class="auth__lang" role="group" aria-label=${t("auth.language")}>
          ${known.map(
            ([tag, name]) =>
              html`<button type="button" lang=${tag} aria-pressed=${tag === language()} @click=${() => choose(tag)}>
                ${name}
              </button>`,
          )}
        </div>
        ${card}
      </main>
    </div>`;
}

/** Something that was done, or could not be. @param {"info" | "alert" | "check"} sign @param {string} text */
export function told(sign, text) {
  const kind = { info: "alert alert--warn", alert: "alert", check: "alert alert--good" }[sign];
  return html`<div class=${kind} role=${sign === "alert" ? "alert" : "status"}>
    ${icon(sign)}<span><b>${text}</b></span>
  </div>`;
}

function art() {
  return html`<header class="auth__art">
    ${scene()}
    <div class="auth__brand">
      <svg class="brand__mark" aria-hidden="true" viewBox="0 0 32 32"><use href="#mark" /></svg>${t("auth.brand")}
    </div>
    <p class="auth__line">${t("auth.line")}<small>${t("auth.line_more")}</small></p>
  </header>`;
}

/** What is wrong with a field, else what helps to fill it in. @param {string} id @param {string} wrong @param {string} hint */
export function note(id, wrong, hint) {
  if (wrong) return html`<p class="err" id=${id}>${icon("alert", "icon--xs")}${wrong}</p>`;
  return hint ? html`<p class="hint" id=${id}>${hint}</p>` : nothing;
}
