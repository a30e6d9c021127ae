/**
 * What of one chat's log is in memory (docs/protocol.md section 3: C2, C3, C5): items of consecutive seqs. Pages from
 * anywhere and items from the live link are put together here, each seq once, by the greater `rev`.
 */

import { within } from "../protocol/chat-log.js";

/** @typedef {import("../types.js").Item} Item @typedef {import("../types.js").Event} Event
 * @typedef {import("../types.js").Message} Message @typedef {import("../types.js").Timeline} Timeline
 * @typedef {import("../types.js").Reaction} Reaction */

/**
 * `tail`: the last items that were applied since the timeline was opened, whether they are shown or not: a page that
 * was read before them is brought up to date by them. `stale`: items of it may be out of date, and are to be read again.
 * @typedef {Timeline & {tail: Item[], stale?: boolean}} Line
 * @typedef {{items: Item[], from_seq: number, to_seq: number}} Page items of exactly the seqs in (from_seq, to_seq]
 */

/** Items a chat that are kept in memory. */
export const KEPT = 500;
const TAIL = 1000;
/** Items that are kept of a chat that is not shown: some screenfuls, for all of them are drawn at once when it is. */
const LEFT = 50;

/** Nothing of it failed. @type {Pick<Line, "problem" | "failed">} */
export const WELL = Object.freeze({ problem: null, failed: [] });

/** What failed of it but for one end. @param {Line} line @param {import("../types.js").Side} side
 * @returns {Pick<Line, "problem" | "failed">} */
export function wellAt({ problem, failed }, side) {
  const left = failed.filter((one) => one !== side);
  return left.length > 0 ? { problem, failed: left } : WELL;
}

/** Nothing is known yet. @param {number} chatId @param {import("../types.js").Echo[]} [echoes] @returns {Line} */
export function emptyLine(chatId, echoes = []) {
  return { chat_id: chatId, items: [], echoes, at_start: false, at_end: false, loading: null, ...WELL, tail: [] };
}

/** The seq of the first or last item; 0 where there are none. @param {Pick<Line, "items">} line */
export function firstOf(line) {
  return line.items[0]?.seq ?? 0;
}

/** @param {Pick<Line, "items">} line */
export function lastOf(line) {
  return line.items[line.items.length - 1]?.seq ?? 0;
}

/**
 * The next item of the log was applied.
 * @param {Line} line @param {Item} item @returns {Line}
 */
export function withItem(line, item) {
  const known = line.tail[line.tail.length - 1];
  if (known && item.seq <= known.seq) return line;
  const tail = [...line.tail.slice(1 - TAIL), item];
  if (!line.at_end || (line.items.length > 0 && item.seq > lastOf(line) + 1)) {
    return { ...line, tail, at_end: false, items: withEvent(line.items, item) };
  }
  if (item.seq <= lastOf(line)) return { ...line, tail };
  return pruned({ ...line, tail, items: [...withEvent(line.items, item), item] }, "start");
}

/**
 * A page was read: it is put before, into or after what is there; where it does not touch it, it takes its place.
 * `keep`: which end is kept where it becomes too much.
 * @param {Line} line @param {Page} page @param {{first_seq: number, applied: number}} bounds the first that the user may
 *   see, and the last that was applied: what follows will be, in order
 * @param {"start" | "end"} keep @returns {Line}
 */
export function withPage(line, page, bounds, keep) {
  const given = since(dense(page), bounds.first_seq);
  if (given.length === 0 && line.items.length > 0) return line;
  const touches = line.items.length > 0 && page.from_seq <= lastOf(line) && page.to_seq >= firstOf(line) - 1;
  const items = caughtUp(touches ? merged(line.items, given) : given, line.tail);
  const last = items[items.length - 1]?.seq ?? page.to_seq;
  const whole = { ...line, items, at_end: last >= bounds.applied, at_start: false, ...WELL };
  whole.at_start = items.length === 0 ? page.from_seq < bounds.first_seq : items[0].seq <= bounds.first_seq;
  return pruned(whole, keep === "start" ? "end" : "start");
}

/** What may be seen of items in a log that begins with `firstSeq`. @param {Item[]} items @param {number} firstSeq */
function since(items, firstSeq) {
  return items.filter(({ seq }) => seq >= firstSeq).map((item) => within(item, firstSeq));
}

/** The log begins with `firstSeq` now: what came before is gone. @param {Line} line @param {number} firstSeq @returns {Line} */
export function expired(line, firstSeq) {
  const items = since(line.items, firstSeq);
  const wasCut = items.length < line.items.length;
  if (wasCut && items.length === 0 && !line.at_end) return emptyLine(line.chat_id, line.echoes);
  return { ...line, items, tail: since(line.tail, firstSeq), at_start: line.at_start || wasCut };
}

/**
 * A message as an event leaves it (C3): the same object where the event is older.
 * @param {Message} message @param {Event} event @returns {Message}
 */
export function changedBy(message, event) {
  const { rev, ...data } = event.data;
  if (event.target_seq !== message.seq || !Number.isSafeInteger(rev) || rev < message.rev) return message;
  switch (event.event) {
    case "edited":
    case "reaction_added":
    case "reaction_removed":
      return {
        ...message,
        rev,
        ...textOf(data, namesSome(message) || namesSome(data)),
        ...("reactions" in data && { reactions: withHeld(data.reactions ?? [], message.reactions ?? [], event) }),
      };
    case "deleted":
      return { ...message, rev, ...GONE };
    default:
      return message;
  }
}

