/** Settings: tabs of panes; what is chosen takes effect at once. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { errorText, t } from "../../words/i18n.js";
import { closeButton } from "../parts/dialog.js";
import { icon } from "../parts/icon.js";
import { step } from "../parts/roving.js";
import { appPane } from "./settings/desktop-app.js";
import { administrationPane } from "./settings/administration.js";
import { appearancePane } from "./settings/looks.js";
import { keyboardPane } from "./settings/keyboard.js";
import { notificationsPane } from "./settings/notices.js";
import { profilePane } from "./settings/own-profile.js";
import { privacyPane } from "./settings/privacy.js";
import { sessionsPane } from "./settings/sessions.js";

/** @typedef {import("../face.js").Face} Face @typedef {import("../../types.js").State} State */
/**
 * `body` is what scrolls, `foot` what stands under it. `opened`: its tab was chosen. `isChanged`: something is typed there
 * that is not saved.
 * @typedef {{body: (state: State) => unknown, foot?: (state: State) => unknown, opened?: () => void,
 *   isChanged?: () => boolean}} Pane
 * `admin`: for those who keep the server.
 * @typedef {{id: string, icon: string, label: string, admin?: boolean, make: (face: Face) => Pane}} Tab
 */

/** @type {readonly Tab[]} */
const TABS = [
  { id: "profile", icon: "user", label: "settings.profile", make: profilePane },
  { id: "appearance", icon: "sun", label: "settings.appearance", make: appearancePane },
  { id: "notifications", icon: "bell", label: "settings.notifications", make: notificationsPane },
  { id: "keyboard", icon: "keyboard", label: "settings.keyboard", make: keyboardPane },
  { id: "privacy", icon: "eye", label: "privacy.title", make: privacyPane },
  { id: "sessions", icon: "monitor", label: "settings.sessions", make: sessionsPane },
  { id: "admin", icon: "server", label: "admin.title", admin: true, make: administrationPane },
  { id: "app", icon: "settings", label: "settings.app", make: appPane },
];

/** `params`: `{tab?}`. @type {import("../parts/dialog.js").DialogMaker} */
export function settings(face, { tab = "profile" }, close) {
  /** @type {Map<string, Pane>} */
  const panes = new Map();
  const isAdmin = () => face.messenger.state().me?.role === "admin";
  const tabs = () => TABS.filter(({ admin }) => !admin || isAdmin());
  let current = tabs().find(({ id }) => id === tab) ?? TABS[0];
  const pane = () => {
    const made = panes.get(current.id) ?? current.make(face);
    panes.set(current.id, made);
    return made;
  };
  pane().opened?.();
  /** An address is confirmed in a browser, by the link of a letter, while this is open or was closed. */
  const reload = () => void face.messenger.reloadMe();
  reload();
  window.addEventListener("focus", reload);

  /** @param {Tab} next */
  function choose(next) {
    if (next === current) return;
    current = next;
    pane().opened?.();
    face.redraw();
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    const shown = tabs();
    const next = step(event, shown.indexOf(current), shown.length);
    if (next === null) return;
    event.preventDefault();
    choose(shown[next]);
    document.getElementById(`tab-${shown[next].id}`)?.focus();
  }

  const isChanged = () => [...panes.values()].some((one) => one.isChanged?.());

  /** @param {Tab} one */
  const tabButton = (one) =>
    html`<button
      type="button"
      role="tab"
      id="tab-${one.id}"
      aria-selected=${one === current ? "true" : "false"}
      aria-controls="settings-pane"
      aria-label=${t(one.label)}
      title=${t(one.label)}
      tabindex=${one === current ? "0" : "-1"}
      ?autofocus=${one === current}
      @click=${() => choose(one)}
    >
      ${icon(one.icon)}<span>${t(one.label)}</span>
    </button>`;

  return {
    title: () => t("settings.title"),
    kind: "dialog--settings",
    get harmless() {
      return !isChanged();
    },
    isChanged,
    bare: true,
    gone: () => window.removeEventListener("focus", reload),
    content(state) {
      const shown = pane();
      return html`<nav class="set__nav" aria-label=${t("settings.parts")}>
          <h2>${t("settings.title")}</h2>
          <div role="tablist" aria-orientation="vertical" aria-label=${t("settings.parts")} @keydown=${keys}>
            ${tabs().map(tabButton)}
          </div>
          <button type="button" aria-label=${t("settings.sign_out")} @click=${() => signOut(face)}>
            ${icon("logout")}<span>${t("settings.sign_out")}</span>
          </button>
        </nav>
        <div class="set__main" role="tabpanel" id="settings-pane" aria-labelledby="tab-${current.id}">
          <header class="dialog__head">
            <h2 id="settings-pane-title">${t(current.label)}</h2>
            ${closeButton(close)}
          </header>
          <div class="dialog__body">${shown.body(state)}</div>
          ${shown.foot?.(state) ?? nothing}
        </div>`;
    },
  };
}

/** What is not sent is lost by it; then, and only then, it is asked. @param {Face} face */
async function signOut(face) {
  const first = await face.messenger.logout({ discard: false });
  if (first.ok) return;
  if (first.code !== "unsent") {
    face.overlays.toast({ text: errorText(first) });
    return;
  }
  const n = [...face.messenger.state().chats.values()].reduce((sum, chat) => sum + chat.queued + chat.failed, 0);
  const question = {
    title: t("settings.unsent_title"),
    text: n > 0 ? t("settings.unsent_text", { n }) : t("settings.unsent_some"),
    act: t("settings.sign_out_anyway"),
    danger: true,
  };
  if (!(await face.overlays.confirm(question))) return;
  const second = await face.messenger.logout({ discard: true });
  if (!second.ok) face.overlays.toast({ text: errorText(second) });
}
