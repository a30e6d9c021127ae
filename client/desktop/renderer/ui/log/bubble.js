/** One message in the log: what was written, by whom, when, and how far it has come. */

import { barredFrom, canRetry, isWhole, rightsOn } from "../../state/changes.js";
import { deliveryOf } from "../../state/delivery.js";
import { hasLostSource } from "../../state/removed.js";
import { clock, fullTime } from "../../words/format.js";
import { t } from "../../words/i18n.js";
import { hueOf, nameOf, senderName } from "../../words/names.js";
import { isPicture, messageWords } from "../../words/files.js";
import { spokenMessage } from "../../words/spoken.js";
import { isJumbo } from "../../words/text.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { avatar } from "../parts/avatar.js";
import { icon } from "../parts/icon.js";
import { refusalText } from "../parts/refusal.js";
import { pickReaction } from "./acts.js";
import { attachments } from "./attachments.js";
import { reactions } from "./reactions.js";
import { richText } from "./formatted.js";
import { selectBox } from "./selecting.js";
import { uploading } from "./uploading.js";
import { pointOf } from "../parts/popup.js";

/**
 * @typedef {import("../../types.js").State} State
 * @typedef {import("../../types.js").ChatView} ChatView
 * @typedef {import("../../types.js").Message} Message
 * @typedef {import("../../types.js").Echo} Echo
 * @typedef {import("../../state/rows.js").MessageRow} MessageRow
 * @typedef {import("../../state/rows.js").EchoRow} EchoRow
 *
 * What a row is drawn from besides itself. `quoted`: the message that it answers, where that is known; `query`: what
 * is looked for in the chat; `found`: it is the place that was jumped to.
 * @typedef {{state: State, chat: ChatView, quoted: Message | null, query: string, found: boolean, unread: boolean,
 *   selecting?: import("./selecting.js").Selecting}} Around
 */

/** @type {Record<string, string>} */
const TICKS = { queued: "clock", failed: "alert", sent: "check", delivered: "checks", read: "read" };

/** @param {import("../face.js").Face} face @param {MessageRow} row @param {Around} around */
export function messageRow(face, row, around) {
  const { message, own } = row;
  const { state, chat } = around;
  const sender = state.users.get(message.sender_id);
  const name = senderName(message.sender_id, state);
  const delivery = own && !message.deleted ? deliveryOf(message, chat) : null;
  const label = spokenMessage(message, {
    who: name,
    when: clock(message.created_at),
    state: delivery,
    answers: message.reply_to ? (quotedName(around) ?? t("msg.quote_far")) : null,
    first: message.forwarded && firstName(message.forwarded, state),
  });
  /** @param {MouseEvent} event */
  const menu = (event) =>
    openMenu(event, (at) => face.overlays.menu("message", { chatId: chat.id, item: message }, at));
  const choose = choosing(around, message);
  const text = message.deleted
    ? deletedText()
    : message.content || message.attachments?.length
      ? html`${attachments(face, message.attachments, message)}
        ${message.content ? richText(face, message.content, around) : nothing}`
      : html`<p class="bubble__newer">${icon("info", "icon--xs")}${t("msg.newer")}</p>`;
  return frame(row, around, {
    label,
    menu,
    choose,
    kind: message.deleted
      ? "bubble--deleted"
      : kindOfBubble(message.content, message.attachments, message.reactions?.length),
    seq: message.seq,
    before: html`${around.selecting ? selectBox(around.selecting, message, label) : nothing}
    ${own || !chat.is_group ? nothing : picture(face, row, sender, name)}`,
    above: html`${author(face, row, chat, name)}
    ${message.forwarded && !message.deleted ? forwardedFrom(face, message.forwarded, state) : nothing}
    ${message.reply_to && !message.deleted ? quote(face, message.reply_to, around) : nothing}`,
    text,
    foot: foot(face, message, delivery, around),
    after: message.deleted ? nothing : tools(face, chat, message),
  });
}

