/** Notices and the count of what is unread, where the system shows them. */

import { t } from "../words/i18n.js";
import { isLive } from "../state/link-view.js";
import { nameOf, titleOf } from "../words/names.js";
import { isRemoved, removedSince } from "../state/removed.js";
import { Notices } from "../state/notices.js";
import { messageWords } from "../words/files.js";

/** @typedef {import("../types.js").State} State @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").ChatView} ChatView */

/** Milliseconds that a notice waits for the name of who wrote. */
const STRANGER = 3000;
const SUMMARY = "summary";

export class Notify {
  #notices = new Notices();
  /** Messages of people who are being asked for. @type {Map<Message, ChatView>} */
  #strangers = new Map();
  #live = false;
  #unread = -1;
  /** Chats with a notice in sight: the seq that it tells of. @type {Map<number, number>} */
  #shown = new Map();
  /** A summary in sight: up to which seq it tells of each chat. @type {Map<number, number>} */
  #summary = new Map();
  /** The notices are known that were in sight when the link came. */
  #adopted = false;
  /** What was unread and deleted when it was looked at last. @type {Pick<State, "chats" | "removed"> | null} */
  #seen = null;
  /** What the other windows were told that is looked at here. @type {number | null} */
  #looks = null;

  /** @param {import("./face.js").Face} face */
  constructor(face) {
    this.face = face;
    const unhear = face.messenger.onArrival((message, chat) => {
      const state = face.messenger.state();
      if (!chat.is_group || state.users.has(message.sender_id)) return this.#arrived(message, chat);
      const { face: { ended } } = this; // prettier-ignore
      setTimeout(() => ended.aborted || this.#meet(message), STRANGER);
      this.#strangers.set(message, chat);
    });
    // a window that nobody sees draws no frames, and does not always know that it is hidden
    const unfollow = face.messenger.subscribe(() => this.rendered(face.messenger.state()));
    for (const kind of ["focus", "blur", "pagehide"]) {
      window.addEventListener(kind, ({ type }) => this.#look(type !== "pagehide"), { signal: face.ended });
    }
    face.ended.addEventListener("abort", () => {
      unhear();
      unfollow();
      void face.platform.closeNotes(); // of whichever window, and of a page before a reload
      this.#count(0);
    });
  }

  /** @param {Message} message @param {ChatView} chat */
  #arrived(message, chat) {
    const state = this.face.messenger.state();
    const looked = this.face.messenger.isLookedAt(chat.id);
    this.#show(this.#notices.arrived(message, chat, state, looked, performance.now()), state);
  }

  /** Who wrote it is known by now, or nobody waits for that any more. @param {Message} message */
  #meet(message) {
    const chat = this.#strangers.get(message);
    this.#strangers.delete(message);
    if (chat) this.#arrived(message, chat);
  }

