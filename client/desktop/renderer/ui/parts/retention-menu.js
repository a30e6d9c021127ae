/** The menu of how long a group keeps its messages, for its admins. */

import { errorText, isolate, t } from "../../words/i18n.js";
import { titleOf } from "../../words/names.js";
import { CHOICES } from "../../state/retention.js";

/** @typedef {import("../face.js").Face} Face @typedef {import("../../types.js").ChatView} ChatView */

/** @param {Face} face @param {ChatView} chat @returns {import("./menu.js").Menu} */
export function retentionMenu(face, chat) {
  /** @param {number} days */
  const choose = async (days) => {
    const removes = days > 0 && (chat.retention_days === 0 || days < chat.retention_days);
    const title = isolate(titleOf(chat, face.messenger.state().me));
    const question = {
      title: t("retention.confirm_title", { n: days }),
      text: t("retention.confirm_text", { title }),
      act: t("retention.confirm"),
      danger: true,
    };
    if (days === chat.retention_days || (removes && !(await face.overlays.confirm(question)))) return;
    const outcome = await face.messenger.changeChat(chat.id, { retention_days: days });
    const said = days > 0 ? t("event.kept_days_by_you", { n: days }) : t("event.kept_ever_by_you");
    face.overlays.toast({ text: outcome.ok ? said : errorText(outcome) });
  };
  return {
    label: t("retention.title"),
    items: CHOICES.map((days) => ({
      label: days > 0 ? t("retention.days", { n: days }) : t("retention.ever"),
      icon: "clock",
      checked: chat.retention_days === days,
      run: () => void choose(days),
    })),
  };
}
