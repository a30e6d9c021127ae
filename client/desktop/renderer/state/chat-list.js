/** The chat list as it is shown, and moving in it. */

import { listed } from "./chats.js";
import { isMuted } from "./muting.js";

/** @typedef {import("../types.js").ChatView} ChatView */

/** Favourites on top, each half in the server's order; hidden chats are left out. @param {Map<number, ChatView>} chats */
export function shownChats(chats) {
  const list = listed(chats);
  return [...list.filter((chat) => chat.favourite), ...list.filter((chat) => !chat.favourite)];
}

/** The same list again where no chat has moved in it: a draft, a mark or a name sorts nothing. */
export class ShownChats {
  /** @type {Map<number, ChatView> | null} */
  #chats = null;
  /** @type {ChatView[]} */
  #list = [];

  /** @param {Map<number, ChatView>} chats @returns {ChatView[]} */
  of(chats) {
    if (chats === this.#chats) return this.#list;
    const before = this.#chats;
    const stays = before?.size === chats.size && [...chats].every(([id, chat]) => isAsBefore(before.get(id), chat));
    this.#list = stays ? this.#list.map(({ id }) => /** @type {ChatView} */ (chats.get(id))) : shownChats(chats);
    this.#chats = chats;
    return this.#list;
  }
}

/** Nothing that decides on its place has changed. @param {ChatView | undefined} before @param {ChatView} chat */
function isAsBefore(before, chat) {
  if (before === chat) return true;
  return (
    before !== undefined &&
    before.hidden === chat.hidden &&
    before.favourite === chat.favourite &&
    before.created_at === chat.created_at &&
    before.last_message?.created_at === chat.last_message?.created_at
  );
}

/**
 * The chat one step away from the current one; the ends are ends.
 * @param {ChatView[]} list @param {number | null} current @param {1 | -1} step
 */
export function neighbour(list, current, step) {
  const at = list.findIndex((chat) => chat.id === current);
  if (at < 0) return step > 0 ? list[0] : list.at(-1);
  return list[at + step];
}

/**
 * The next chat with something unread after the current one, from the top again at the end; muted ones last.
 * @param {ChatView[]} list @param {number | null} current @param {number} now ms since 1970
 */
export function nextUnread(list, current, now) {
  const at = list.findIndex((chat) => chat.id === current);
  const around = [...list.slice(at + 1), ...list.slice(0, Math.max(at, 0))].filter((chat) => chat.unread_count > 0);
  return around.find((chat) => !isMuted(chat, now)) ?? around[0];
}