/**
 * Where several are being chosen, a click anywhere in a message chooses it: pictures, links and quotes open nothing then.
 * @param {Around} around @param {Message} message
 */
function choosing({ selecting, chat }, message) {
  if (!selecting?.of(chat.id) || !isWhole(message)) return null;
  return {
    capture: true,
    /** @param {MouseEvent} event */
    handleEvent(event) {
      event.preventDefault();
      event.stopPropagation();
      selecting.toggle(chat.id, message.seq, event.shiftKey);
    },
  };
}

const DELETED = { content: null, attachments: [], deleted: true };

function deletedText() {
  return html`${icon("trash", "icon--xs")}
    <p>${t("msg.deleted")}</p>`;
}

/** @param {import("../face.js").Face} face @param {EchoRow} row @param {Around} around */
export function echoRow(face, row, around) {
  const { echo } = row;
  const { chat, state } = around;
  const gone = hasLostSource(state, echo);
  const source = gone ? null : echo.source;
  const written = gone ? DELETED : { content: echo.content, attachments: source ? source.attachments : echo.files };
  const label = spokenMessage(written, {
    who: t("msg.you"),
    when: clock(echo.written_at),
    state: echo.state,
    answers: echo.reply_to ? (quotedName(around) ?? t("msg.quote_far")) : null,
    first: source && firstName(source.forwarded, state),
  });
  /** @param {MouseEvent} event */
  const menu = (event) => openMenu(event, (at) => face.overlays.menu("echo", { chatId: chat.id, echo }, at));
  return frame(row, around, {
    label,
    menu,
    choose: null,
    kind: gone ? "bubble--deleted" : kindOfBubble(echo.content, source?.attachments),
    seq: null,
    before: nothing,
    above: html`${source ? forwardedFrom(face, source.forwarded, state) : nothing}
    ${echo.reply_to ? quote(face, echo.reply_to, around) : nothing}`,
    text: gone
      ? deletedText()
      : html`${uploading(face, echo, state.progress)} ${attachments(face, source?.attachments, echo.forward)}
        ${echo.content ? richText(face, echo.content, around) : nothing}`,
    foot: metaOf(echo.written_at, echo.state, nothing),
    after: echo.state === "failed" ? failure(face, echo) : nothing,
  });
}

/**
 * One template for what is sent and what is on its way: a row that was acknowledged stays the same element, so that it keeps
 * the focus and is not read out twice.
 * @param {MessageRow | EchoRow} row @param {Around} around
 * @param {{label: string, menu: (event: MouseEvent) => void, choose: ReturnType<typeof choosing>, kind: string,
 *   seq: number | null, before: unknown, above: unknown, text: unknown, foot: unknown, after: unknown}} parts
 */
function frame(row, around, { label, menu, choose, kind, seq, before, above, text, foot: under, after }) {
  return html`<li
    class="msg ${classes(row, around)}"
    data-seq=${seq ?? nothing}
    data-cid=${row.kind === "echo" ? row.echo.cid : nothing}
    ?data-unread=${around.unread}
  >
    ${before}
    <article class="msg__body" tabindex="-1" aria-label=${label} @contextmenu=${menu} @click=${choose}>
      <div class="bubble ${kind}">${above} ${text} ${under}</div>
      ${after}
    </article>
  </li>`;
}

/** @param {MessageRow | EchoRow} row @param {Around} around */
function classes(row, { found, selecting, chat }) {
  const chosen = row.kind === "message" && (selecting?.of(chat.id)?.has(row.message.seq) ?? false);
  const state = row.kind === "echo" ? (row.echo.state === "failed" ? "msg--failed" : "is-queued") : "";
  return [
    row.own ? "msg--own" : "msg--in",
    row.first ? "is-first" : "",
    row.last ? "is-last" : "",
    found ? "is-found" : "",
    chosen ? "is-chosen" : "",
    state,
  ].join(" ");
}

