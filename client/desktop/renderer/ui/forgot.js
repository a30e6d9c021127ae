/** A forgotten password: ask for a letter with a link, or learn whom to ask. */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { errorText, fieldErrorText, language, t } from "../words/i18n.js";
import { told } from "./parts/auth-page.js";
import { textField } from "./parts/field.js";

export class Forgot {
  #login;
  #wrong = "";
  #busy = false;
  #sent = false;
  /** @type {import("../types.js").Refused | null} */
  #refused = null;
  /** Whether this server sends letters; null until it is known. @type {boolean | null} */
  #mail = null;

  /** @param {import("./face.js").Face} face @param {string} login what was typed already @param {() => void} back */
  constructor(face, login, back) {
    this.face = face;
    this.back = back;
    this.#login = login;
    void this.#ask();
  }

  #ask = async () => {
    this.#refused = null;
    const answer = await this.face.messenger.serverInfo();
    if (answer.ok) this.#mail = answer.mail;
    else this.#refused = answer;
    this.face.redraw();
  };

  template() {
    return html`<form class="auth__card" novalidate aria-busy=${this.#busy} @submit=${this.#submit}>
      <h1>${t("forgot.title")}</h1>
      ${this.#refused ? told("alert", errorText(this.#refused)) : nothing} ${this.#body()} ${this.#again()}
      <p class="auth__alt">
        <button class="link-btn" type="button" @click=${this.back}>${t("forgot.back")}</button>
      </p>
    </form>`;
  }

  /** Where the server did not tell what it can do. */
  #again() {
    if (this.#mail !== null || this.#refused === null) return nothing;
    return html`<button class="btn btn--plain" type="button" @click=${this.#ask}>${t("dialog.again")}</button>`;
  }

  #body() {
    if (this.#mail === null) return nothing;
    if (!this.#mail) return html`<p class="auth__text">${t("forgot.no_mail")}</p>`;
    if (this.#sent) {
      return html`${told("check", t("forgot.sent"))}
        <p class="auth__text">${t("forgot.sent_more")}</p>`;
    }
    return html`<p class="auth__text">${t("forgot.about")}</p>
      ${textField({
        id: "forgot-login",
        label: t("auth.login_field"),
        value: this.#login,
        input: (value) => {
          this.#login = value;
          this.#wrong = "";
          this.face.redraw();
        },
        error: this.#wrong || null,
        autocomplete: "username",
        busy: this.#busy,
      })}
      <button class="btn btn--primary btn--wide" aria-busy=${this.#busy}>${t("forgot.send")}</button>`;
  }

  /** @param {SubmitEvent} event */
  #submit = async (event) => {
    event.preventDefault();
    if (this.#busy || this.#sent || !this.#mail) return;
    this.#refused = null;
    if (!this.#login.trim()) {
      this.#wrong = fieldErrorText("login", "required");
      this.face.redraw();
      document.getElementById("forgot-login")?.focus();
      return;
    }
    this.#busy = true;
    this.face.redraw();
    const answer = await this.face.messenger.askForReset(this.#login.trim(), language());
    this.#busy = false;
    if (answer.ok) this.#sent = true;
    else this.#refused = answer;
    this.face.redraw();
  };
}
