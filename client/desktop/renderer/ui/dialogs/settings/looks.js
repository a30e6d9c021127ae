/** Theme, size of the text, language, pictures; and how the log looks with them. */

import { live } from "../../../vendor/lit-html/directives/live.js";
import { html } from "../../../vendor/lit-html/lit-html.js";
import { SETTINGS, settingsOf } from "../../../rules/settings.js";
import { t } from "../../../words/i18n.js";
import { avatar, forgetBrokenPictures } from "../../parts/avatar.js";
import { languages } from "../../parts/languages.js";
import { choiceRow, switchRow } from "../../parts/setting-rows.js";

const THEME_ICONS = { system: "monitor", light: "sun", dark: "moon" };
/** As styles/tokens.css has them. */
const PIXELS = { s: "14", m: "16", l: "18", xl: "20" };

/** @param {import("../../face.js").Face} face @returns {import("../settings-window.js").Pane} */
export function appearancePane(face) {
  /** @type {[string, string][]} */
  let known = [];
  const change = face.messenger.changeSettings;

  return {
    opened() {
      languages().then(
        (list) => {
          known = list;
          face.redraw();
        },
        () => {},
      );
    },
    body: ({ settings: { theme, size, language, foreign_images } }) =>
      html`<div class="set__group">
          ${choiceRow({
            id: "theme",
            label: t("settings.theme"),
            value: theme,
            options: SETTINGS.theme.of.map((value) => ({
              value,
              label: t(`settings.theme_${value}`),
              icon: THEME_ICONS[value],
            })),
            change: (value) => change({ theme: value }),
          })}
          ${choiceRow({
            id: "size",
            label: t("settings.size"),
            value: size,
            options: SETTINGS.size.of.map((value) => ({ value, label: PIXELS[value] })),
            change: (value) => change({ size: value }),
          })}
          <div class="set__row">
            <label for="language">${t("settings.language")}</label>
            <span class="input input--s">
              <select
                id="language"
                .value=${live(language)}
                @change=${(/** @type {Event & {currentTarget: HTMLSelectElement}} */ event) => change(settingsOf({ language: event.currentTarget.value }))}
              >
                <option value="system" ?selected=${language === "system"}>${t("settings.language_system")}</option>
                ${known.map(
                  ([tag, name]) =>
                    html`<option value=${tag} lang=${tag} ?selected=${language === tag}>${name}</option>`,
                )}
              </select>
            </span>
          </div>
        </div>
        ${sample(face)}
        <div class="set__group">
          ${switchRow({
            label: t("settings.foreign_images"),
            about: t("settings.foreign_images_about"),
            on: foreign_images,
            change: (on) => {
              forgetBrokenPictures();
              void change({ foreign_images: on });
            },
          })}
        </div>`,
  };
}

/** Two messages as the log shows them. @param {import("../../face.js").Face} face */
const sample = (face) =>
  html`<div class="sample" aria-hidden="true">
    <div class="msg msg--in is-first is-last">
      <span class="msg__ava">${avatar(face, { id: 5, name: t("settings.sample_name"), size: "s" })}</span>
      <div class="msg__body">
        <div class="bubble"><p>${t("settings.sample_in")}</p></div>
      </div>
    </div>
    <div class="msg msg--own is-first is-last">
      <div class="msg__body">
        <div class="bubble"><p>${t("settings.sample_own")}</p></div>
      </div>
    </div>
  </div>`;
