/** Messages as a text to be pasted elsewhere: when, who, what. */

import { sizeText } from "./files.js";

/**
 * "[28.11.2026, 12:03] Анна Ковалёва: Доброе утро", a message a line; its further lines stand as they were written,
 * and each file in a line of its own: "[photo.jpg, 340 КБ]".
 * @param {import("../types.js").Message[]} messages @param {(userId: number) => string} nameOf
 * @param {(iso: string) => string} when
 */
export function transcript(messages, nameOf, when) {
  const inOrder = [...messages].sort((one, other) => one.seq - other.seq);
  return inOrder
    .map(({ created_at: at, sender_id: sender, content, attachments }) => {
      const files = (attachments ?? []).map(({ name, size }) => `[${name}, ${sizeText(size)}]`);
      return `[${when(at)}] ${nameOf(sender)}: ${[...(content ? [content] : []), ...files].join("\n")}`;
    })
    .join("\n");
}