/**
 * Reactions as an event tells them, which goes to all: where one does not name all who chose the emoji, those who were
 * named before still did, but for whom this event takes away, and with whom it adds.
 * @param {Reaction[]} told @param {Reaction[]} held @param {Event} event @returns {Reaction[]}
 */
function withHeld(told, held, event) {
  return told.map((one) => {
    const { emoji, count, user_ids: ids } = one;
    if (count <= ids.length) return one;
    const known = new Set(held.find((other) => other.emoji === emoji)?.user_ids);
    if (event.data.emoji === emoji) {
      known.delete(event.actor_id);
      if (event.event === "reaction_added") known.add(event.actor_id);
    }
    const others = [...known].filter((id) => !ids.includes(id));
    return { ...one, user_ids: [...ids, ...others].slice(0, count) };
  });
}

/** What is left of a message that was deleted: its place. */
export const GONE = Object.freeze({
  deleted: true,
  content: null,
  edited_at: null,
  attachments: [],
  reactions: [],
  mentions: [],
  mentions_all: false,
  forwarded: null,
});

/** The text that an event tells: a reaction tells it too, where the message was edited after it.
 * @param {any} data @param {boolean} named somebody was mentioned before or is now */
const textOf = (data, named) =>
  "content" in data
    ? {
        content: data.content ?? null,
        edited_at: data.edited_at ?? null,
        ...(named && { mentions: data.mentions ?? [], mentions_all: data.mentions_all ?? false }),
      }
    : {};

/** @param {{mentions?: number[], mentions_all?: boolean}} one */
const namesSome = ({ mentions, mentions_all }) => Boolean(mentions?.length || mentions_all);

/** Of two states of one item the newer. @param {Item} one @param {Item} other @returns {Item} */
function newerOf(one, other) {
  return one.type === "message" && other.type === "message" && other.rev > one.rev ? other : one;
}

/** @param {Item[]} items ascending @param {number} seq @returns {Item | null} */
export function itemAt(items, seq) {
  const at = placeOf(items, seq);
  return at === null ? null : items[at];
}

/** @param {Item[]} items @param {number} seq */
function placeOf(items, seq) {
  const at = seq - (items[0]?.seq ?? seq + 1);
  return at >= 0 && at < items.length ? at : null;
}

/** The items after an event has changed its target, if that is among them. @param {Item[]} items @param {Item} event */
function withEvent(items, event) {
  if (event.type !== "event" || !event.target_seq) return items;
  const at = placeOf(items, event.target_seq);
  const target = at === null ? null : items[at];
  if (at === null || target?.type !== "message") return items;
  const after = changedBy(target, event);
  if (after === target) return items;
  const copy = [...items];
  copy[at] = after;
  return copy;
}

/** The part of a page that is as dense as it must be (I1). @param {Page} page @returns {Item[]} */
function dense(page) {
  const kept = [];
  for (const item of page.items) {
    if (kept.length > 0 && item.seq !== kept[kept.length - 1].seq + 1) break;
    kept.push(item);
  }
  return kept;
}

/** Two runs that touch or overlap. @param {Item[]} one @param {Item[]} other @returns {Item[]} */
function merged(one, other) {
  if (other.length === 0) return one;
  const [first, second] = one[0].seq <= other[0].seq ? [one, other] : [other, one];
  const result = [...first];
  for (const item of second) {
    const at = placeOf(result, item.seq);
    if (at !== null) result[at] = newerOf(result[at], item);
    else if (item.seq === result[result.length - 1].seq + 1) result.push(item);
  }
  return result;
}

/** What was applied meanwhile follows them; then all events change their targets, in the order of the log.
 * @param {Item[]} items @param {Item[]} tail */
function caughtUp(items, tail) {
  const result = [...items];
  for (const item of tail) {
    if (result.length > 0 && item.seq === result[result.length - 1].seq + 1) result.push(item);
  }
  const events = new Map(
    [...result, ...tail].filter(({ type }) => type === "event").map((event) => [event.seq, event]),
  );
  const inOrder = [...events.values()].sort((one, other) => one.seq - other.seq);
  return inOrder.reduce(withEvent, result);
}

/** At most KEPT items. @param {Line} line @param {"start" | "end"} from where they are dropped @returns {Line} */
function pruned(line, from) {
  const surplus = line.items.length - KEPT;
  if (surplus <= 0) return line;
  if (from === "start") return { ...line, items: line.items.slice(surplus), at_start: false };
  return { ...line, items: line.items.slice(0, KEPT), at_end: false };
}

/**
 * What stays of a timeline that is not shown any more, so that it is drawn soon when it is again.
 * @param {Line} line @param {number | null} place the seq that was looked at; null: the end @returns {Line}
 */
export function leftAt(line, place) {
  const { items } = line;
  if (items.length <= LEFT || line.loading !== null) return line;
  const at = (place === null ? null : placeOf(items, place)) ?? items.length;
  const from = Math.max(0, Math.min(at - LEFT / 2, items.length - LEFT));
  const kept = items.slice(from, from + LEFT);
  return {
    ...line,
    items: kept,
    at_start: line.at_start && from === 0,
    at_end: line.at_end && from + LEFT >= items.length,
  };
}
