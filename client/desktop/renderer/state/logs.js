/** What becomes of the log of a chat in a window: it is opened, or let go; what is applied, what a page brings, where it
 * begins, what is pinned in it. */

import { expired, forgotten, jumped, withItem } from "./chats.js";
import { acked, echoesOf, left, leftUpTo } from "./echoes.js";
import { learnUsers } from "./people.js";
import { pinsAfter } from "./pins.js";
import { applyToQuoted, dropQuoted, expireQuoted, heldMessage } from "./quoted.js";
import { withRemoved } from "./removed.js";
import { stopTyping } from "./typists.js";
import { emptyLine, expired as expiredLine, itemAt, lastOf, withItem as lineWithItem, withPage } from "./timeline.js";

/** @typedef {import("./chats.js").Chat} Chat @typedef {import("./next.js").Next} Next
 * @typedef {import("../types.js").Update} Update */

/** Timelines that are kept; that which was not opened for the longest time goes first. */
export const TIMELINES = 12;

/** @param {Next} next @param {number | null} chatId */
export function open(next, chatId) {
  next.state.current = chatId;
  if (chatId === null) return;
  const timelines = next.own("timelines");
  const known = timelines.get(chatId);
  const line = known && !known.stale ? known : emptyLine(chatId, echoesOf(next.state.echoes, chatId));
  timelines.delete(chatId);
  timelines.set(chatId, line); // the last one used stands last
  const [longest] = timelines.keys();
  if (timelines.size <= TIMELINES) return;
  timelines.delete(longest);
  dropAside(next, longest);
  next.chat(longest, withoutMembers);
}

/** Who is in a group is asked for again when it is opened. @param {Chat} chat @returns {Chat} */
export const withoutMembers = (chat) =>
  chat.is_group && chat.members ? { ...chat, members: null, members_told: 0 } : chat;

/**
 * What is between was not applied to it. A log that was read up to there already knows all of it. Else what is read just now
 * is read again where it is (profile/history.js): at the end only where nothing was applied before, for then whoever opened
 * the chat, or followed a link, was faster than the first news of it.
 * @param {import("./timeline.js").Line} line @param {{from: number, to: number}} applied until then, and from now on
 * @param {boolean} isOpen
 */
function passedOver(line, { from, to }, isOpen) {
  if (line.items.length === 0 ? from === 0 : lastOf(line) >= to) return line;
  const stays = isOpen && (from === 0 || !line.at_end);
  return stays ? { ...line, at_end: false, tail: [], stale: true } : emptyLine(line.chat_id, line.echoes);
}

/** Its log goes on elsewhere. @param {Next} next @param {number} chatId @param {number} applied */
export function jump(next, chatId, applied) {
  const chat = next.state.chats.get(chatId);
  if (chat && applied <= chat.applied) return;
  next.chat(chatId, (known) => jumped(known, applied));
  next.line(chatId, (line) =>
    passedOver(line, { from: chat?.applied ?? 0, to: applied }, chatId === next.state.current),
  );
  dropAside(next, chatId);
  next.echoes(chatId, leftUpTo(next.state.echoes, chatId, applied));
}

/** Another part of its log may be seen than before. @param {Next} next @param {number} chatId @param {number} firstSeq */
export function begins(next, chatId, firstSeq) {
  if (next.state.chats.get(chatId)?.first_seq === firstSeq) return;
  next.chat(chatId, (chat) => ({ ...chat, first_seq: firstSeq }));
  dropHeld(next, chatId);
}

/** Its log begins later: the rest stays as it is. @param {Next} next @param {number} chatId @param {number} firstSeq */
export function expire(next, chatId, firstSeq) {
  const known = next.state.chats.get(chatId);
  if (!known || known.first_seq >= firstSeq) return;
  next.chat(chatId, (chat) => expired(chat, firstSeq));
  next.line(chatId, (line) => expiredLine(line, firstSeq));
  expireQuoted(next, chatId, firstSeq);
  const pins = next.state.pins.get(chatId);
  if (pins?.some(({ seq }) => seq < firstSeq)) {
    next.own("pins").set(
      chatId,
      pins.filter(({ seq }) => seq >= firstSeq),
    );
  }
}

/** What is held of its log is out of date. @param {Next} next @param {number} chatId */
export function dropHeld(next, chatId) {
  next.line(chatId, (line) => emptyLine(chatId, line.echoes));
  dropAside(next, chatId);
}

