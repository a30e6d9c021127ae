/** The menu of what a chat may tell: all, mentions, nothing; and muting it for a while. */

import { clock } from "../../words/format.js";
import { errorText, isolate, t } from "../../words/i18n.js";
import { isMuted, mutings } from "../../state/muting.js";
import { titleOf } from "../../words/names.js";

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
    run: () => void apply({ muted: true, muted_until: until }, t("toast.muted", { title })),
  }));
  const unmute = { label: t("context.unmute"), icon: "bell", run: () => void apply({ muted: false }, t("toast.unmuted", { title })) }; // prettier-ignore
  return {
    label: t("context.notify"),
    items: [...choices, null, ...(isMuted(chat, now.getTime()) ? [unmute] : times)],
  };
}
