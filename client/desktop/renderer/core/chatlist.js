/** The order of the chat list, and moving in it. */

/** @typedef {import("../types.js").ChatView} ChatView */

/**
 * What the list shows, in its order: favourites first, then by the last message (docs/protocol.md: GET /api/chats).
 * @param {Iterable<ChatView>} chats
 */
export function listed(chats) {
  return [...chats].filter((chat) => !chat.hidden).sort(before);
}

/** @param {ChatView} a @param {ChatView} b */
function before(a, b) {
  if (a.favourite !== b.favourite) return a.favourite ? -1 : 1;
  const [first, second] = [movedAt(a), movedAt(b)];
  if (first !== second) return first > second ? -1 : 1;
  return b.id - a.id;
}

/** @param {ChatView} chat */
function movedAt(chat) {
  return chat.last_message?.created_at ?? chat.created_at;
}

/**
 * The chat that many steps away from the current one; the ends are ends.
 * @param {ChatView[]} list @param {number | null} current @param {1 | -1} step
 */
export function neighbour(list, current, step) {
  const at = list.findIndex((chat) => chat.id === current);
  if (at < 0) return step > 0 ? list[0] : list.at(-1);
  return list[at + step];
}

/**
 * The next chat with something unread after the current one, from the top again at the end; muted ones last.
 * @param {ChatView[]} list @param {number | null} current
 */
export function nextUnread(list, current) {
  const at = list.findIndex((chat) => chat.id === current);
  const around = [...list.slice(at + 1), ...list.slice(0, Math.max(at, 0))].filter((chat) => chat.unread_count > 0);
  return around.find((chat) => !chat.muted) ?? around[0];
}
