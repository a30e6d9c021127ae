/** Whom one blocks, and the chats that are closed by it. */

/** @typedef {import("./next.js").Next} Next @typedef {import("./chats.js").Chat} Chat */

/** All of them. @param {Next} next @param {number[]} ids */
export function learnBlocked(next, ids) {
  const { blocked } = next.state;
  if (ids.length === blocked.size && ids.every((id) => blocked.has(id))) return closeChats(next);
  next.state.blocked = new Set(ids);
  closeChats(next);
}

/** One more, or one less. @param {Next} next @param {number} userId @param {boolean} on */
export function learnBlock(next, userId, on) {
  const others = [...next.state.blocked].filter((id) => id !== userId);
  learnBlocked(next, on ? [...others, userId] : others);
}

/** A chat as it is by what is known of its peer. @param {Chat} chat @param {ReadonlySet<number>} blocked @returns {Chat} */
export function closedBy(chat, blocked) {
  const closed = chat.peer !== null && blocked.has(chat.peer.id);
  return chat.blocked === closed ? chat : { ...chat, blocked: closed };
}

/** @param {Next} next */
function closeChats(next) {
  for (const id of next.state.chats.keys()) next.chat(id, (chat) => closedBy(chat, next.state.blocked));
}
