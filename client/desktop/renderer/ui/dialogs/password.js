/** Another password; the server ends all other sessions with it. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { errorText, fieldErrorText, t } from "../../words/i18n.js";
import { fieldErrors, textField } from "../parts/field.js";
import { errorNote } from "../parts/loading.js";
import { passwordFaults } from "../parts/own-password.js";

/** @typedef {"current_password" | "new_password" | "again"} Name */

/** @type {import("../parts/dialog.js").DialogMaker} */
export function password(face, _params, close) {
  const values = { current_password: "", new_password: "", again: "" };
  /** @type {Record<string, string>} */
  let errors = {};
  /** @type {string | null} */
  let error = null;
  let busy = false;

  /** @returns {Record<string, string>} */
  function check() {
    const found = passwordFaults(values.new_password, values.again);
    if (values.current_password === "") found.current_password = fieldErrorText("current_password", "required");
    return found;
  }

  /** @param {Event} event */
  async function save(event) {
    event.preventDefault();
    if (busy) return;
    [errors, error] = [check(), null];
    if (Object.keys(errors).length === 0) {
      busy = true;
      face.redraw();
      const answer = await face.messenger.changePassword(values.current_password, values.new_password);
      busy = false;
      if (answer.ok) {
        close();
        face.overlays.toast({ text: t("settings.password_changed") });
        return;
      }
      if (answer.code === "invalid_credentials") {
        errors = { current_password: fieldErrorText("current_password", answer.code) };
      } else errors = fieldErrors(answer, Object.keys(values));
      error = Object.keys(errors).length === 0 ? errorText(answer) : null;
    }
    face.redraw();
    const bad = Object.keys(values).find((name) => name in errors);
    if (bad) document.getElementById(`password-${bad}`)?.focus();
  }

  /** @param {Name} name @param {string} label @param {string} autocomplete @param {{hint?: string, first?: boolean}} [more] */
  const field = (name, label, autocomplete, more = {}) =>
    textField({
      id: `password-${name}`,
      label,
      type: "password",
      value: values[name],
      input: (value) => {
        values[name] = value;
        delete errors[name];
        face.redraw();
      },
      error: errors[name],
      autocomplete,
      busy,
      ...more,
    });

  return {
    title: () => t("settings.password_title"),
    content: () =>
      html`<form class="dialog__form" novalidate @submit=${save}>
        <div class="dialog__body">
          ${field("current_password", t("settings.password_current"), "current-password", { first: true })}
          ${field("new_password", t("settings.password_new"), "new-password", { hint: t("settings.password_hint") })}
          ${field("again", t("settings.password_again"), "new-password")}
        </div>
        ${errorNote(error, { foot: true })}
        <footer class="dialog__foot">
          <button class="btn btn--plain" type="button" @click=${close}>${t("dialog.cancel")}</button>
          <button class="btn btn--primary" type="submit" aria-busy=${busy ? "true" : "false"}>
            ${t("settings.password_change")}
          </button>
        </footer>
      </form>`,
  };
}
