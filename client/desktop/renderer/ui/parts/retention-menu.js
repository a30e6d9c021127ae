/** The menu of how long a group keeps its messages, for its admins. */

import { errorText, isolate, t } from "../../words/i18n.js";
import { titleOf } from "../../words/names.js";
import { choices, keptDays } from "../../state/retention.js";

/** @typedef {import("../face.js").Face} Face @typedef {import("../../types.js").ChatView} ChatView */

/** @param {Face} face @param {ChatView} chat @returns {import("./menu.js").Menu} */
export function retentionMenu(face, chat) {
  const { limits, me } = face.messenger.state();
  const servers = limits.retention_days ?? 0;
  /** @param {number} days */
  const choose = async (days) => {
    const before = keptDays(chat, limits);
    const removes = days > 0 && (before === 0 || days < before);
    const title = isolate(titleOf(chat, me));
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
  const unlimited = servers > 0 ? t("retention.as_server", { n: servers }) : t("retention.ever");
  return {
    label: t("retention.title"),
    items: choices(chat, limits).map((days) => ({
      label: days > 0 ? t("retention.days", { n: days }) : unlimited,
      icon: "clock",
      checked: chat.retention_days === days,
      run: () => void choose(days),
    })),
  };
}
