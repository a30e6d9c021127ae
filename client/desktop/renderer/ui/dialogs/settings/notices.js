/** Notifications on this computer, and the chats that make none. */

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { isolate, t } from "../../../words/i18n.js";
import { isMuted } from "../../../state/muting.js";
import { titleOf } from "../../../words/names.js";
import { toggleMuted } from "../../parts/chat-actions.js";
import { icon } from "../../parts/icon.js";
import { switchRow } from "../../parts/setting-rows.js";

/** @param {import("../../face.js").Face} face @returns {import("../settings-window.js").Pane} */
export function notificationsPane(face) {
  let possible = true;
  const change = face.messenger.changeSettings;

  async function look() {
    possible = (await face.platform.info()).notifications;
    face.redraw();
  }

  const ask = () => void Notification.requestPermission().then(look);

  /** Why there are none, and what can be done about it. */
  function lack() {
    const permission = !face.platform.desktop && "Notification" in window ? Notification.permission : null;
    const why = permission === "default" ? "ask" : permission === "denied" ? "denied" : "none";
    return html`<div class="alert alert--warn" role="note">
      ${icon("info")}
      <span>
        ${t(`settings.notify_${why}`)}
        ${why === "ask" ? html`<button class="link-btn" type="button" @click=${ask}>${t("settings.allow")}</button>` : nothing}
      </span>
    </div>`;
  }

  return {
    opened: look,
    body(state) {
      const { notifications, notify_text, sounds } = state.settings;
      const muted = [...state.chats.values()].filter((chat) => isMuted(chat, Date.now()));
      return html`${possible ? nothing : lack()}
        <div class="set__group">
          ${switchRow({
            label: t("settings.notify"),
            on: notifications,
            change: (on) => change({ notifications: on }),
          })}
          ${switchRow({
            label: t("settings.notify_text"),
            about: t("settings.notify_text_about"),
            on: notify_text,
            disabled: !notifications,
            change: (on) => change({ notify_text: on }),
          })}
          ${switchRow({ label: t("settings.sounds"), on: sounds, change: (on) => change({ sounds: on }) })}
        </div>
        ${
          muted.length === 0
            ? nothing
            : html`<div class="set__group">
                <h3>${t("settings.muted", { n: muted.length })}</h3>
                ${muted.map((chat) => mutedRow(face, chat, titleOf(chat, state.me)))}
              </div>`
        }`;
    },
  };
}

/** @param {import("../../face.js").Face} face @param {import("../../../types.js").ChatView} chat @param {string} title */
const mutedRow = (face, chat, title) =>
  html`<div class="set__row">
    <bdi class="truncate">${title}</bdi>
    <button
      class="btn btn--quiet btn--s"
      type="button"
      aria-label=${t("settings.unmute_chat", { title: isolate(title) })}
      @click=${() => toggleMuted(face, chat)}
    >
      ${t("settings.unmute")}
    </button>
  </div>`;
