/** Who types where, until they stop, write, or are not heard of any more. */

/** @typedef {import("./next.js").Next} Next */

/** Milliseconds after which a `typing` is over. */
const TYPING = 6000;

/** @param {Next} next @param {{chat_id: number, user_id: number, on: boolean}} typing */
export function hearTyping(next, { chat_id, user_id, on }) {
  const typist = { chat_id, user_id, until: next.now + TYPING };
  if (user_id === next.me) return;
  if (!on) return stopTyping(next, typist);
  next.own("typists").set(`${chat_id} ${user_id}`, typist);
  next.chat(chat_id, (chat) => (chat.typing.includes(user_id) ? chat : { ...chat, typing: [...chat.typing, user_id] }));
}

/** @param {Next} next @param {{chat_id: number, user_id: number}} typist */
export function stopTyping(next, { chat_id, user_id }) {
  const key = `${chat_id} ${user_id}`;
  if (next.state.typists.has(key)) next.own("typists").delete(key);
  next.chat(chat_id, (chat) =>
    chat.typing.includes(user_id) ? { ...chat, typing: chat.typing.filter((id) => id !== user_id) } : chat,
  );
}
