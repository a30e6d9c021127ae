/** What can be done about a message, about one that is not sent, and about a chat: the menus of a right click. */

import { isolate, t } from "../../words/i18n.js";
import { isMuted } from "../../state/muting.js";
import { hasLostSource } from "../../state/removed.js";
import { isSaved, nameOf, titleOf } from "../../words/names.js";
import { placeLink } from "../../state/places.js";
import { canRetry, isMine, isWhole, rightsOn } from "../../state/changes.js";
import { latestOf } from "../../state/people.js";
import { askRemove, pickReaction, QUICK_SIGNS, setPinned, toggleReaction } from "./acts.js";
import { notifyMenu, unmuteLabel } from "../parts/mute-menu.js";
import { blockItems } from "../parts/blocking.js";
import { isPinned } from "./pinned.js";
import { toggleFavourite, toggleMuted, hideChat } from "../parts/chat-actions.js";
import { copyAndTell } from "../parts/copying.js";
import { keyName } from "../parts/keys.js";

/** @typedef {import("../face.js").Face} Face @typedef {import("../parts/menu.js").Menu} Menu */

/** @param {Face} face @param {{chatId: number, item: import("../../types.js").Item}} params @returns {Menu} */
export function messageMenu(face, { chatId, item }) {
  const state = face.messenger.state();
  const chat = state.chats.get(chatId);
  const label = t("context.message");
  if (item.type !== "message" || item.deleted || !chat) return { label, items: [] };
  const me = state.me?.id ?? 0;
  const may = rightsOn(item, chat, me);
  const items = [];
  if (may.reply) {
    items.push({ label: t("context.reply"), icon: "reply", key: "R", run: () => face.reply(chatId, item) });
  }
  if (may.edit && isWhole(item)) {
    items.push({ label: t("context.edit"), icon: "edit", key: "↑", run: () => face.edit(chatId, item) });
  }
  if (item.content) items.push(copyItem(face, item.content));
  const link = placeLink(state.server.url, chatId, item.seq);
  items.push({ label: t("context.copy_link"), icon: "link", run: () => void copyAndTell(face, link) });
  if (isWhole(item)) {
    const forward = () => face.overlays.open("forward", { messages: [item] });
    items.push({ label: t("context.forward"), icon: "forward", run: forward });
    const select = () => face.select(chatId, item.seq);
    items.push({ label: t("context.select"), icon: "select", run: select });
  }
  if (may.pin) items.push(pinItem(face, item, isPinned(state, chat, item.seq)));
  if (item.reactions?.length) {
    const who = () => face.overlays.open("who-reacted", { chatId, seq: item.seq });
    items.push({ label: t("context.reacted"), icon: "smile", run: who });
  }
  if (may.readers) {
    const readers = () => face.overlays.open("readers", { chatId, seq: item.seq });
    items.push({ label: t("context.readers"), icon: "read", run: readers });
  }
  if (chat.is_group && item.sender_id !== me) {
    const name = isolate(nameOf(state.users.get(item.sender_id)));
    const profile = () => face.overlays.open("person", { userId: item.sender_id });
    items.push({ label: t("msg.profile", { name }), icon: "user", run: profile });
  }
  if (may.history) {
    const former = () => face.overlays.open("revisions", { chatId, seq: item.seq });
    items.push({ label: t("context.revisions"), icon: "clock", run: former });
  }
  if (may.remove) {
    items.push(
      null,
      removeItem(() => void askRemove(face, chatId, [item])),
    );
  }
  return { label, items, quick: may.react ? quickOf(face, item, me) : undefined };
}

/** @param {Face} face @param {import("../../types.js").Message} message @param {number} me @returns {import("../parts/menu.js").Quick} */
function quickOf(face, message, me) {
  return {
    signs: QUICK_SIGNS,
    on: QUICK_SIGNS.filter((sign) => isMine(message, sign, me)),
    label: (sign) => t(isMine(message, sign, me) ? "context.unreact" : "context.react", { emoji: sign }),
    run: (sign) => void toggleReaction(face, message, sign),
    more: { label: t("msg.react"), run: (at) => pickReaction(face, message, at) },
  };
}

/** @param {Face} face @param {import("../../types.js").Message} message @param {boolean} pinned */
const pinItem = (face, message, pinned) => ({
  label: t(pinned ? "context.unpin_message" : "context.pin_message"),
  icon: "pin",
  run: () => void setPinned(face, message, !pinned),
});

/** @param {() => void} run */
const removeItem = (run) => ({ label: t("context.remove"), icon: "trash", key: keyName(["Del"]), danger: true, run });

/** @param {Face} face @param {{echo: import("../../types.js").Echo}} params @returns {Menu} */
export function echoMenu(face, { echo }) {
  const retry = { label: t("context.retry"), icon: "retry", run: () => void face.messenger.retry(echo.cid) };
  const copy = echo.content && !hasLostSource(face.messenger.state(), echo) ? [copyItem(face, echo.content)] : [];
  const other = [...(canRetry(echo) ? [retry] : []), ...copy];
  const failed = [
    ...other,
    ...(other.length ? [null] : []),
    {
      label: t("context.discard"),
      icon: "trash",
      key: keyName(["Del"]),
      danger: true,
      run: () => void face.messenger.discard(echo.cid),
    },
  ];
  const waiting = [
    { label: t("context.edit"), icon: "edit", key: "↑", run: () => face.edit(echo.chat_id, echo) },
    ...copy,
    null,
    removeItem(() => void askRemove(face, echo.chat_id, [echo])),
  ];
  return { label: t("context.message"), items: echo.state === "failed" ? failed : waiting };
}

/**
 * `find`: looks in the chat, where it is the one that is open.
 * @param {Face} face @param {{chatId: number, find?: () => void}} params @param {import("../parts/popup.js").Anchor} at
 * @returns {Menu}
 */
export function chatMenu(face, { chatId, find }, at) {
  const { chats, me, users } = face.messenger.state();
  const chat = chats.get(chatId);
  if (!chat) return { label: "", items: [] };
  const now = new Date();
  const muted = isMuted(chat, now.getTime());
  const items = [
    { label: t(chat.is_group ? "info.group" : "info.person"), icon: "info", run: () => openInfo(face, chatId) },
    ...(find ? [{ label: t("log.find"), icon: "search", key: keyName(["Ctrl", "F"], " "), run: find }] : []),
    {
      label: muted ? unmuteLabel(chat, now) : t("context.mute"),
      icon: muted ? "bell" : "mute",
      run: () => void toggleMuted(face, chat),
    },
    {
      label: t("context.notify"),
      icon: "bell",
      run: () => face.overlays.showMenu(notifyMenu(face, chat), at),
    },
    {
      label: t(chat.favourite ? "context.unpin" : "context.pin"),
      icon: "pin",
      run: () => void toggleFavourite(face, chat),
    },
    { label: t("files.title"), icon: "folder", run: () => face.overlays.open("shared-files", { chatId }) },
    { label: t("date.title"), icon: "clock", run: () => face.overlays.open("date", { chatId }) },
    null,
    { label: t("context.hide"), icon: "close", run: () => void hideChat(face, chat) },
    ...(chat.peer && !isSaved(chat, me) ? blockItems(face, latestOf(users, chat.peer)) : []),
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
  key: keyName(["Ctrl", "C"], " "),
  run: () => void copyAndTell(face, text),
});

/** @param {Face} face @param {number} chatId */
const openInfo = (face, chatId) => face.overlays.open("chat-info", { chatId });
