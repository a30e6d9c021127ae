/** Messages as a text to be pasted elsewhere: when, who, what. */

/**
 * "[28.11.2026, 12:03] Анна Ковалёва: Доброе утро", a message a line; its further lines stand as they were written.
 * @param {import("../types.js").Message[]} messages @param {(userId: number) => string} nameOf
 * @param {(iso: string) => string} when
 */
export function transcript(messages, nameOf, when) {
  const inOrder = [...messages].sort((one, other) => one.seq - other.seq);
  return inOrder
    .map(({ created_at: at, sender_id: sender, content }) => `[${when(at)}] ${nameOf(sender)}: ${content ?? ""}`)
    .join("\n");
}
