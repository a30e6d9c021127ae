/**
 * One's own edits, deletions, reactions and pins that are on their way, laid over what the log says: they are seen at
 * once, and gone again where they are refused. Pure; nothing that is kept is touched.
 */

import { GONE } from "./timeline.js";

/** @typedef {import("../types.js").Message} Message @typedef {import("../types.js").Item} Item
 * @typedef {import("../types.js").Echo} Echo @typedef {import("../types.js").Timeline} Timeline
 * @typedef {import("../types.js").Reaction} Reaction */

/**
 * What is shown at the end of the log: messages on their way, as what is on its way about them makes them, and edits that
 * were refused: their text is not lost. @param {Echo[]} echoes of a chat @returns {Echo[]}
 */
export function shownAtEnd(echoes) {
  const changes = echoes.filter((echo) => isChange(echo) && echo.of_cid !== null);
  return echoes.flatMap((echo) => {
    if (echo.kind !== "send") return echo.kind === "edit" && echo.state === "failed" ? [echo] : [];
    const own = changes.filter((change) => change.of_cid === echo.cid);
    if (own.some(({ kind }) => kind === "delete")) return [];
    const text = own.filter(({ kind }) => kind === "edit").at(-1);
    return [text ? { ...echo, content: text.content } : echo];
  });
}

/** What failed may come right at another try: the message that an edit is about, or that is forwarded, is still there.
 * @param {Echo} echo */
export function canRetry({ kind, code }) {
  return code !== "message_deleted" && (kind === "send" || code !== "bad_seq");
}

/** A change of a message that is on its way. @param {Echo} echo */
function isChange({ kind, state }) {
  return kind !== "send" && state === "queued";
}

/**
 * The items as they are to be shown: the same array where nothing is on its way. Made once for each state of a timeline.
 * @param {Timeline} timeline @param {number} me @returns {Item[]}
 */
export function shownItems(timeline, me) {
  const known = SHOWN.get(timeline);
  if (known) return known;
  const shown = withChanges(timeline.items, timeline.echoes, me);
  SHOWN.set(timeline, shown);
  return shown;
}

/** @type {WeakMap<Timeline, Item[]>} */
const SHOWN = new WeakMap();
/** What a message looked like under the same changes: so that a row is drawn again only where it changed.
 * @type {WeakMap<Message, {changes: Echo[], shown: Message}>} */
const OVERLAID = new WeakMap();

/** @param {Item[]} items of consecutive seqs @param {Echo[]} echoes @param {number} me @returns {Item[]} */
export function withChanges(items, echoes, me) {
  /** @type {Map<number, Echo[]>} */
  const bySeq = new Map();
  for (const echo of echoes) {
    if (!isChange(echo) || echo.seq === null || echo.kind === "pin") continue;
    bySeq.set(echo.seq, [...(bySeq.get(echo.seq) ?? []), echo]);
  }
  if (bySeq.size === 0) return items;
  const copy = [...items];
  for (const [seq, changes] of bySeq) {
    const at = seq - (items[0]?.seq ?? seq + 1);
    const item = copy[at];
    if (item?.type === "message") copy[at] = overlaid(item, changes, me);
  }
  return copy;
}

/** @param {Message} message @param {Echo[]} changes @param {number} me */
function overlaid(message, changes, me) {
  const known = OVERLAID.get(message);
  const same =
    known && known.changes.length === changes.length && known.changes.every((one, at) => one === changes[at]);
  if (same) return known.shown;
  const shown = changes.reduce((before, change) => changed(before, change, me), message);
  OVERLAID.set(message, { changes, shown });
  return shown;
}

/**
 * A message with what is on its way about it.
 * @param {Message} message @param {Echo[]} echoes of its chat @param {number} me @returns {Message}
 */
export function shownMessage(message, echoes, me) {
  const changes = echoes.filter((echo) => isChange(echo) && echo.seq === message.seq && echo.kind !== "pin");
  return changes.length === 0 ? message : overlaid(message, changes, me);
}

