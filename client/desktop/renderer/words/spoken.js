/** A message in one breath, for who hears the page: who, to what, what, when, and what became of it. */

import { t } from "./i18n.js";
import { messageWords } from "./files.js";
import { spokenText } from "./text.js";

/** @typedef {import("../types.js").Message} Message
 * @typedef {Parameters<typeof messageWords>[0] & Partial<Pick<Message, "deleted" | "edited_at" | "reactions">>} Spoken
 * a message of the log, or one on its way */

/**
 * The name of a row of the log.
 * @param {Spoken} message
 * @param {{who: string, when: string, state: string | null, answers?: string | null, first?: string | null}} around
 * `when`: by the clock; `state`: how far one's own has come, as a key of `msg.`; `answers`: whose message it answers;
 * `first`: who wrote it first, where it is forwarded
 */
export function spokenMessage(message, { who, when, state, answers, first }) {
  const { content, attachments, edited_at: edited, reactions } = message;
  if (message.deleted) return [who, t("msg.deleted"), when].join(", ");
  const files = attachments?.length ? messageWords({ content: null, attachments }) : null;
  const given = reactions?.map(({ emoji, count }) => `${emoji} ${count}`).join(", ");
  const parts = [
    who,
    first && t("msg.forwarded", { name: first }),
    answers && `${t("msg.quote")} ${answers}`,
    content ? spokenText(content) : (files ?? t("msg.newer")),
    content && files,
    when,
    edited && t("msg.edited"),
    state && t(`msg.${state}`),
    given && `${t("msg.reactions")}: ${given}`,
  ];
  return parts.filter(Boolean).join(", ");
}
