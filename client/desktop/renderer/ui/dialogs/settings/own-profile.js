/** One's own name, e-mail, picture and password. */

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { errorText, language, t } from "../../../words/i18n.js";
import { nameOf } from "../../../words/names.js";
import { pictureFile } from "../../../words/pictures.js";
import { avatar } from "../../parts/avatar.js";
import { fieldErrors, textField } from "../../parts/field.js";
import { errorNote } from "../../parts/loading.js";

/** @typedef {"display_name" | "email" | "avatar_url"} Name */

/** @type {readonly Name[]} */
const NAMES = ["display_name", "email", "avatar_url"];

/** @param {import("../../face.js").Face} face @returns {import("../settings-window.js").Pane} */
export function profilePane(face) {
  /** What was typed and is not saved. @type {Partial<Record<Name, string>>} */
  let changed = {};
  /** @type {Record<string, string>} */
  let errors = {};
  /** @type {string | null} */
  let error = null;
  let busy = false;
  let saved = false;

  const isChanged = () => Object.keys(changed).length > 0;

  /** @param {Name} name @param {string} value */
  function type(name, value) {
    const kept = keptOf(face.messenger.state().me, name);
    changed = { ...changed, [name]: value };
    if (value === kept) delete changed[name];
    delete errors[name];
    [error, saved] = [null, false];
    face.redraw();
  }

  /** An empty e-mail or picture is none. */
  function change() {
    const { display_name, email, avatar_url } = changed;
    return {
      ...(display_name === undefined ? {} : { display_name: display_name.trim() }),
      ...(email === undefined ? {} : { email: email.trim(), language: language() }),
      ...(avatar_url === undefined ? {} : { avatar_url: avatar_url.trim() || null }),
    };
  }

  /** @param {Event} event */
  async function save(event) {
    event.preventDefault();
    if (busy || !isChanged()) return;
    [busy, errors, error] = [true, {}, null];
    face.redraw();
    const answer = await face.messenger.changeProfile(change());
    busy = false;
    if (answer.ok) [changed, saved] = [{}, true];
    else {
      errors = answer.code === "email_taken" ? { email: errorText(answer) } : fieldErrors(answer, NAMES);
      error = Object.keys(errors).length === 0 ? errorText(answer) : null;
    }
    face.redraw();
    const bad = NAMES.find((name) => name in errors);
    if (bad) document.getElementById(`profile-${bad}`)?.focus();
  }

  function cancel() {
    [changed, errors, error] = [{}, {}, null];
    face.redraw();
  }

  /** @param {Name} name @param {import("../../../types.js").PrivateUser} me @param {{label: string, [more: string]: any}} more */
  const field = (name, me, more) =>
    textField({
      id: `profile-${name}`,
      value: changed[name] ?? keptOf(me, name),
      input: (value) => type(name, value),
      error: errors[name],
      busy,
      ...more,
    });

  /** Whether this server sends letters. */
  let mail = false;

  async function opened() {
    const answer = await face.messenger.serverInfo();
    mail = answer.ok && answer.mail;
    face.redraw();
  }

  /** The same address again asks for another letter. @param {string} email */
  async function again(email) {
    const answer = await face.messenger.changeProfile({ email, language: language() });
    face.overlays.toast({ text: answer.ok ? t("settings.email_sent") : errorText(answer) });
  }

  /** @param {import("../../../types.js").PrivateUser} me */
  function emailState(me) {
    if (!mail || !me.email || changed.email !== undefined) return nothing;
    const { email } = me;
    if (me.email_verified) return html`<p class="hint">${t("settings.email_confirmed")}</p>`;
    return html`<p class="hint">
      ${t("settings.email_unconfirmed")}
      <button class="link-btn" type="button" @click=${() => again(email)}>${t("settings.email_again")}</button>
    </p>`;
  }

  return {
    opened: () => void opened(),
    isChanged,
    body({ me, server }) {
      if (!me) return nothing;
      const name = changed.display_name?.trim() || nameOf(me);
      return html`<form id="profile-form" novalidate @submit=${save}>
        <div class="hero">
          ${avatar(face, { id: me.id, name, size: "l", url: me.avatar_url })}
          <div class="hero__text">
            <div class="hero__name"><bdi>${name}</bdi></div>
            <div class="hero__sub">${t("settings.account", { username: me.username, server: hostOf(server.url) })}</div>
            <button class="link-btn" type="button" @click=${() => face.overlays.open("avatar")}>
              ${t("settings.avatar_upload")}
            </button>
          </div>
        </div>
        ${field("display_name", me, { label: t("settings.name"), autocomplete: "name", most: 64 })}
        ${field("email", me, { label: t("settings.email"), type: "email", autocomplete: "email" })} ${emailState(me)}
        ${field("avatar_url", me, {
          label: t("settings.avatar"),
          type: "url",
          hint: t("settings.avatar_about"),
          autocomplete: "off",
        })}
        <div class="set__group">
          <div class="set__row">
            <span>${t("settings.password")}<small>${t("settings.password_about")}</small></span>
            <button class="btn btn--plain btn--s" type="button" @click=${() => face.overlays.open("password")}>
              ${t("settings.password_open")}
            </button>
          </div>
          <div class="set__row">
            <span>${t("export.row")}<small>${t("export.about")}</small></span>
            <button class="btn btn--plain btn--s" type="button" @click=${() => face.overlays.open("export-data")}>
              ${t("export.open")}
            </button>
          </div>
          <div class="set__row">
            <span>${t("deletion.row")}<small>${t("deletion.about")}</small></span>
            <button
              class="btn btn--danger-quiet btn--s"
              type="button"
              @click=${() => face.overlays.open("delete-account")}
            >
              ${t("deletion.open")}
            </button>
          </div>
        </div>
        ${errorNote(error)}
      </form>`;
    },
    foot() {
      const dirty = isChanged();
      return html`<footer class="dialog__foot">
        <span class="note" role="status">${saved && !dirty ? t("settings.saved") : ""}</span>
        <button class="btn btn--plain" type="button" ?disabled=${!dirty} @click=${cancel}>${t("settings.undo")}</button>
        <button
          class="btn btn--primary"
          type="submit"
          form="profile-form"
          ?disabled=${!dirty}
          aria-busy=${busy ? "true" : "false"}
        >
          ${t("dialog.save")}
        </button>
      </footer>`;
    },
  };
}

/** What is saved; a picture that was uploaded has no address to be typed. @param {import("../../../types.js").PrivateUser | null} me
 * @param {Name} name */
function keptOf(me, name) {
  const value = me?.[name] ?? "";
  return name === "avatar_url" && pictureFile(value) ? "" : value;
}

/** @param {string} url */
function hostOf(url) {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