/** @param {Message} message @param {Echo} change @param {number} me @returns {Message} */
function changed(message, change, me) {
  if (message.deleted || (change.target_at !== null && change.target_at !== message.created_at)) return message;
  switch (change.kind) {
    case "edit":
      return { ...message, content: change.content, edited_at: message.edited_at ?? change.written_at };
    case "delete":
      return { ...message, ...GONE };
    case "react":
      return { ...message, reactions: reacted(message.reactions ?? [], change.emoji ?? "", change.on ?? true, me) };
    default:
      return message;
  }
}

/** @param {Reaction[]} reactions @param {string} emoji @param {boolean} on @param {number} me @returns {Reaction[]} */
function reacted(reactions, emoji, on, me) {
  const there = reactions.find((one) => one.emoji === emoji);
  const mine = there?.user_ids.includes(me) ?? false;
  if (mine === on) return reactions;
  if (!there) return on ? [...reactions, { emoji, count: 1, user_ids: [me] }] : reactions;
  const count = there.count + (on ? 1 : -1);
  if (count <= 0) return reactions.filter((one) => one !== there);
  const ids = on ? [...there.user_ids, me] : there.user_ids.filter((id) => id !== me);
  return reactions.map((one) => (one === there ? { ...one, count, user_ids: ids } : one));
}

/** Whether one's own reaction is there. @param {Message} message @param {string} emoji @param {number} me */
export function isMine(message, emoji, me) {
  return (message.reactions ?? []).some((one) => one.emoji === emoji && one.user_ids.includes(me));
}

/**
 * Pinned messages with one's own pins that are on their way: the newest first.
 * @param {Message[]} pins as the server told them @param {Timeline | undefined} timeline @param {number} me
 * @returns {Message[]}
 */
export function shownPins(pins, timeline, me) {
  if (!timeline) return pins;
  let shown = pins.map((message) => shownMessage(message, timeline.echoes, me)).filter(({ deleted }) => !deleted);
  for (const echo of timeline.echoes) {
    if (echo.kind !== "pin" || !isChange(echo) || echo.seq === null) continue;
    const rest = shown.filter(({ seq }) => seq !== echo.seq);
    const target = echo.on ? timeline.items[echo.seq - (timeline.items[0]?.seq ?? 0)] : undefined;
    const there = shown.find(({ seq }) => seq === echo.seq) ?? (target?.type === "message" ? target : null);
    shown = echo.on && there ? [...rest, there] : rest;
  }
  return shown.sort((one, other) => other.seq - one.seq);
}

// --- what one may do ---

/** It is there and can be shown, in words or as files: it may be chosen, forwarded and edited. @param {Message} message */
export function isWhole({ deleted, content, attachments }) {
  return !deleted && Boolean(content || attachments?.length);
}

/**
 * Whether one may send to a chat; where not, why: a code of docs/protocol.md.
 * @param {import("../types.js").ChatView} chat @returns {"not_member" | "blocked" | "read_only" | "peer_deleted" | null}
 */
export function barredFrom(chat) {
  if (chat.left_seq !== null) return "not_member";
  if (chat.writers === "none" || chat.peer?.deleted) return "peer_deleted";
  if (chat.blocked) return "blocked";
  return chat.writers === "admins" && chat.role !== "admin" ? "read_only" : null;
}

/** Members of a group in which one may know who has read (docs/protocol.md section 2). */
const WATCHED = 50;

/**
 * What one may do with a message: the rules of docs/protocol.md section 1 and 2, so that nothing is offered in vain.
 * @param {Message} message as it is shown @param {import("../types.js").ChatView} chat @param {number} me
 */
export function rightsOn(message, chat, me) {
  const live = chat.left_seq === null && !message.deleted;
  const writes = live && barredFrom(chat) === null;
  const own = message.sender_id === me;
  const admin = chat.is_group && chat.role === "admin";
  return {
    reply: writes,
    react: live && !chat.blocked,
    edit: writes && own,
    remove: live && (own || admin),
    pin: live && !chat.blocked && (!chat.is_group || admin),
    // until the members are known it is not offered
    readers: live && own && chat.is_group && (chat.members?.length ?? Infinity) <= WATCHED,
    history: !message.deleted && Boolean(message.edited_at) && (own || admin),
  };
}
