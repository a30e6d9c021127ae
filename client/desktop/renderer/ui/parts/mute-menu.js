/** The menu of what a chat may tell: all, mentions, nothing; and muting it for a while. */

import { clock, end } from "../../words/format.js";
import { errorText, isolate, t } from "../../words/i18n.js";
import { isMuted, mutings } from "../../state/muting.js";
import { titleOf } from "../../words/names.js";
import { muteUntil, toggleMuted } from "./chat-actions.js";

/** @typedef {import("../face.js").Face} Face @typedef {import("../../types.js").ChatView} ChatView */

/** What one may be told of. @type {readonly ChatView["notify"][]} */
const NOTICES = ["all", "mentions", "none"];

/** @param {Face} face @param {ChatView} chat @returns {import("./menu.js").Menu} */
export function notifyMenu(face, chat) {
  const now = new Date();
  const title = isolate(titleOf(chat, face.messenger.state().me));
  /** @param {Parameters<Face["messenger"]["changeChat"]>[1]} change @param {string} said */
  const apply = async (change, said) => {
    const outcome = await face.messenger.changeChat(chat.id, change);
    face.overlays.toast({ text: outcome.ok ? said : errorText(outcome) });
  };
  const choices = NOTICES.map((notify) => ({
    label: t(`notify.${notify}`),
    icon: notify === "all" ? "bell" : notify === "mentions" ? "user" : "mute",
    checked: (chat.notify ?? "all") === notify,
    run: () => void apply({ notify }, t(`notify.said_${notify}`, { title })),
  }));
  const times = mutings(now).map(({ id, until }) => ({
    label: t(`mute.${id}`, { time: until ? clock(until) : "" }),
    icon: "mute",
    run: () => void muteUntil(face, chat, until),
  }));
  const unmute = { label: unmuteLabel(chat, now), icon: "bell", run: () => void toggleMuted(face, chat) };
  return {
    label: t("context.notify"),
    items: [...choices, null, ...(isMuted(chat, now.getTime()) ? [unmute] : []), ...times],
  };
}

/** How a muted chat is muted: until when, where that ends. @param {ChatView} chat @param {Date} now */
export const mutedText = ({ muted_until: until }, now) =>
  until ? t("mute.until", { time: end(until, now) }) : t("row.muted");

/** @param {ChatView} chat one that is muted @param {Date} now */
export const unmuteLabel = ({ muted_until: until }, now) =>
  until ? t("context.unmute_until", { time: end(until, now) }) : t("context.unmute");
