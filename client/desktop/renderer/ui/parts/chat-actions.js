/** Opening chats, and one's own flags of them: from dialogs and menus; what can be taken back is, by a toast. */

import { errorText, isolate, t } from "../../words/i18n.js";
import { isMuted } from "../../state/muting.js";
import { titleOf } from "../../words/names.js";

/** @typedef {import("../face.js").Face} Face @typedef {import("../../types.js").ChatView} ChatView */

/**
 * Change it and say so; the undo is the opposite change.
 * @param {Face} face @param {ChatView} chat @param {"muted" | "favourite" | "hidden"} flag @param {boolean} value
 * @param {string | null} said what the toast says, null for none
 */
async function change(face, chat, flag, value, said) {
  const outcome = await face.messenger.changeChat(chat.id, { [flag]: value });
  if (!outcome.ok) {
    face.overlays.toast({ text: errorText(outcome) });
    return false;
  }
  if (said !== null) {
    const undo = () => void change(face, chat, flag, !value, null);
    face.overlays.toast({ text: said, action: t("toast.undo"), run: undo });
  }
  return true;
}

/** @param {Face} face @param {ChatView} chat */
const named = (face, chat) => ({ title: isolate(titleOf(chat, face.messenger.state().me)) });

/** @param {Face} face @param {ChatView} chat */
export const toggleMuted = (face, chat) =>
  change(
    face,
    chat,
    "muted",
    !isMuted(chat, Date.now()),
    t(isMuted(chat, Date.now()) ? "toast.unmuted" : "toast.muted", named(face, chat)),
  );

/** @param {Face} face @param {ChatView} chat */
export const toggleFavourite = (face, chat) => change(face, chat, "favourite", !chat.favourite, null);

/** @param {Face} face @param {ChatView} chat */
export async function hideChat(face, chat) {
  const { current } = face.messenger.state();
  const hidden = await change(face, chat, "hidden", true, t("toast.hidden", named(face, chat)));
  if (hidden && current === chat.id) face.openChat(null);
  return hidden;
}

/** Open a chat; one that was hidden is in the list again. @param {Face} face @param {number} chatId */
export function showChat(face, chatId) {
  if (face.messenger.state().chats.get(chatId)?.hidden) void face.messenger.changeChat(chatId, { hidden: false });
  face.openChat(chatId);
}

/**
 * Open the chat with a person. @param {Face} face @param {number} userId @param {() => void} ready called before it opens
 */
export async function writeTo(face, userId, ready) {
  const answer = await face.messenger.openDirect(userId);
  if (answer.ok) {
    ready();
    showChat(face, answer.chat_id);
  }
  return answer;
}
