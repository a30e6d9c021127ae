/** The chat list as it is shown, and moving in it. */

import { known } from "../protocol/known.js";
import { listed } from "./chats.js";
import { isMuted } from "./muting.js";

/** @typedef {import("../types.js").ChatView} ChatView
 * @typedef {Pick<import("../types.js").State, "chats" | "current" | "me">} Seen */

/**
 * Whether there is anything to see: a direct chat that somebody began and left without a word stands in nobody's list,
 * and whoever is looked for there is found as a person.
 * @param {ChatView} chat @param {Pick<Seen, "current" | "me">} seen
 */
export function hasContent(chat, { current, me }) {
  if (chat.is_group || chat.last_seq > 0 || chat.last_message || chat.favourite || chat.id === current) return true;
  return chat.peer?.id === me?.id || chat.draft !== "" || chat.queued > 0 || chat.failed > 0;
}

/**
 * Favourites on top, each half in the server's order; hidden chats are left out, and direct ones that nothing was
 * written in.
 * @param {Seen} seen
 */
export function shownChats(seen) {
  const list = listed(seen.chats).filter((chat) => hasContent(chat, seen));
  return [...list.filter((chat) => chat.favourite), ...list.filter((chat) => !chat.favourite)];
}

/** The chat that is open. @template C @param {{current: number | null, chats: ReadonlyMap<number, C>}} state
 * @returns {C | undefined} */
export const currentChat = ({ current, chats }) => (current === null ? undefined : chats.get(current));

/** What is loaded of it. @template L @param {{current: number | null, timelines: ReadonlyMap<number, L>}} state
 * @returns {L | undefined} */
export const currentTimeline = ({ current, timelines }) => (current === null ? undefined : timelines.get(current));

/** The same list again where no chat has moved in it: a draft, a mark or a name sorts nothing. */
export class ShownChats {
  /** @type {Seen | null} */
  #seen = null;
  /** @type {ChatView[]} */
  #list = [];

  /** @param {Seen} seen @returns {ChatView[]} */
  of({ chats, current, me }) {
    const before = this.#seen;
    const seen = { chats, current, me };
    this.#seen = seen;
    if (before && chats === before.chats && current === before.current) return this.#list;
    const stays =
      before?.chats.size === chats.size &&
      [...chats].every(([id, chat]) => isAsBefore(before.chats.get(id), chat, before, seen));
    this.#list = stays ? this.#list.map(({ id }) => known(chats, id)) : shownChats(seen);
    return this.#list;
  }
}

/** Nothing that decides on its place has changed.
 * @param {ChatView | undefined} before @param {ChatView} chat @param {Seen} then @param {Seen} now */
function isAsBefore(before, chat, then, now) {
  if (before === chat && then.current === now.current) return true;
  return (
    before !== undefined &&
    before.hidden === chat.hidden &&
    before.favourite === chat.favourite &&
    before.created_at === chat.created_at &&
    before.last_message?.created_at === chat.last_message?.created_at &&
    hasContent(before, then) === hasContent(chat, now)
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
