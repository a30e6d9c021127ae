/** Log-in and registration. What was typed stays in the fields; nothing of it is kept in a State. */

import { errorText, fieldErrorText, language, t } from "../words/i18n.js";
import { ifDefined } from "../vendor/lit-html/directives/if-defined.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { Forgot } from "./forgot.js";
import { Admitted, wordsInstead } from "./parts/admitted.js";
import { authPage, note } from "./parts/auth-page.js";
import { focusSoon, valueOf } from "./parts/elements.js";
import { icon } from "./parts/icon.js";
import { ServerAddress } from "./server-address.js";
import { keepTyped, takeTyped } from "./typed.js";

/** @typedef {import("../types.js").Refused} Refused @typedef {import("../types.js").State} State */

/** Codes of a whole request that are the fault of one field. @type {Record<string, string>} */
const FIELD_OF = { username_taken: "username", email_taken: "email" };
/** Codes that say that the server was not reached. */
const UNREACHED = ["no_connection", "server_silent", "bad_certificate", "not_vestnik", "bad_answer"];
const FIELDS = {
  login: ["login", "password"],
  register: ["username", "display_name", "password"],
};

export class Auth {
  /** @type {"login" | "register"} */
  #mode = "login";
  #busy = false;
  /** Seconds until the next attempt, while many people log in; 0: it does not wait. */
  #waits = 0;
  #shown = false;
  /** @type {Refused | null} */
  #refused = null;
  /** What is wrong with a field, as a text. @type {Record<string, string>} */
  #wrong = {};
  /** What was typed before the page was loaded anew. */
  #login = "";
  /** @type {Forgot | null} */
  #forgot = null;
  /** The code of the link that led here. */
  #invite = ["/join", "/setup"].includes(location.pathname) ? location.hash.slice(1) : "";
  /** Nobody is on the server yet: who registers by that code keeps it. */
  #first = location.pathname === "/setup";
  /** One went from one form to the other by hand. */
  #chosen = false;
  /** The code of a link into the app, by which nobody has come yet. */
  #unused = "";

