/** Where a copy of a message can go: one's saved messages, chats, and people with whom there is no chat yet. */

import { barredFrom } from "./changes.js";
import { hasContent } from "./chat-list.js";
import { latestOf } from "./people.js";

/** @typedef {import("../types.js").State} State @typedef {import("../types.js").ChatView} ChatView
 * @typedef {import("../types.js").User} User */
/**
 * `id` stays as it is where the chat with a person is made meanwhile. A group has a chat and no person, a chat of two has both,
 * and a person with whom there is none yet has no chat. @typedef {{id: string, chat: ChatView | null, user: User | null}} Destination
 */

/** @param {User} user @param {ChatView | null} chat @returns {Destination} */
const withUser = (user, chat) => ({ id: `user-${user.id}`, chat, user });

/** @param {ChatView} chat @param {Pick<State, "users">} state @returns {Destination} */
function withChat(chat, { users }) {
  const { peer } = chat;
  return peer ? withUser(latestOf(users, peer), chat) : { id: `chat-${chat.id}`, chat, user: null };
}

/** The chat of two with this person. @param {Pick<State, "chats">} state @param {number} userId @returns {ChatView | null} */
export function directWith({ chats }, userId) {
  for (const chat of chats.values()) if (!chat.is_group && chat.peer?.id === userId) return chat;
  return null;
}

/** Who is not offered as a person without a chat: there is one that was begun, or that is closed, or one blocks them; and oneself.
 * @param {State} state @returns {Set<number>} */
export function notToBeMet(state) {
  const met = [...state.chats.values()].filter(
    (chat) => chat.hidden || barredFrom(chat) !== null || hasContent(chat, state),
  );
  const ids = [...met.flatMap(({ peer }) => (peer ? [peer.id] : [])), ...state.blocked];
  return new Set(state.me ? [...ids, state.me.id] : ids);
}

/**
 * One's saved messages first, also where they were never opened; then chats in their order, where something is typed hidden
 * ones too; then people.
 * @param {State} state @param {readonly ChatView[]} shown the chats of the list @param {readonly User[]} people
 * @param {boolean} typed @returns {Destination[]}
 */
export function destinations(state, shown, people, typed) {
  const { me, chats } = state;
  const hidden = typed ? [...chats.values()].filter((chat) => chat.hidden) : [];
  const open = [...shown, ...hidden].filter((chat) => barredFrom(chat) === null && (!me || chat.peer?.id !== me.id));
  const direct = new Map(
    [...chats.values()].flatMap((chat) => (!chat.is_group && chat.peer ? [[chat.peer.id, chat]] : [])),
  );
  const strange = notToBeMet(state);
  const others = people.filter((user) => !user.deleted && !strange.has(user.id));
  return [
    ...(me ? [withUser(me, direct.get(me.id) ?? null)] : []),
    ...open.map((chat) => withChat(chat, state)),
    ...others.map((user) => withUser(user, direct.get(user.id) ?? null)),
  ];
}
