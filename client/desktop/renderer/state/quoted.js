/**
 * Messages that others answer and that are not among the loaded ones: a quote says whose they are and what. They are
 * known as long as the timeline of their chat is, follow edits and deletions, and are no more than it answers.
 */

import { shownMessage } from "./changes.js";
import { changedBy, itemAt } from "./timeline.js";

/** @typedef {import("../types.js").State} State @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").Event} Event @typedef {import("../types.js").Timeline} Timeline
 * @typedef {import("./next.js").Next} Next */

/** Above so many of a chat those go that no loaded message answers. */
export const MOST = 200;

/** Seqs are consecutive. @param {import("../types.js").Item[]} items @param {number | null | undefined} seq @returns {Message | null} */
export function messageAt(items, seq) {
  const item = seq ? itemAt(items, seq) : null;
  return item?.type === "message" ? item : null;
}

/** A message as far as anything in memory knows it. @param {Pick<State, "timelines" | "pins" | "quoted" | "chats">} state
 * @param {number} chatId @param {number} seq @returns {Message | null} */
export function heldMessage(state, chatId, seq) {
  const loaded = messageAt(state.timelines.get(chatId)?.items ?? [], seq);
  return loaded ?? heldAside(state, chatId, seq);
}

/** The same outside of the timeline. @param {Pick<State, "pins" | "quoted" | "chats">} state @param {number} chatId
 * @param {number} seq @returns {Message | null} */
function heldAside({ pins, quoted, chats }, chatId, seq) {
  const aside = quoted.get(chatId)?.get(seq) ?? pins.get(chatId)?.find((message) => message.seq === seq);
  const last = chats.get(chatId)?.last_message;
  return aside ?? (last?.seq === seq ? last : null);
}

/**
 * The message that is answered, as it is to be shown.
 * @param {State} state @param {Timeline} timeline @param {import("../types.js").Item[]} items of it, as they are shown
 * @param {number | null | undefined} seq @returns {Message | null} null where nothing is known of it
 */
export function quotedIn(state, timeline, items, seq) {
  if (!seq) return null;
  const loaded = messageAt(items, seq);
  if (loaded) return loaded;
  const aside = heldAside(state, timeline.chat_id, seq);
  return aside && shownMessage(aside, timeline.echoes, state.me?.id ?? 0);
}

/** What the loaded messages of a chat, those on their way, and what is begun there answer, or change.
 * @param {Timeline} timeline @param {import("../types.js").Begun | undefined} begun @returns {Set<number>} */
function answeredIn({ items, echoes }, begun) {
  const told = [...items, ...echoes].flatMap((one) => ("reply_to" in one && !isGone(one) ? [one.reply_to] : []));
  const answers = [...told, begun?.reply?.seq, begun?.edit?.seq];
  return new Set(answers.filter((seq) => seq !== null && seq !== undefined));
}

/** @param {object} one */
const isGone = (one) => "deleted" in one && one.deleted === true;

/**
 * What is answered in a chat and is not in memory, the newest first.
 * @param {State} state @param {number} chatId @returns {number[]} seqs
 */
export function missingQuotes(state, chatId) {
  const timeline = state.timelines.get(chatId);
  const chat = state.chats.get(chatId);
  if (!timeline || !chat) return [];
  const isMissing = (/** @type {number} */ seq) =>
    seq >= chat.first_seq && !itemAt(timeline.items, seq) && !heldAside(state, chatId, seq);
  return [...answeredIn(timeline, state.begun.get(chatId))].filter(isMissing).sort((one, other) => other - one);
}

// --- what becomes of them ---

/**
 * They were read when the log was applied up to `since`; what was applied after it, and before, changes them too. Where not
 * all of that is known they are not taken.
 * @param {Next} next @param {Extract<import("../types.js").Update, {do: "quoted"}>} update
 */
export function putQuoted(next, { chat_id: chatId, messages, since }) {
  const line = next.state.timelines.get(chatId);
  const chat = next.state.chats.get(chatId);
  if (!line || !chat) return;
  const known = line.tail.filter(({ seq }) => seq > since).length;
  if (known < chat.applied - since) return;
  const quoted = new Map(next.state.quoted.get(chatId));
  for (const message of messages) {
    if (message.seq >= chat.first_seq) quoted.set(message.seq, line.tail.reduce(withEvent, message));
  }
  next.own("quoted").set(chatId, quoted);
  if (quoted.size > MOST) keepAnswered(next, chatId);
}

/** @param {Message} message @param {import("../types.js").Item} item @returns {Message} */
const withEvent = (message, item) => (item.type === "event" ? changedBy(message, item) : message);

/** No more than the timeline answers is kept. @param {Next} next @param {number} chatId */
export function keepAnswered(next, chatId) {
  const line = next.state.timelines.get(chatId);
  const quoted = next.state.quoted.get(chatId);
  if (!quoted) return;
  const answered = line ? answeredIn(line, next.state.begun.get(chatId)) : new Set();
  const kept = [...quoted].filter(([seq]) => answered.has(seq));
  if (kept.length < quoted.size) put(next, chatId, kept);
}

/** @param {Next} next @param {Event} event */
export function applyToQuoted(next, event) {
  const quoted = next.state.quoted.get(event.chat_id);
  const before = quoted?.get(event.target_seq ?? 0);
  const after = before && changedBy(before, event);
  if (!quoted || !after || after === before) return;
  next.own("quoted").set(event.chat_id, new Map(quoted).set(after.seq, after));
}

/** What was before `firstSeq` is gone. @param {Next} next @param {number} chatId @param {number} firstSeq */
export function expireQuoted(next, chatId, firstSeq) {
  const quoted = [...(next.state.quoted.get(chatId) ?? [])];
  if (quoted.some(([seq]) => seq < firstSeq)) put(next, chatId, quoted.filter(([seq]) => seq >= firstSeq)); // prettier-ignore
}

/** They may be out of date, or are not wanted any more. @param {Next} next @param {number} chatId */
export function dropQuoted(next, chatId) {
  if (next.state.quoted.has(chatId)) next.own("quoted").delete(chatId);
}

/** @param {Next} next @param {number} chatId @param {[number, Message][]} kept */
function put(next, chatId, kept) {
  if (kept.length > 0) next.own("quoted").set(chatId, new Map(kept));
  else dropQuoted(next, chatId);
}
