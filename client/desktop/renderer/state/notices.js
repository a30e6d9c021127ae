/**
 * Which arrivals are worth a notification. One of a chat at a time; what came while the link was away is told in one
 * summary; a sound at most once in three seconds, and only for what is said to this user.
 */

import { isLive } from "./link-view.js";
import { isToTell, mentionsMe } from "./muting.js";

/**
 * `chat_id` is null for a summary of `count` messages; `chats`: up to which seq it tells of each chat.
 * @typedef {{chat_id: number | null, message: import("../types.js").Message | null, count: number,
 *   chats: ReadonlyMap<number, number>, silent: boolean}} Notice
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").ChatView} ChatView
 * @typedef {import("../types.js").State} State
 */

/** Milliseconds between two sounds. */
const SOUND_EVERY = 3000;
/** Messages that are kept for a summary; what is beyond is counted all the same. */
const KEPT = 1;

export class Notices {
  #soundAt = -Infinity;
  /** What has come since the link was lost; `chats`: the last seq in each. @type {{count: number, chats: Map<number, number>,
   * kept: {message: Message, chat: ChatView}[]}} */
  #held = { count: 0, chats: new Map(), kept: [] };

  /**
   * @param {Message} message @param {ChatView} chat
   * @param {State} state @param {boolean} looked somebody is looking at the chat @param {number} now milliseconds
   * @returns {Notice | null}
   */
  arrived(message, chat, state, looked, now) {
    if (!wanted(message, chat, state, looked)) return null;
    if (isLive(state.link)) return this.#notice(message, chat, state, now);
    this.#held.count += 1;
    this.#held.chats.set(chat.id, message.seq);
    if (this.#held.kept.length < KEPT) this.#held.kept.push({ message, chat });
    return null;
  }

  /**
   * The link is whole again: what was held is told at once.
   * @param {State} state @param {(chatId: number) => boolean} isLookedAt @param {number} now
   * @returns {Notice | null}
   */
  live(state, isLookedAt, now) {
    const { count, chats, kept } = this.#held;
    if (!count) return null;
    this.#held = { count: 0, chats: new Map(), kept: [] };
    if (count > 1) return { chat_id: null, message: null, count, chats, silent: true };
    const [{ message, chat }] = kept;
    return wanted(message, chat, state, isLookedAt(chat.id)) ? this.#notice(message, chat, state, now) : null;
  }

  /** @param {Message} message @param {ChatView} chat @param {State} state @param {number} now @returns {Notice} */
  #notice(message, chat, state, now) {
    const named = !chat.is_group || mentionsMe(message, state.me?.id ?? 0);
    const loud = state.settings.sounds && named && now - this.#soundAt >= SOUND_EVERY;
    if (loud) this.#soundAt = now;
    return { chat_id: chat.id, message, count: 1, chats: new Map([[chat.id, message.seq]]), silent: !loud };
  }
}

/** @param {Message} message @param {ChatView} chat @param {State} state @param {boolean} looked */
function wanted(message, chat, state, looked) {
  if (!state.settings.notifications || looked) return false;
  return isToTell(chat, message, state.me?.id ?? 0, Date.parse(message.created_at));
}
