/**
 * The pages that links in letters lead to: /reset and /confirm, with a code behind the #. They stand before everything else,
 * whoever is logged in.
 */

import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { errorText, t } from "../words/i18n.js";
import { authPage, told } from "./parts/auth-page.js";
import { fieldErrors, textField } from "./parts/field.js";
import { passwordFaults } from "./parts/own-password.js";

/** @typedef {"reset" | "confirm"} Kind */

/** Keys of what each page says. */
const WORDS = {
  reset: { title: "reset.title", verb: "reset.verb", done: "reset.done" },
  confirm: { title: "confirm.title", verb: "confirm.verb", done: "confirm.done" },
};
/** Codes after which the same link opens nothing. */
const OVER = ["code_used", "code_expired"];

/** What the address of the page asks for. @param {Location} at @returns {{kind: Kind, code: string} | null} */
export function doorOf({ pathname, hash }) {
  /** @type {Record<string, Kind | undefined>} */
  const kinds = { "/reset": "reset", "/confirm": "confirm" };
  const kind = kinds[pathname];
  return kind ? { kind, code: hash.slice(1) } : null;
}

export class Door {
  #password = "";
  #again = "";
  /** @type {Record<string, string>} */
  #wrong = {};
  #busy = false;
  #done = false;
  /** @type {import("../types.js").Refused | null} */
  #refused = null;

  /** @param {import("./face.js").Face} face @param {{kind: Kind, code: string}} what */
  constructor(face, { kind, code }) {
    this.face = face;
    this.kind = kind;
    this.code = code;
    this.page = authPage(face);
  }

  template() {
    const over = this.#refused !== null && OVER.includes(this.#refused.code);
    return this.page(
      html`<form class="auth__card" novalidate aria-busy=${this.#busy} @submit=${this.#submit}>
        <h1>${t(WORDS[this.kind].title)}</h1>
        ${this.#refused ? told("alert", errorText(this.#refused)) : nothing}
        ${this.#done ? told("check", t(WORDS[this.kind].done)) : nothing} ${this.#done || over ? nothing : this.#form()}
        <p class="auth__alt">
          <button class="link-btn" type="button" @click=${leave}>
            ${t(this.#done || over ? "door.go_on" : "door.leave")}
          </button>
        </p>
      </form>`,
    );
  }

  #form() {
    const verb = html`<button class="btn btn--primary btn--wide" aria-busy=${this.#busy}>
      ${t(WORDS[this.kind].verb)}
    </button>`;
    if (this.kind === "confirm") {
      return html`<p class="auth__text">${t("confirm.about")}</p>
        ${verb}`;
    }
    return html`<p class="auth__text">${t("reset.about")}</p>
      ${this.#field("new_password", t("settings.password_new"), this.#password, t("auth.password_hint"), (value) => {
        this.#password = value;
      })}
      ${this.#field("again", t("settings.password_again"), this.#again, "", (value) => {
        this.#again = value;
      })}
      ${verb}`;
  }

  /** @param {string} name @param {string} label @param {string} value @param {string} hint @param {(value: string) => void} set */
  #field(name, label, value, hint, set) {
    return textField({
      id: `door-${name}`,
      label,
      type: "password",
      value,
      input: (typed) => {
        set(typed);
        delete this.#wrong[name];
        this.face.redraw();
      },
      error: this.#wrong[name],
      hint,
      autocomplete: "new-password",
      busy: this.#busy,
    });
  }

  /** @param {SubmitEvent} event */
  #submit = async (event) => {
    event.preventDefault();
    if (this.#busy || this.#done) return;
    [this.#refused, this.#wrong] = [null, this.kind === "reset" ? passwordFaults(this.#password, this.#again) : {}];
    if (Object.keys(this.#wrong).length === 0) {
      this.#busy = true;
      this.face.redraw();
      const { messenger } = this.face;
      const answer = await (this.kind === "reset"
        ? messenger.resetPassword(this.code, this.#password)
        : messenger.confirmEmail(this.code));
      this.#busy = false;
      this.#done = answer.ok;
      if (!answer.ok) this.#show(answer);
    }
    this.face.redraw();
    const [bad] = Object.keys(this.#wrong);
    if (bad) document.getElementById(`door-${bad}`)?.focus();
  };

  /** @param {import("../types.js").Refused} refused */
  #show(refused) {
    this.#wrong = fieldErrors(refused, ["new_password"]);
    if (Object.keys(this.#wrong).length === 0) this.#refused = refused;
  }
}

/** The page is loaded anew: what is known of the person may have changed. */
function leave() {
  location.assign("/");
}
