/** The panel above a chat: whose it is, who is there, and what can be done with it. */

import { lastSeen } from "../../words/format.js";
import { t } from "../../words/i18n.js";
import { isAway } from "../../state/link-view.js";
import { isMuted } from "../../state/muting.js";
import { isHere, latestOf, onlineIn } from "../../state/people.js";
import { isSaved, titleOf } from "../../words/names.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { linkText } from "../parts/banner.js";
import { chatAvatar } from "../parts/chat-avatar.js";
import { icon } from "../parts/icon.js";
import { keyName } from "../parts/keys.js";
import { typingText } from "../parts/typing-text.js";

/** @typedef {import("../../types.js").State} State @typedef {import("../../types.js").ChatView} ChatView */

/**
 * @param {import("../face.js").Face} face @param {State} state @param {ChatView} chat
 * @param {{now: Date, find: () => void}} how
 */
export function topbar(face, state, chat, { now, find }) {
  const title = titleOf(chat, state.me);
  const info = () => face.overlays.open("chat-info", { chatId: chat.id });
  /** @param {MouseEvent & {currentTarget: Element}} event */
  const menu = ({ currentTarget }) => face.overlays.menu("chat", { chatId: chat.id, find }, currentTarget);
  return html`<header class="topbar">
    <button class="ibtn topbar__back" aria-label=${t("topbar.back")} @click=${() => face.openChat(null)}>
      ${icon("left")}
    </button>
    <h1 class="sr"><bdi>${title}</bdi></h1>
    <button class="topbar__peer" type="button" @click=${info}>
      ${chatAvatar(face, state, chat, "s")}
      <span class="topbar__text">
        <span class="topbar__title"
          ><bdi class="truncate">${title}</bdi
          >${isMuted(chat, now.getTime()) ? icon("mute", "icon--xs") : nothing}</span
        >
        ${subtitle(state, chat, now)}
        <span class="sr">${t("topbar.info")}</span>
      </span>
    </button>
    <button
      class="ibtn topbar__opt"
      aria-label=${t("topbar.find")}
      title="${t("topbar.find")} (${keyName(["Ctrl", "F"])})"
      @click=${find}
    >
      ${icon("search")}
    </button>
    <button class="ibtn" aria-label=${t("topbar.menu")} title=${t("topbar.menu")} aria-haspopup="menu" @click=${menu}>
      ${icon("more")}
    </button>
  </header>`;
}

/** @param {State} state @param {ChatView} chat @param {Date} now */
function subtitle(state, chat, now) {
  if (isAway(state.link, now.getTime())) return html`<span class="topbar__sub">${linkText(state.link)}</span>`;
  if (chat.typing.length) {
    return html`<span class="topbar__sub topbar__sub--on"
      ><bdi class="truncate">${typingText(state, chat)}</bdi
      ><span class="dots" aria-hidden="true"><i></i><i></i><i></i></span
    ></span>`;
  }
  const words = chat.is_group ? people(state, chat) : presence(state, chat, now);
  return html`<span class="topbar__sub"><span class="truncate">${words}</span></span>`;
}

/** "8 участников, 3 в сети". @param {State} state @param {ChatView} chat */
function people(state, chat) {
  if (chat.left_seq !== null) return t("topbar.left");
  if (!chat.members) return "";
  const members = t("topbar.members", { n: chat.members.length });
  const online = onlineIn(chat, state);
  return online > 0 ? t("topbar.members_online", { members, n: online }) : members;
}

/** @param {State} state @param {ChatView} chat @param {Date} now */
function presence(state, chat, now) {
  if (isSaved(chat, state.me)) return t("topbar.saved");
  const peer = chat.peer && latestOf(state.users, chat.peer);
  if (peer?.deleted) return "";
  if (peer && isHere(peer, state)) return t("topbar.online");
  if (peer?.last_seen_at && !peer.online) return lastSeen(peer.last_seen_at, now);
  const isUntold = peer && (peer.online || peer.online === null);
  return isUntold ? `@${peer.username}` : t("topbar.offline");
}
