/** Notices and the count of what is unread, where the system shows them. */

import { t } from "../words/i18n.js";
import { isLive } from "../state/link-view.js";
import { nameOf, titleOf } from "../words/names.js";
import { Notices } from "../state/notices.js";
import { messageWords } from "../words/files.js";

/** @typedef {import("../types.js").State} State */

const SUMMARY = "summary";

export class Notify {
  #notices = new Notices();
  #live = false;
  #unread = -1;
  /** Chats with a notice in sight: the seq that it tells of. @type {Map<number, number>} */
  #shown = new Map();
  /** A summary of several chats is in sight. */
  #summary = false;

  /** @param {import("./face.js").Face} face */
  constructor(face) {
    this.face = face;
    const unhear = face.messenger.onArrival((message, chat) => {
      const state = face.messenger.state();
      this.#show(this.#notices.arrived(message, chat, state, document.hasFocus(), performance.now()), state);
    });
    face.ended.addEventListener("abort", () => {
      unhear();
      if (this.#summary) void face.platform.closeNote(SUMMARY);
      for (const chatId of this.#shown.keys()) void face.platform.closeNote(tagOf(chatId));
      this.#count(0);
    });
  }

  /** After each render. @param {State} state */
  rendered(state) {
    const live = isLive(state.link);
    if (live && !this.#live) this.#show(this.#notices.live(state, document.hasFocus(), performance.now()), state);
    this.#live = live;
    this.#close(state);
    this.#count(state.unread);
  }

  /** @param {number} unread */
  #count(unread) {
    const title = unread ? t("notice.window_title", { count: String(unread) }) : t("auth.brand");
    document.title = title;
    if (unread === this.#unread) return;
    this.#unread = unread;
    this.face.platform.setBadge(unread, title);
  }

  /** @param {import("../state/notices.js").Notice | null} notice @param {State} state */
  #show(notice, state) {
    if (!notice) return;
    const { chat_id: chatId, message, silent } = notice;
    const tag = chatId === null ? SUMMARY : tagOf(chatId);
    const words = this.#words(notice, state);
    const shown = this.face.platform.notify({ tag, chat_id: chatId ?? 0, silent, ...words });
    void shown.then((done) => done || !this.face.platform.desktop || this.#showHere(chatId, words));
    if (chatId !== null) this.#shown.set(chatId, message?.seq ?? 0);
    else this.#summary = true;
    if (!document.hasFocus()) this.face.platform.attention();
  }

  /** The system shows nothing: in this window, then. @param {number | null} chatId
   * @param {{title: string, body: string}} words */
  #showHere(chatId, { title, body }) {
    const text = t("notice.here", { title, body });
    if (chatId === null) this.face.overlays.toast({ text });
    else this.face.overlays.toast({ text, action: t("notice.open"), run: () => this.face.openChat(chatId) });
  }

  /** @param {import("../state/notices.js").Notice} notice @param {State} state */
  #words({ chat_id, message, count, chats }, state) {
    const chat = chat_id === null ? undefined : state.chats.get(chat_id);
    if (!chat || !message) {
      const messages = t("notice.messages", { n: count });
      return { title: t("auth.brand"), body: t("notice.summary", { messages, n: chats }) };
    }
    const title = titleOf(chat, state.me);
    if (!state.settings.notify_text) return { title, body: t("notice.hidden") };
    const text = messageWords(message);
    const name = nameOf(state.users.get(message.sender_id));
    return { title, body: chat.is_group ? t("notice.from", { name, text }) : text };
  }

  /** A notice lives as long as its message is unread, whichever window or device reads it. @param {State} state */
  #close(state) {
    for (const [chatId, seq] of this.#shown) {
      const chat = state.chats.get(chatId);
      if (chat && chat.unread_count > 0 && chat.read_seq < seq) continue;
      this.#shown.delete(chatId);
      void this.face.platform.closeNote(tagOf(chatId));
    }
    if (!this.#summary || state.unread > 0) return;
    this.#summary = false;
    void this.face.platform.closeNote(SUMMARY);
  }
}

/** @param {number} chatId */
function tagOf(chatId) {
  return `chat-${chatId}`;
}