  /** After each change, and after each render: a dialog is no change. @param {State} state */
  rendered(state) {
    this.#look();
    for (const message of this.#strangers.keys()) if (state.users.has(message.sender_id)) this.#meet(message);
    const live = isLive(state.link);
    if (live && !this.#live) this.#show(this.#notices.live(state, this.face.messenger.isLookedAt, performance.now()), state); // prettier-ignore
    this.#live = live;
    if (!live) this.#adopted = false;
    else if (state.listed && !this.#adopted) void this.#adopt();
    this.#close(state);
    this.#closeOthers(state);
    this.#count(state.unread);
  }

  /** Tell where somebody looks, when that changes: whichever window tells of arrivals has to know. What lies under a dialog
   * is not looked at. @param {boolean} [here] */
  #look(here = true) {
    const { messenger, overlays } = this.face;
    const looks = here && document.hasFocus() && !overlays.busy() ? messenger.state().current : null;
    if (looks === this.#looks) return;
    this.#looks = looks;
    this.face.messenger.look(looks);
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
    const { chat_id: chatId, message, chats, silent } = notice;
    const tag = chatId === null ? SUMMARY : tagOf(chatId);
    const words = this.#words(notice, state);
    const seq = message?.seq ?? 0;
    const { ended, platform } = this.face;
    const shown = platform.notify({ tag, chat_id: chatId ?? 0, seq, silent, ...words });
    void shown.then((done) => done || !platform.desktop || ended.aborted || this.#showHere(chatId, words));
    if (chatId !== null) this.#shown.set(chatId, seq);
    else this.#summary = new Map([...this.#summary, ...chats]);
    if (!document.hasFocus()) this.face.platform.attention();
  }

  /** The system shows nothing: in this window, then. @param {number | null} chatId
   * @param {{title: string, body: string}} words */
  #showHere(chatId, { title, body }) {
    const text = t("notice.here", { title, body });
    if (chatId === null) return this.face.overlays.toast({ text });
    const open = () => void this.face.openPlace({ chat_id: chatId, seq: null });
    this.face.overlays.toast({ text, action: t("notice.open"), run: open });
  }

  /** @param {import("../state/notices.js").Notice} notice @param {State} state */
  #words({ chat_id, message, count, chats }, state) {
    const chat = chat_id === null ? undefined : state.chats.get(chat_id);
    if (!chat || !message) {
      const messages = t("notice.messages", { n: count });
      return { title: t("auth.brand"), body: t("notice.summary", { messages, n: chats.size }) };
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
      if (isUnread(state, chatId, seq) && !isRemoved(state, { chat_id: chatId, seq })) continue;
      this.#shown.delete(chatId);
      void this.face.platform.closeNote(tagOf(chatId), 0, seq);
    }
    if (this.#summary.size === 0 || [...this.#summary].some(([chatId, seq]) => isUnread(state, chatId, seq))) return;
    this.#summary = new Map();
    void this.face.platform.closeNote(SUMMARY);
  }

  /** Notices that are there already, of another window or of this one before a reload: they end as those of this page. */
  async #adopt() {
    this.#adopted = true;
    const notes = await this.face.platform.notes();
    if (this.face.ended.aborted) return;
    const state = this.face.messenger.state();
    for (const { chat_id: chatId, seq } of notes) {
      if (chatId !== 0) this.#shown.set(chatId, Math.max(seq, this.#shown.get(chatId) ?? 0));
      else if (this.#summary.size === 0) this.#summary = lastUnread(state);
    }
    if (this.#summary.size === 0 && notes.some(({ chat_id: id }) => id === 0)) {
      void this.face.platform.closeNote(SUMMARY);
    }
    this.#close(state);
  }

  /** Those that another window shows, which may be gone: where a chat stops being unread, and what was deleted. @param {State} state */
  #closeOthers({ chats, removed }) {
    const before = this.#seen;
    if (before?.chats === chats && before.removed === removed) return;
    this.#seen = { chats, removed };
    if (!before) return;
    const { platform } = this.face;
    for (const { chat_id: id, seq } of removedSince(before.removed, removed)) {
      void platform.closeNote(tagOf(id), seq, seq);
    }
    if (before.chats === chats) return;
    const unread = lastUnread({ chats });
    const read = [...lastUnread(before).keys()].filter((id) => !unread.has(id));
    for (const id of read) void platform.closeNote(tagOf(id), 0, chats.get(id)?.last_seq);
    if (read.length > 0 && unread.size === 0) void platform.closeNote(SUMMARY);
  }
}

/** Chats with something unread, and their last seqs. @param {Pick<State, "chats">} state @returns {Map<number, number>} */
function lastUnread({ chats }) {
  const unread = [...chats.values()].filter(({ unread_count: count }) => count > 0);
  return new Map(unread.map(({ id, last_seq: last }) => [id, last]));
}

/** @param {State} state @param {number} chatId @param {number} seq */
function isUnread({ chats }, chatId, seq) {
  const chat = chats.get(chatId);
  return chat !== undefined && chat.unread_count > 0 && chat.read_seq < seq;
}

/** @param {number} chatId */
function tagOf(chatId) {
  return `chat-${chatId}`;
}
