/** Who types in a chat, in words. */

import { t } from "../../words/i18n.js";
import { firstNameOf } from "../../words/names.js";

/** @param {import("../../types.js").State} state @param {import("../../types.js").ChatView} chat */
export function typingText(state, chat) {
  if (!chat.is_group) return t("row.typing");
  const [first, ...others] = chat.typing;
  const name = firstNameOf(state.users.get(first));
  return others.length ? t("row.typing_many", { name, n: others.length }) : t("row.typing_one", { name });
}
