/**
 * Which messages are gone: whoever still holds one, in a dialog or as an answer to be, shows its text no more. The log
 * forgets the text by itself (timeline.js); this is for what was taken out of it before.
 */

import { itemAt } from "./timeline.js";

/** @typedef {import("../types.js").State} State @typedef {{chat_id: number, seq: number}} Place */

/** Deletions of the past that are remembered. */
const REMEMBERED = 5000;

/** @param {Place} place */
const keyOf = ({ chat_id: chatId, seq }) => `${chatId} ${seq}`;

/** @param {ReadonlySet<string>} removed @param {Place} place @returns {ReadonlySet<string>} the same where it is known */
export function withRemoved(removed, place) {
  const key = keyOf(place);
  return removed.has(key) ? removed : new Set([...removed, key].slice(-REMEMBERED));
}

/** What was deleted since. @param {ReadonlySet<string>} before @param {ReadonlySet<string>} removed @returns {Place[]} */
export function removedSince(before, removed) {
  const keys = before === removed ? [] : [...removed].filter((key) => !before.has(key));
  return keys.map((key) => key.split(" ").map(Number)).map(([chat_id, seq]) => ({ chat_id, seq }));
}

/**
 * It was deleted as far as is known here, is being deleted, or may not be seen any more.
 * @param {State} state @param {Place} place
 */
export function isRemoved(state, place) {
  const { chat_id: chatId, seq } = place;
  const chat = state.chats.get(chatId);
  if ((chat && seq < chat.first_seq) || state.removed.has(keyOf(place))) return true;
  const waits = state.echoes.lists.get(chatId) ?? [];
  if (waits.some((echo) => echo.kind === "delete" && echo.state === "queued" && echo.seq === seq)) return true;
  const item = itemAt(state.timelines.get(chatId)?.items ?? [], seq);
  return item?.type === "message" && item.deleted;
}

/**
 * What it forwards was deleted: its text is not shown any more, while it waits or where it failed for that.
 * @param {State} state @param {import("../types.js").Echo} echo
 */
export const hasLostSource = (state, echo) =>
  echo.forward !== null && (echo.code === "message_deleted" || isRemoved(state, echo.forward));
