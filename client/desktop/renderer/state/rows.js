/** A timeline as it is shown: days, runs of one author, events, the divider before what is new. */

import { shownAtEnd, shownItems } from "./changes.js";

/**
 * @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").Event} Event
 * @typedef {import("../types.js").Echo} Echo
 * @typedef {import("../types.js").Timeline} Timeline
 *
 * `first` and `last` of a run; `key` stays the same while an echo becomes a message.
 * @typedef {{kind: "message", key: string, message: Message, own: boolean, first: boolean, last: boolean}} MessageRow
 * @typedef {{kind: "echo", key: string, echo: Echo, own: true, first: boolean, last: boolean}} EchoRow
 * @typedef {{kind: "event", key: string, event: Event} | {kind: "unread", key: string}} LineRow
 * @typedef {MessageRow | EchoRow | LineRow} Row
 * @typedef {{day: string, at: string, rows: Row[]}} Section `at`: the time of its first row
 */

/** Events that change a message and are seen there; all others are told as lines, one that nobody here knows too. */
const SILENT = ["edited", "deleted", "reaction_added", "reaction_removed"];
/** Those that this version can put into words. */
const TOLD = ["member_added", "member_removed", "role_changed", "chat_updated", "pinned", "unpinned"];
/** A run is broken by a silence of this many milliseconds. */
const RUN = 5 * 60_000;

/** Whether an item is something to be seen. @param {import("../types.js").Item} item */
export function isDrawn(item) {
  return item.type === "message" || (item.type === "event" && !SILENT.includes(item.event));
}

/**
 * @param {Timeline} timeline
 * @param {{me: number, dividerAfter: number | null, dayKey: (iso: string) => string}} how
 *   `dividerAfter`: the seq that was read when the chat was opened, null where nothing was new
 * @returns {Section[]}
 */
export function sections(timeline, { me, dividerAfter, dayKey }) {
  /** @type {Section[]} */
  const days = [];
  /** @type {{row: MessageRow | EchoRow, author: number, at: number} | null} */
  let before = null;
  let divider = knows(timeline, dividerAfter) ? dividerAfter : null;

  /** @param {string} iso */
  const dayOf = (iso) => {
    const day = dayKey(iso);
    const last = days.at(-1)?.day;
    // clocks differ and are set back, and what is not sent stays below: no day comes twice, and none after a later one
    if (last === undefined || day > last) {
      days.push({ day, at: iso, rows: [] });
      before = null;
    }
    return days[days.length - 1].rows;
  };
  /** @param {MessageRow | EchoRow} row @param {number} author @param {string} iso @param {Row[]} rows */
  const add = (row, author, iso, rows) => {
    const at = Date.parse(iso);
    if (before && before.author === author && at - before.at < RUN) {
      before.row.last = false;
      row.first = false;
    }
    before = { row, author, at };
    rows.push(row);
  };

  for (const item of shownItems(timeline, me)) {
    if (item.type === "message") {
      const own = item.sender_id === me;
      const rows = dayOf(item.created_at);
      if (divider !== null && !own && item.seq > divider) {
        rows.push({ kind: "unread", key: "unread" });
        before = null;
        divider = null;
      }
      const key = own ? `c:${item.cid}` : `s:${item.seq}`;
      add({ kind: "message", key, message: item, own, first: true, last: true }, item.sender_id, item.created_at, rows);
    } else if (item.type === "event" && isDrawn(item)) {
      dayOf(item.created_at).push({ kind: "event", key: `s:${item.seq}`, event: item });
      before = null;
    }
  }
  for (const echo of echoesOf(timeline, me)) {
    const { cid, written_at } = echo;
    add({ kind: "echo", key: `c:${cid}`, echo, own: true, first: true, last: true }, me, written_at, dayOf(written_at));
  }
  return days;
}

/** Where the divider belongs is loaded. @param {Timeline} timeline @param {number | null} after */
function knows(timeline, after) {
  const first = timeline.items[0];
  return after !== null && first !== undefined && (timeline.at_start || first.seq <= after + 1);
}

/**
 * Echoes whose message has not come yet: beneath the newest messages, or alone where nothing of the chat could be had.
 * @param {Timeline} timeline @param {number} me
 */
function echoesOf(timeline, me) {
  const shown = timeline.at_end || !timeline.items.length ? shownAtEnd(timeline.echoes) : [];
  if (!shown.length) return [];
  const come = new Set();
  for (const item of timeline.items) if (item.type === "message" && item.sender_id === me) come.add(item.cid);
  return shown.filter((echo) => !come.has(echo.cid));
}

/**
 * What an event says: a key of the locales, and whose names go into it. What `me` did (`_by_you`) or what was done to them
 * (`_you`) is said to them.
 * @param {Event} event @param {number} me
 * @returns {{key: string, actor: number, target: number | null, title: string, n?: number}} `n`: chooses the plural form
 */
export function eventWords(event, me) {
  const { actor_id: actor, data } = event;
  const target = data.user?.id ?? data.user_id ?? null;
  const words = { actor, target, title: data.title ?? "", n: data.retention_days };
  if (!TOLD.includes(event.event)) return { ...words, key: "event.unknown" };
  const to = actor === me ? "_by_you" : target === me ? "_you" : "";
  return { ...words, key: `event.${nameOfEvent(event, target)}${to}` };
}

/** @param {Event} event @param {number | null} target */
function nameOfEvent({ event, actor_id: actor, data }, target) {
  if (event === "member_added" && target === actor) return "joined";
  if (event === "member_removed" && target === actor) return "left";
  if (event === "role_changed") return data.role === "admin" ? "admin" : "member";
  if (event === "chat_updated" && data.writers) return data.writers === "admins" ? "admins_write" : "all_write";
  if (event === "chat_updated" && "retention_days" in data) return data.retention_days ? "kept_days" : "kept_ever";
  if (event === "chat_updated") return data.title ? "title" : "avatar";
  return event;
}
