/** Opening chats, and one's own flags of them: from dialogs and menus; what can be taken back is, by a toast. */

import { end } from "../../words/format.js";
import { errorText, isolate, t } from "../../words/i18n.js";
import { isMuted } from "../../state/muting.js";
import { titleOf } from "../../words/names.js";

/** @typedef {import("../face.js").Face} Face @typedef {import("../../types.js").ChatView} ChatView */

/**
 * @typedef {Parameters<Face["messenger"]["changeChat"]>[1]} Flags
 * Change it and say so.
 * @param {Face} face @param {ChatView} chat @param {Flags} wanted @param {Flags} [before] what the undo leads back to
 * @param {string} [said] what the toast says
 */
async function change(face, chat, wanted, before, said) {
  const outcome = await face.messenger.changeChat(chat.id, wanted);
  if (!outcome.ok) {
    face.overlays.toast({ text: errorText(outcome) });
    return false;
  }
  if (before && said) {
    const undo = () => void change(face, chat, before);
    face.overlays.toast({ text: said, action: t("toast.undo"), run: undo });
  }
  return true;
}

/** @param {Face} face @param {ChatView} chat */
const named = (face, chat) => ({ title: isolate(titleOf(chat, face.messenger.state().me)) });

/** One that was muted for a while is so again after the undo. @param {Face} face @param {ChatView} chat */
export function toggleMuted(face, chat) {
  const muted = isMuted(chat, Date.now());
  const before = muted ? flagsOf(chat) : { muted };
  return change(face, chat, { muted: !muted }, before, t(muted ? "toast.unmuted" : "toast.muted", named(face, chat)));
}

/** Muted until then, null: for ever; as it was before after the undo. @param {Face} face @param {ChatView} chat @param {string | null} until */
export function muteUntil(face, chat, until) {
  const now = new Date();
  const before = isMuted(chat, now.getTime()) ? flagsOf(chat) : { muted: false };
  const said = until
    ? t("toast.muted_until", { ...named(face, chat), time: end(until, now) })
    : t("toast.muted", named(face, chat));
  return change(face, chat, { muted: true, muted_until: until }, before, said);
}

/** @param {ChatView} chat */
const flagsOf = ({ muted, muted_until: until }) => ({ muted, muted_until: until ?? null });

/** @param {Face} face @param {ChatView} chat */
export const toggleFavourite = (face, chat) => change(face, chat, { favourite: !chat.favourite });

/** @param {Face} face @param {ChatView} chat */
export async function hideChat(face, chat) {
  const isOpen = () => face.messenger.state().current === chat.id;
  const was = isOpen();
  const hidden = await change(face, chat, { hidden: true }, { hidden: false }, t("toast.hidden", named(face, chat)));
  if (hidden && was && isOpen()) face.openChat(null);
  return hidden;
}

/** Open a chat, whatever lies over it; one that was hidden is in the list again. @param {Face} face @param {number} chatId */
export function showChat(face, chatId) {
  if (face.messenger.state().chats.get(chatId)?.hidden) void face.messenger.changeChat(chatId, { hidden: false });
  face.overlays.makeWay();
  face.openChat(chatId);
}

/**
 * Open the chat with a person. @param {Face} face @param {number} userId
 * @param {() => boolean} ready called before it opens; false: nobody waits for it any more
 */
export async function writeTo(face, userId, ready) {
  const answer = await face.messenger.openDirect(userId);
  if (answer.ok && ready()) showChat(face, answer.chat_id);
  return answer;
}
