/** What can be done about a message, about one that is not sent, and about a chat: the menus of a right click. */

import { t } from "../core/i18n.js";
import { titleOf } from "../core/names.js";
import { toggleFavourite, toggleMuted, hideChat } from "./chat-actions.js";
import { copyText } from "./clipboard.js";

/** @typedef {import("./face.js").Face} Face @typedef {import("./menu.js").Menu} Menu */

/** @param {Face} face @param {{chatId: number, item: import("../types.js").Item}} params @returns {Menu} */
export function messageMenu(face, { chatId, item }) {
  const chat = face.messenger.state().chats.get(chatId);
  const items = [];
  if (item.type === "message" && !item.deleted && chat) {
    if (chat.left_seq === null) {
      items.push({ label: t("context.reply"), icon: "reply", key: "R", run: () => face.reply(chatId, item) });
    }
    if (item.content) items.push(copyItem(face, item.content));
  }
  return { label: t("context.message"), items };
}

/** @param {Face} face @param {{echo: import("../types.js").Echo}} params @returns {Menu} */
export function echoMenu(face, { echo }) {
  const failed = [
    { label: t("context.retry"), icon: "retry", run: () => void face.messenger.retry(echo.cid) },
    copyItem(face, echo.content),
    null,
    { label: t("context.discard"), icon: "trash", danger: true, run: () => void face.messenger.discard(echo.cid) },
  ];
  return { label: t("context.message"), items: echo.state === "failed" ? failed : [copyItem(face, echo.content)] };
}

/** @param {Face} face @param {{chatId: number}} params @returns {Menu} */
export function chatMenu(face, { chatId }) {
  const { chats, me } = face.messenger.state();
  const chat = chats.get(chatId);
  if (!chat) return { label: "", items: [] };
  const items = [
    { label: t(chat.is_group ? "info.group" : "info.person"), icon: "info", run: () => openInfo(face, chatId) },
    {
      label: t(chat.muted ? "context.unmute" : "context.mute"),
      icon: chat.muted ? "bell" : "mute",
      run: () => void toggleMuted(face, chat),
    },
    {
      label: t(chat.favourite ? "context.unpin" : "context.pin"),
      icon: "pin",
      run: () => void toggleFavourite(face, chat),
    },
    null,
    { label: t("context.hide"), icon: "close", run: () => void hideChat(face, chat) },
  ];
  const read = {
    label: t("context.read"),
    icon: "checks",
    run: () => face.messenger.read(chatId, chat.last_seq),
  };
  return {
    label: t("context.chat", { title: titleOf(chat, me) }),
    items: chat.unread_count > 0 ? [read, ...items] : items,
  };
}

/** @param {Face} face @param {string} text */
const copyItem = (face, text) => ({
  label: t("context.copy"),
  icon: "copy",
  key: "Ctrl C",
  run: async () => {
    const copied = await copyText(text);
    face.overlays.toast({ text: t(copied ? "toast.copied" : "toast.not_copied") });
  },
});

/** @param {Face} face @param {number} chatId */
const openInfo = (face, chatId) => face.overlays.open("chat-info", { chatId });