/** What is known of a log beside its timeline. @param {Next} next @param {number} chatId */
function dropAside(next, chatId) {
  if (next.state.pins.has(chatId)) next.own("pins").delete(chatId);
  dropQuoted(next, chatId);
}

/** Its log is another one. @param {Next} next @param {number} chatId */
export function forget(next, chatId) {
  next.chat(chatId, forgotten);
  dropHeld(next, chatId);
  next.echoes(chatId, leftUpTo(next.state.echoes, chatId, Number.MAX_SAFE_INTEGER));
}

/** @param {Next} next @param {{cid: string, chat_id: number, seq: number | null}} sent */
export function sent(next, { cid, chat_id, seq }) {
  const chat = next.state.chats.get(chat_id);
  const here = !chat || !seq || seq <= chat.applied;
  next.echoes(chat_id, here ? left(next.state.echoes, chat_id, cid) : acked(next.state.echoes, cid, seq));
}

/** @param {Next} next @param {Extract<Update, {do: "page"}>} update */
export function putPage(next, { chat_id, page, keep = "end", anew = false }) {
  const chat = next.state.chats.get(chat_id);
  const bounds = { first_seq: chat?.first_seq ?? 1, applied: chat?.applied ?? 0 };
  learnUsers(next, page.users ?? []);
  next.line(chat_id, (line) => withPage(anew ? { ...line, items: [], stale: false } : line, page, bounds, keep));
}

/** They are known as long as the timeline of their chat is. They were read when the log was applied up to `since`: what was
 * applied after it changes them too, and where not all of that is known they are asked for again (ui/log/pinned.js).
 * @param {Next} next @param {Extract<Update, {do: "pins"}>} update */
export function putPins(next, { chat_id: chatId, messages, since }) {
  const line = next.state.timelines.get(chatId);
  if (!line) return;
  const { applied = 0, first_seq = 1 } = next.state.chats.get(chatId) ?? {};
  const from = since ?? applied;
  const later = line.tail.filter(({ seq }) => seq > from);
  if (later.length < applied - from) return;
  /** @type {import("../types.js").Message[] | null} */
  let pins = messages.filter(({ seq }) => seq >= first_seq);
  for (const item of later) if (pins && item.type === "event") pins = pinsAfter(pins, item, pinned(line, item));
  if (pins) next.own("pins").set(chatId, pins);
}

/** The message of an event, where that is loaded. @param {import("./timeline.js").Line | undefined} line
 * @param {import("../types.js").Event} event */
function pinned(line, { target_seq: seq }) {
  const target = seq ? itemAt(line?.items ?? [], seq) : null;
  return target?.type === "message" ? target : null;
}

/** @param {Next} next @param {import("../types.js").Item} item */
export function apply(next, item) {
  const target =
    item.type === "event" && item.target_seq ? heldMessage(next.state, item.chat_id, item.target_seq) : null;
  next.chat(item.chat_id, (chat) => withItem(chat, item, next.me, target));
  next.line(item.chat_id, (line) => lineWithItem(line, item));
  if (item.type === "event") {
    applyPin(next, item);
    applyToQuoted(next, item);
  }
  if (item.type === "event" && item.event === "deleted" && item.target_seq) {
    const place = { chat_id: item.chat_id, seq: item.target_seq };
    next.state.removed = withRemoved(next.state.removed, place);
  }
  if (next.state.echoes.acked.size > 0) {
    next.echoes(item.chat_id, leftUpTo(next.state.echoes, item.chat_id, item.seq));
  }
  if (item.type === "event" && item.data.user) learnUsers(next, [item.data.user]);
  if (item.type !== "message") return;
  if (item.sender_id === next.me) next.echoes(item.chat_id, left(next.state.echoes, item.chat_id, item.cid));
  else stopTyping(next, { chat_id: item.chat_id, user_id: item.sender_id });
}

/** The pinned messages after an event; where that does not tell them they are not known any more.
 * @param {Next} next @param {import("../types.js").Event} event */
function applyPin(next, event) {
  const before = next.state.pins.get(event.chat_id);
  if (!before) return;
  const after = pinsAfter(before, event, pinned(next.state.timelines.get(event.chat_id), event));
  if (after === null) next.own("pins").delete(event.chat_id);
  else if (after !== before) next.own("pins").set(event.chat_id, after);
}