  /** @param {import("./face.js").Face} face */
  constructor(face) {
    this.face = face;
    const typed = takeTyped();
    this.#mode = typed.mode;
    this.#login = typed.login;
    if (typed.invite) this.invited(typed.invite, typed.first);
    if (this.#invite) this.#mode = "register";
    this.page = authPage(face);
    this.server = new ServerAddress(face, {
      leaving: () =>
        keepTyped({ mode: this.#mode, login: nameTyped(this.#mode), invite: this.#unused, first: this.#first }),
      chosen: () => {
        this.#refused = null;
        focusSoon(`auth-${FIELDS[this.#mode][0]}`);
      },
    });
    this.admitted = new Admitted(face, () => this.#welcome());
  }

  /** Where nobody can log in yet, that is what is said first. */
  #welcome() {
    if (this.#chosen || this.#forgot || this.#instead(this.face.messenger.state()) !== "empty") return;
    if (valueOf("auth-login") === "") this.#mode = "register";
  }

  /** The app may not have reached its server yet: it asks where somebody would register. @param {State} state */
  #instead(state) {
    if (this.#mode === "login" && !state.server.fixed) return null;
    const code = this.#invite ? (this.#first ? "first" : "invited") : "none";
    return this.admitted.instead(state.server.url, code);
  }

  /** By a link into the app. @param {string} code @param {boolean} first nobody is on the server yet */
  invited(code, first) {
    this.#invite = this.#unused = code;
    this.#first = first;
    this.#mode = "register";
    this.#forgot = null;
    this.#refused = null;
    this.#wrong = {};
  }

  /** To another server by a link of its; who calls has asked. Nothing is told to the one that is left.
   * @param {string} url @param {string} code @param {boolean} first */
  async moveTo(url, code, first) {
    const { messenger } = this.face;
    const probed = await messenger.probe(url);
    if (!probed.ok) return probed;
    keepTyped({ mode: "register", login: nameTyped("register"), invite: code, first });
    return messenger.setServer(url); // the shell loads the page anew
  }

  /** The code of a link into the app for who logged in instead of registering; "" for none. It is told once. */
  takeInvite() {
    const code = this.#unused;
    this.#unused = "";
    return code;
  }

  /** Whoever comes here can type at once. */
  focus() {
    const first = FIELDS[this.#mode].find((name) => valueOf(`auth-${name}`) === "") ?? "password";
    if (document.activeElement === document.body) document.getElementById(`auth-${first}`)?.focus();
  }

  /** @param {State} state */
  template(state) {
    const login = this.#mode === "login";
    if (this.#forgot) return this.page(this.#forgot.template());
    const instead = this.#instead(state);
    if (instead && !login) return this.page(this.#noForm(state, instead));
    return this.page(
      html`<form class="auth__card" novalidate aria-busy=${this.#busy} @submit=${this.#submit} @input=${this.#typed}>
        <h1>${t(login ? "auth.login_title" : this.#first ? "auth.first_title" : "auth.register_title")}</h1>
        ${login ? nothing : this.#invitation()} ${this.server.template(state)} ${this.#notice(state)}
        ${login ? this.#loginFields() : this.#registerFields()} ${this.#remember(state)}
        <button class="btn btn--primary btn--wide" aria-busy=${this.#busy}>
          ${this.#busy ? html`<span class="spinner" aria-hidden="true"></span>` : nothing} ${this.#verb()}
        </button>
        ${this.#alternative()}
      </form>`,
    );
  }

  #alternative() {
    const login = this.#mode === "login";
    return html`<p class="auth__alt">
      ${t(login ? "auth.no_account" : "auth.has_account")}
      <button class="link-btn" type="button" @click=${this.#other}>
        ${t(login ? "auth.to_register" : "auth.to_login")}
      </button>
    </p>`;
  }

  /** @param {State} state @param {import("./parts/admitted.js").Why} why */
  #noForm(state, why) {
    return html`<section class="auth__card">
      ${wordsInstead(why)} ${this.server.template(state)} ${this.#alternative()}
    </section>`;
  }

  /** What the code of the link does. */
  #invitation() {
    if (!this.#invite) return nothing;
    const link = `vestnik://${this.#first ? "setup" : "join"}/${this.#invite}?server=${encodeURIComponent(location.origin)}`;
    return html`<p class="auth__text">
      ${t(this.#first ? "auth.first_about" : "auth.invited")}
      ${this.face.platform.desktop ? nothing : html`<a class="link-btn" href=${link}>${t("auth.open_app")}</a>`}
    </p>`;
  }

  #verb() {
    if (this.#busy) return t(this.#mode === "login" ? "auth.logging_in" : "auth.registering");
    return t(this.#mode === "login" ? "auth.login" : "auth.register");
  }

  #loginFields() {
    return html`${this.#field("login", t("auth.login_field"), { autocomplete: "username" })}
      ${this.#field("password", t("auth.password"), { type: "password", autocomplete: "current-password" })}
      <p class="auth__forgot">
        <button class="link-btn" type="button" @click=${this.#forget}>${t("forgot.open")}</button>
      </p>`;
  }

  #forget = () => {
    const back = () => {
      this.#forgot = null;
      this.face.redraw();
      focusSoon("auth-login");
    };
    this.#login = valueOf("auth-login");
    this.#forgot = new Forgot(this.face, this.#login, back);
    this.face.redraw();
    focusSoon("forgot-login");
  };

  #registerFields() {
    return html`${this.#field("username", t("auth.username"), { autocomplete: "username", hint: t("auth.username_hint") })}
    ${this.#field("email", t("auth.email"), { type: "email", autocomplete: "email", hint: t("auth.email_hint") })}
    ${this.#field("display_name", t("auth.display_name"), { autocomplete: "name" })}
    ${this.#field("password", t("auth.password"), {
      type: "password",
      autocomplete: "new-password",
      hint: t("auth.password_hint"),
    })}`;
  }

  /**
   * @param {string} name @param {string} label
   * @param {{type?: string, autocomplete: string, hint?: string}} how
   */
  #field(name, label, { type = "text", autocomplete, hint = "" }) {
    const wrong = this.#wrong[name] ?? "";
    const secret = type === "password";
    return html`<div class="field">
      <label for="auth-${name}">${label}</label>
      <div class="input ${wrong ? "is-bad" : ""}">
        <input
          id="auth-${name}"
          name=${name}
          type=${secret && this.#shown ? "text" : type}
          autocomplete=${autocomplete}
          autocapitalize="none"
          spellcheck="false"
          .defaultValue=${autocomplete === "username" ? this.#login : ""}
          ?readonly=${this.#busy}
          aria-invalid=${wrong ? "true" : "false"}
          aria-describedby=${ifDefined(wrong || hint ? `auth-${name}-note` : undefined)}
        />
        ${secret ? this.#eye() : nothing}
      </div>
      ${note(`auth-${name}-note`, wrong, hint)}
    </div>`;
  }

  #eye() {
    const toggle = () => {
      this.#shown = !this.#shown;
      this.face.redraw();
    };
    return html`<button
      class="ibtn"
      type="button"
      aria-label=${t("auth.show_password")}
      aria-pressed=${this.#shown}
      @click=${toggle}
    >
      ${icon("eye")}
    </button>`;
  }

  /** @param {State} state */
  #remember(state) {
    const sure = state.remembers === "keyring";
    const hint = sure ? "" : t(this.face.platform.desktop ? "auth.remember_file" : "auth.remember_browser");
    return html`<div class="auth__remember">
      <label class="check">
        <input
          type="checkbox"
          name="remember"
          .defaultChecked=${sure}
          aria-describedby=${ifDefined(hint ? "auth-remember-note" : undefined)}
        />
        <span>${t("auth.remember")}</span>
      </label>
      ${note("auth-remember-note", "", hint)}
    </div>`;
  }

  /** Why one is here, or why the last attempt failed. @param {State} state */
  #notice(state) {
    if (this.#waits) {
      return html`<div class="alert alert--warn" role="status">
        ${icon("info")}<span>${t("auth.waits", { n: this.#waits })}</span>
      </div>`;
    }
    if (this.#refused) return this.#failure(this.#refused, state.server.fixed);
    if (!state.ended) return nothing;
    return html`<div class="alert alert--warn" role="alert">
      ${icon("info")}<span><b>${errorText({ code: state.ended })}</b></span>
    </div>`;
  }

