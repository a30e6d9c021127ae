/**
 * What one does with messages, from menus, keys and bubbles alike: each act once, with what it says to who does not see
 * the screen, and with the reason where it could not even begin. What the server refuses later is told by refusals.js.
 */

import { canRetry, isMine } from "../../state/changes.js";
import { errorText, t } from "../../words/i18n.js";

/** @typedef {import("../face.js").Face} Face @typedef {import("../../types.js").Message} Message
 * @typedef {import("../../types.js").Echo} Echo */

/** Signs of the quick row. @type {readonly string[]} */
export const QUICK_SIGNS = ["👍", "❤️", "🔥", "😂", "😮", "🙏"];

/** @param {Face} face @param {Promise<import("../../types.js").Done | import("../../types.js").Refused>} asked
 * @param {string} said */
async function done(face, asked, said) {
  const outcome = await asked;
  if (outcome.ok) face.announce(said);
  else face.overlays.toast({ text: errorText(outcome) });
  return outcome.ok;
}

/** Put one's own reaction there or take it away. @param {Face} face @param {Message} message @param {string} emoji */
export function toggleReaction(face, message, emoji) {
  const me = face.messenger.state().me?.id ?? 0;
  const on = !isMine(message, emoji, me);
  const said = t(on ? "say.reacted" : "say.unreacted", { emoji });
  return done(face, face.messenger.react(message.chat_id, message, emoji, on), said);
}

/** Any sign, from the picker. @param {Face} face @param {Message} message @param {Element} at */
export function pickReaction(face, message, at) {
  face.overlays.emoji(at, (emoji) => void toggleReaction(face, message, emoji));
}

/** @param {Face} face @param {Message} message @param {boolean} on */
export function setPinned(face, message, on) {
  return done(face, face.messenger.pin(message.chat_id, message, on), t(on ? "say.pinned" : "say.unpinned"));
}

/** Delete for everybody, or what could not be sent here, after a question. @param {Face} face @param {number} chatId @param {(Message | Echo)[]} targets
 * @returns {Promise<boolean>} whether it was done */
export async function askRemove(face, chatId, targets) {
  const n = targets.length;
  if (n === 0) return false;
  const unsent = targets.every((target) => "state" in target && target.state === "failed");
  const [first] = targets;
  // another text of a message that is still there: that stays
  const change = n === 1 && unsent && "kind" in first && first.kind === "edit" && canRetry(first);
  const agreed = await face.overlays.confirm({
    title: change ? t("remove.change_title") : n === 1 ? t("remove.title") : t("remove.title_many", { n }),
    text: t(change ? "remove.change_text" : unsent ? "remove.unsent" : n === 1 ? "remove.text" : "remove.texts"),
    act: t(unsent ? "context.discard" : "remove.act"),
    danger: true,
  });
  if (!agreed) return false;
  for (const target of targets) {
    const outcome = await face.messenger.remove(chatId, target);
    if (outcome.ok) continue;
    face.overlays.toast({ text: errorText(outcome) });
    return false;
  }
  face.announce(change ? t("say.change_dropped") : t("say.removed", { n }));
  return true;
}