/** @param {MouseEvent} event @param {(at: Element | {x: number, y: number}) => void} open */
function openMenu(event, open) {
  const { target } = event;
  if (!(target instanceof Element) || target.closest("a")) return;
  const selected = document.getSelection();
  if (selected && !selected.isCollapsed && selected.containsNode(target, true)) return;
  event.preventDefault();
  open(pointOf(event));
}

/**
 * Beside the last message of a run; its place is kept beside the others.
 * @param {import("../face.js").Face} face @param {MessageRow} row @param {import("../../types.js").User | undefined} sender
 * @param {string} name
 */
function picture(face, row, sender, name) {
  const id = row.message.sender_id;
  if (!row.last) return html`<span class="msg__ava"></span>`;
  // by keyboard and for who hears the page the name and the menu of the message lead there
  return html`<span class="msg__ava" @click=${() => face.overlays.open("person", { userId: id })}>
    ${avatar(face, { id, name, size: "s", url: sender?.avatar_url })}
  </span>`;
}

/** @param {import("../face.js").Face} face @param {MessageRow} row @param {ChatView} chat @param {string} name */
function author(face, row, chat, name) {
  if (!row.first || row.own || !chat.is_group) return nothing;
  const admin = chat.members?.some(({ user, role }) => user.id === row.message.sender_id && role === "admin");
  return html`<h3 class="bubble__author" data-name=${hueOf(row.message.sender_id)}>
    <button
      class="bubble__name"
      type="button"
      @click=${() => face.overlays.open("person", { userId: row.message.sender_id })}
    >
      <bdi>${name}</bdi>
    </button>
    ${admin ? html`<span class="bubble__role">${t("msg.admin")}</span>` : nothing}
  </h3>`;
}

/** @param {string | null} text @param {readonly import("../../types.js").Attachment[] | null | undefined} files
 * @param {number} [under] what stands beneath it */
function kindOfBubble(text, files, under = 0) {
  if (files?.some(isPicture)) {
    const only = !text && !under && files.every(isPicture);
    return only ? "bubble--media bubble--only" : "bubble--media";
  }
  return text && isJumbo(text) ? "bubble--jumbo" : "";
}

/** Whose message is answered, where that is known. @param {Around} around */
function quotedName({ quoted, state }) {
  return quoted && senderName(quoted.sender_id, state);
}

/** @param {import("../face.js").Face} face @param {number} seq @param {Around} around */
function quote(face, seq, around) {
  const { quoted, chat } = around;
  const name = quotedName(around);
  const text = quoted?.deleted ? t("msg.deleted") : quoted ? messageWords(quoted) : t("msg.quote_far");
  const jump = () => face.showMessage(chat.id, seq);
  return html`<button class="quote" type="button" @click=${jump}>
    <span class="sr">${t("msg.quote")}</span>${name ? html`<b><bdi>${name}</bdi></b>` : nothing}
    <bdi class="quote__text truncate">${text}</bdi>
  </button>`;
}

/** Marks the place of a name in a text of ours. */
const NAME = "\uFDD1";

/** Who wrote it first, by the name they had then, which leads to who they are.
 * @param {import("../face.js").Face} face @param {{user_id: number, display_name: string}} first @param {State} state */
function forwardedFrom(face, first, state) {
  const [before, after] = t("msg.forwarded", { name: NAME }).split(NAME);
  const name = firstName(first, state);
  const open = () => face.overlays.open("person", { userId: first.user_id, name });
  return html`<p class="bubble__from">${icon("forward", "icon--xs")}${before}<button class="bubble__name" type="button" @click=${open}><bdi>${name}</bdi></button>${after}</p>`; // prettier-ignore
}

/** @param {{user_id: number, display_name: string}} first @param {State} state */
function firstName({ user_id: id, display_name: then }, { users }) {
  const now = users.get(id);
  return now?.deleted ? nameOf(now) : then;
}

