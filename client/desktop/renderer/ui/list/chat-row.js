/** One chat in the list. */

import { listTime } from "../../words/format.js";
import { t } from "../../words/i18n.js";
import { isMuted } from "../../state/muting.js";
import { firstNameOf, titleOf } from "../../words/names.js";
import { shownAtEnd, shownMessage } from "../../state/changes.js";
import { deliveryOf } from "../../state/delivery.js";
import { places } from "../../words/search.js";
import { hasLostSource } from "../../state/removed.js";
import { echoWords, messageWords } from "../../words/files.js";
import { preview } from "../../words/text.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { showChat } from "../parts/chat-actions.js";
import { chatAvatar } from "../parts/chat-avatar.js";
import { icon } from "../parts/icon.js";
import { marked } from "../parts/marked.js";
import { mutedText } from "../parts/mute-menu.js";
import { pointOf } from "../parts/popup.js";
import { typingText } from "../parts/typing-text.js";

/**
 * @typedef {import("../../types.js").State} State
 * @typedef {import("../../types.js").ChatView} ChatView
 * @typedef {import("../../types.js").Echo} Echo
 */

/** The server counts no further. */
const MANY = 1000;

/**
 * `place`: which of how many it is, where not all of them are drawn.
 * @typedef {{tabbable: boolean, query: string, now: Date, place: {at: number, of: number} | null}} How
 */

/** @param {import("../face.js").Face} face @param {State} state @param {ChatView} chat @param {How} how */
export function chatRow(face, state, chat, { tabbable, query, now, place }) {
  const title = titleOf(chat, state.me);
  const current = state.current === chat.id;
  /** @param {MouseEvent} event */
  const open = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    showChat(face, chat.id);
  };
  /** @param {MouseEvent} event */
  const menu = (event) => {
    event.preventDefault();
    face.overlays.menu("chat", { chatId: chat.id }, pointOf(event));
  };
  return html`<li aria-posinset=${place?.at ?? nothing} aria-setsize=${place?.of ?? nothing}>
    <a
      class="row ${chat.unread_count ? "is-unread" : ""}"
      href="#/chat/${chat.id}"
      aria-current=${current ? "true" : "false"}
      tabindex=${tabbable ? 0 : -1}
      data-chat=${chat.id}
      @click=${open}
      @contextmenu=${menu}
    >
      ${chatAvatar(face, state, chat)}
      <span class="row__main">
        <span class="row__line">
          <bdi class="row__name truncate">${marked(title, places(title, query))}</bdi>
          ${chat.hidden ? html`<span class="row__hidden">${t("row.hidden")}</span>` : nothing}
          ${isMuted(chat, now.getTime()) ? flag("mute", mutedText(chat, now)) : nothing} ${time(state, chat, now)}
        </span>
        <span class="row__line"> ${secondLine(state, chat, current)} ${badge(chat, now)} </span>
      </span>
    </a>
  </li>`;
}

/** @param {string} name @param {string} text */
function flag(name, text) {
  return html`<span class="row__flags" title=${text}>${icon(name, "icon--xs")}<span class="sr">${text}</span></span>`;
}

/** @param {State} state @param {ChatView} chat @param {Date} now */
function time(state, chat, now) {
  const echo = lastEcho(state, chat);
  const at = echo?.written_at ?? chat.last_message?.created_at ?? chat.created_at;
  return html`<span class="row__time">${tick(state, chat)}<time datetime=${at}>${listTime(at, now)}</time></span>`;
}

/** How far one's own last message has come. @param {State} state @param {ChatView} chat */
function tick(state, chat) {
  if (chat.failed) return mark("alert", "tick--fail", t("msg.failed"));
  if (chat.queued) return mark("clock", "", t("msg.queued"));
  const last = chat.last_message;
  if (!last || last.deleted || last.sender_id !== state.me?.id) return nothing;
  const delivery = deliveryOf(last, chat);
  return mark(delivery === "sent" ? "check" : "checks", delivery === "read" ? "tick--seen" : "", t(`msg.${delivery}`));
}

/** @param {string} name @param {string} classes @param {string} text */
function mark(name, classes, text) {
  return html`${icon(name, `icon--xs tick ${classes}`)}<span class="sr">${text}</span>`;
}

/** @param {State} state @param {ChatView} chat @param {boolean} current */
function secondLine(state, chat, current) {
  return html`<span class="row__preview truncate">${words(state, chat, current)}</span>`;
}

/** @param {State} state @param {ChatView} chat @param {boolean} current */
function words(state, chat, current) {
  if (chat.typing.length) return html`<span class="row__typing">${typingText(state, chat)}</span>`;
  if (chat.draft && !current) {
    return html`<span class="row__draft">${t("row.draft")}</span> <bdi>${preview(chat.draft)}</bdi>`;
  }
  const echo = lastEcho(state, chat);
  const said = echo && (hasLostSource(state, echo) ? t("msg.deleted") : echoWords(echo));
  if (chat.failed) {
    if (!echo) return html`<span class="row__fail">${t("msg.failed")}</span>`;
    return html`<span class="row__fail">${t("row.failed")}</span> <bdi>${said}</bdi>`;
  }
  if (echo) return html`<span class="row__who">${t("row.you")}</span> <bdi>${said}</bdi>`;
  return lastWords(state, chat);
}

/** @param {State} state @param {ChatView} chat */
function lastWords(state, chat) {
  const last =
    chat.last_message && shownMessage(chat.last_message, state.echoes.lists.get(chat.id) ?? [], state.me?.id ?? 0);
  if (!last) return t(chat.left_seq === null ? "row.nothing" : "row.left");
  if (last.deleted) return t("msg.deleted");
  const own = last.sender_id === state.me?.id;
  const who = own ? t("row.you") : chat.is_group ? `${firstNameOf(state.users.get(last.sender_id))}:` : "";
  return html`${who ? html`<bdi class="row__who">${who}</bdi> ` : nothing}<bdi>${messageWords(last)}</bdi>`;
}

/** What waits or failed last. @param {State} state @param {ChatView} chat */
function lastEcho(state, chat) {
  if (!chat.queued && !chat.failed) return undefined;
  const echoes = shownAtEnd(state.echoes.lists.get(chat.id) ?? []);
  /** @type {Echo["state"]} */
  const wanted = chat.failed ? "failed" : "queued";
  return echoes.filter((echo) => echo.state === wanted).at(-1);
}

/** @param {ChatView} chat @param {Date} now */
function badge(chat, now) {
  const pin = chat.favourite ? flag("pin", t("row.favourite")) : nothing;
  if (!chat.unread_count) return pin;
  const count = chat.unread_count >= MANY ? `${MANY - 1}+` : String(chat.unread_count);
  const at = chat.mention_count
    ? html`<span class="badge"
        ><span aria-hidden="true">@</span><span class="sr">${t("row.mentions", { n: chat.mention_count })}</span></span
      >`
    : nothing;
  return html`${pin}${at}<span class="badge ${isMuted(chat, now.getTime()) ? "badge--muted" : ""}"
      ><span aria-hidden="true">${count}</span><span class="sr">${t("row.unread", { count })}</span></span
    >`;
}