  /** @param {Refused} refused @param {boolean} fixed the server's address cannot be changed */
  #failure(refused, fixed) {
    const unreached = UNREACHED.includes(refused.code);
    const net = fixed ? "auth.check_net" : "auth.check_address";
    const hint = refused.code === "invalid_credentials" ? t("auth.check_layout") : unreached ? t(net) : "";
    return html`<div class="alert ${unreached ? "alert--warn" : ""}" role="alert">
      ${icon(unreached ? "offline" : "alert")}<span><b>${errorText(refused)}</b>${hint}</span>
    </div>`;
  }

  #other = () => {
    this.#mode = this.#mode === "login" ? "register" : "login";
    this.#chosen = true;
    this.admitted.again();
    this.#refused = null;
    this.#wrong = {};
    this.face.redraw();
    focusSoon(`auth-${FIELDS[this.#mode][0]}`);
  };

  /** A field that is being corrected is not wrong any more. @param {Event} event */
  #typed = ({ target }) => {
    if (!(target instanceof HTMLInputElement) || !(target.name in this.#wrong)) return;
    const { name } = target;
    const { [name]: _mended, ...rest } = this.#wrong;
    this.#wrong = rest;
    this.face.redraw();
  };

  /** @param {SubmitEvent & {currentTarget: HTMLFormElement}} event */
  #submit = async (event) => {
    event.preventDefault();
    if (this.#busy) return;
    const form = new FormData(event.currentTarget);
    this.#refused = null;
    this.#wrong = this.#missing(form);
    if (Object.keys(this.#wrong).length) return this.#toFirstWrong();
    if (this.server.isAsked(this.face.messenger.state())) {
      const saved = await this.server.save();
      if (!saved || this.face.platform.desktop) return; // the shell loads the page anew for another server
    }
    this.#busy = true;
    this.face.redraw();
    const done = await this.#ask(form);
    this.#busy = this.#shown = false;
    this.#waits = 0;
    if (done.ok) this.#entered();
    else this.#show(done);
    this.face.redraw();
  };

  /** Whoever comes after a signing out logs in; the invitation was somebody else's. */
  #entered() {
    this.#mode = "login";
    this.#invite = this.#login = "";
    this.#first = this.#chosen = false;
    this.admitted.again();
  }

  /** @param {FormData} form */
  async #ask(form) {
    /** @param {string} name */
    const value = (name) => String(form.get(name) ?? "").trim();
    const password = String(form.get("password") ?? "");
    const remember = form.get("remember") !== null;
    const { messenger } = this.face;
    const waits = (/** @type {number} */ ms) => {
      this.#waits = Math.max(1, Math.ceil(ms / 1000));
      this.face.redraw();
    };
    if (this.#mode === "login") {
      return messenger.login({ login: value("login"), password, language: language(), remember }, waits);
    }
    const [invite, unused, { pathname, hash }] = [this.#invite, this.#unused, location];
    this.#unused = "";
    if (invite) history.replaceState(history.state, "", "/"); // who registers by it has not to join any more
    const [username, email, display_name] = [value("username"), value("email"), value("display_name")];
    const who = { username, email, display_name, password, language: language(), invite, remember };
    const done = await messenger.register(who, waits);
    if (!done.ok && invite && invite === this.#invite) {
      this.#unused = unused; // whoever logs in instead joins by it
      history.replaceState(history.state, "", pathname + hash);
    }
    return done;
  }

  /** @param {FormData} form @returns {Record<string, string>} */
  #missing(form) {
    const empty = FIELDS[this.#mode].filter((name) => !String(form.get(name) ?? "").trim());
    return Object.fromEntries(empty.map((name) => [name, fieldErrorText(name, "required")]));
  }

  /** Beside the fields what belongs to fields, above them the rest. @param {Refused} refused */
  #show(refused) {
    const field = FIELD_OF[refused.code];
    const named = field ? [{ field, code: refused.code, detail: "" }] : (refused.errors ?? []);
    const here = named.filter((error) => document.getElementById(`auth-${error.field}`));
    this.#wrong = Object.fromEntries(here.map((error) => [error.field, wrongText(error)]));
    if (here.length) this.#toFirstWrong();
    else this.#refuse(refused);
  }

  /** @param {Refused} refused */
  #refuse(refused) {
    this.#refused = refused;
    if (refused.code === "invalid_credentials") focusSoon("auth-password");
  }

  #toFirstWrong() {
    this.face.redraw();
    focusSoon(`auth-${Object.keys(this.#wrong)[0]}`);
  }
}

/** @param {{field: string, code: string, detail: string}} error */
function wrongText({ field, code, detail }) {
  const limit = /\d+/u.exec(detail);
  return fieldErrorText(field, code, limit ? { n: Number(limit[0]) } : {});
}

/** The name in the form. @param {"login" | "register"} mode */
const nameTyped = (mode) => valueOf(`auth-${FIELDS[mode][0]}`);