/** When it was written and how far it has come; beside the reactions where there are any.
 * @param {import("../face.js").Face} face @param {Message} message @param {string | null} delivery @param {Around} around */
function foot(face, message, delivery, { state, chat }) {
  const { created_at: at, edited_at: edited, deleted, reactions: given } = message;
  const may = rightsOn(message, chat, state.me?.id ?? 0);
  const former = () => face.overlays.open("revisions", { chatId: chat.id, seq: message.seq });
  const shown =
    !edited || deleted ? nothing : may.history ? editedButton(former) : html`<span>${t("msg.edited")}</span>`;
  const meta = metaOf(at, delivery, shown);
  if (!given?.length || deleted) return meta;
  return html`<div class="bubble__foot">${reactions(face, message, state, may.react)} ${meta}</div>`;
}

/** @param {string} at when it was written @param {string | null} delivery @param {unknown} edited */
function metaOf(at, delivery, edited) {
  return html`<span class="meta"
    >${edited}<time datetime=${at} title=${fullTime(at)}>${clock(at)}</time>${delivery ? tick(delivery) : nothing}</span
  >`;
}

/** @param {() => void} former shows the former texts */
function editedButton(former) {
  return html`<button class="meta__edited" type="button" title=${t("msg.former")} @click=${former}>
    ${t("msg.edited")}<span class="sr">${t("msg.former")}</span>
  </button>`;
}

/** @param {string} state of delivery */
function tick(state) {
  const mark = state === "read" ? "tick--read" : state === "failed" ? "tick--fail" : "";
  return html`${icon(TICKS[state], `icon--xs tick ${mark}`)}<span class="sr" aria-live="off"
      >${t(`msg.${state}`)}</span
    >`;
}

/** @param {import("../face.js").Face} face @param {ChatView} chat @param {Message} message */
function tools(face, chat, message) {
  /** @param {MouseEvent & {currentTarget: Element}} event */
  const more = ({ currentTarget }) => {
    face.overlays.menu("message", { chatId: chat.id, item: message }, currentTarget);
  };
  /** @param {MouseEvent & {currentTarget: Element}} event */
  const signs = ({ currentTarget }) => pickReaction(face, message, currentTarget);
  const reply = html`<button
    class="ibtn ibtn--s"
    aria-label=${t("msg.reply")}
    title=${t("msg.reply")}
    @click=${() => face.reply(chat.id, message)}
  >
    ${icon("reply", "icon--s")}
  </button>`;
  const react = html`<button class="ibtn ibtn--s" aria-label=${t("msg.react")} title=${t("msg.react")} @click=${signs}>
    ${icon("react", "icon--s")}
  </button>`;
  return html`<div class="msg__tools" role="toolbar" aria-live="off" aria-label=${t("msg.tools")}>
    ${chat.left_seq === null && !chat.blocked ? react : nothing} ${barredFrom(chat) === null ? reply : nothing}
    <button class="ibtn ibtn--s" aria-label=${t("msg.more")} title=${t("msg.more")} aria-haspopup="menu" @click=${more}>
      ${icon("more", "icon--s")}
    </button>
  </div>`;
}

/** @param {import("../face.js").Face} face @param {Echo} echo */
function failure(face, echo) {
  const told = echo.code ? refusalText(echo, face.messenger.state().chats.get(echo.chat_id)) : t("msg.failed");
  const reason = echo.kind === "edit" ? t("refused.edit", { reason: told }) : told;
  return html`<div class="msg__fail">
    <span>${icon("alert", "icon--xs")}${reason}</span>
    ${
      !canRetry(echo)
        ? nothing
        : html`<button class="link-btn" type="button" @click=${() => face.messenger.retry(echo.cid)}>
            ${t("msg.retry")}
          </button>`
    }
    <button class="link-btn link-btn--danger" type="button" @click=${() => face.messenger.discard(echo.cid)}>
      ${t("msg.discard")}
    </button>
  </div>`;
}
