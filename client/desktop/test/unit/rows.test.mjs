/** The log as it is shown: days, runs, events, the divider, and keys that stay. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { eventWords, sections } from "../../renderer/state/rows.js";

const ME = 1;
/** @param {string} iso */
const dayKey = (iso) => iso.slice(0, 10);

/** @param {number} seq @param {number} sender @param {string} time @returns {any} */
const message = (seq, sender, time) => ({
  type: "message",
  chat_id: 7,
  seq,
  sender_id: sender,
  content: `m${seq}`,
  created_at: `2026-11-23T${time}:00Z`,
  cid: `c${seq}`,
});
/** @param {any[]} items @param {any} [rest] @returns {any} */
const timeline = (items, rest = {}) => ({
  chat_id: 7,
  items,
  echoes: [],
  at_start: true,
  at_end: true,
  loading: null,
  problem: null,
  ...rest,
});
/** @param {any} shown @param {number | null} [dividerAfter] */
const rows = (shown, dividerAfter = null) =>
  sections(shown, { me: ME, dividerAfter, dayKey }).flatMap((section) => [
    `=${section.day}`,
    ...section.rows.map(short),
  ]);
/** @param {any} row */
const short = (row) =>
  row.kind === "message" || row.kind === "echo"
    ? `${row.key}${row.first ? " first" : ""}${row.last ? " last" : ""}`
    : row.key;

test("a run is one author, one day, less than five minutes", () => {
  const items = [
    message(1, 2, "10:00"),
    message(2, 2, "10:04"),
    message(3, 2, "10:09"),
    message(4, ME, "10:09"),
    message(5, ME, "10:10"),
  ];
  assert.deepEqual(rows(timeline(items)), [
    "=2026-11-23",
    "s:1 first",
    "s:2 last",
    "s:3 first last",
    "c:c4 first",
    "c:c5 last",
  ]);
});

test("a day, an event and the divider break a run", () => {
  const late = { ...message(2, 2, "00:01"), created_at: "2026-11-24T00:01:00Z" };
  const event = {
    type: "event",
    chat_id: 7,
    seq: 3,
    event: "member_added",
    actor_id: 2,
    created_at: "2026-11-24T00:02:00Z",
    data: {},
  };
  const after = { ...message(4, 2, "00:02"), created_at: "2026-11-24T00:02:30Z" };
  assert.deepEqual(rows(timeline([message(1, 2, "23:59"), late, event, after, { ...after, seq: 5 }]), 4), [
    "=2026-11-23",
    "s:1 first last",
    "=2026-11-24",
    "s:2 first last",
    "s:3",
    "s:4 first last",
    "unread",
    "s:5 first last",
  ]);
});

test("what changes a message, and what must not be seen, is no line; what nobody here knows is one", () => {
  const hidden = { type: "hidden", chat_id: 7, seq: 2 };
  const edited = {
    type: "event",
    chat_id: 7,
    seq: 3,
    event: "edited",
    actor_id: 2,
    created_at: "2026-11-23T10:01:00Z",
    data: {},
  };
  const unknown = { ...edited, seq: 4, event: "something_new" };
  assert.deepEqual(rows(timeline([message(1, 2, "10:00"), hidden, edited, unknown, message(5, 2, "10:02")])), [
    "=2026-11-23",
    "s:1 first last",
    "s:4",
    "s:5 first last",
  ]);
  assert.equal(eventWords(/** @type {any} */ (unknown), ME).key, "event.unknown");
});

test("the divider stands before the first message of others, and only where its place is loaded", () => {
  const items = [message(5, 2, "10:00"), message(6, ME, "10:01"), message(7, 2, "10:02")];
  assert.deepEqual(rows(timeline(items), 5), [
    "=2026-11-23",
    "s:5 first last",
    "c:c6 first last",
    "unread",
    "s:7 first last",
  ]);
  assert.equal(rows(timeline(items, { at_start: false }), 4).includes("unread"), true);
  assert.equal(rows(timeline(items, { at_start: false }), 3).includes("unread"), false);
  assert.equal(rows(timeline(items), 7).includes("unread"), false);
  assert.equal(rows(timeline(items), null).includes("unread"), false);
});

test("an echo becomes its message under the same key, and is never shown beside it", () => {
  const echo = {
    cid: "c2",
    chat_id: 7,
    kind: "send",
    content: "m2",
    written_at: "2026-11-23T10:01:00Z",
    state: "queued",
  };
  const first = [message(1, ME, "10:00")];
  assert.deepEqual(rows(timeline(first, { echoes: [echo] })), ["=2026-11-23", "c:c1 first", "c:c2 last"]);
  assert.deepEqual(rows(timeline([...first, message(2, ME, "10:01")], { echoes: [echo] })), [
    "=2026-11-23",
    "c:c1 first",
    "c:c2 last",
  ]);
  assert.deepEqual(rows(timeline(first, { echoes: [echo], at_end: false })), ["=2026-11-23", "c:c1 first last"]);
  const unknown = { echoes: [echo], at_start: false, at_end: false, problem: "network" };
  assert.deepEqual(rows(timeline([], unknown)), ["=2026-11-23", "c:c2 first last"]);
});

test("a stranger's cid hides no echo of mine", () => {
  const echo = {
    cid: "c2",
    chat_id: 7,
    kind: "send",
    content: "mine",
    written_at: "2026-11-23T10:01:00Z",
    state: "queued",
  };
  assert.deepEqual(rows(timeline([message(2, 2, "10:00")], { echoes: [echo] })), [
    "=2026-11-23",
    "s:2 first last",
    "c:c2 first last",
  ]);
});

test("events say who did what to whom", () => {
  /** @param {string} event @param {any} data @param {number} [me] */
  const words = (event, data, me = ME) => {
    const row = { type: /** @type {const} */ ("event"), chat_id: 7, seq: 1, event, actor_id: 2, created_at: "", data };
    const { key, target } = eventWords(row, me);
    return [key, target];
  };
  assert.deepEqual(words("member_added", { user: { id: 3 } }), ["event.member_added", 3]);
  assert.deepEqual(words("member_added", { user: { id: 2 } }), ["event.joined", 2]);
  assert.deepEqual(words("member_removed", { user_id: 3, reason: "removed" }), ["event.member_removed", 3]);
  assert.deepEqual(words("member_removed", { user_id: 2, reason: "left" }), ["event.left", 2]);
  assert.deepEqual(words("role_changed", { user_id: 3, role: "admin" }), ["event.admin", 3]);
  assert.deepEqual(words("role_changed", { user_id: 3, role: "member" }), ["event.member", 3]);
  assert.deepEqual(words("chat_updated", { title: "x" }), ["event.title", null]);
  assert.deepEqual(words("chat_updated", { avatar_url: null }), ["event.avatar", null]);
  // to those who did it, and to those to whom it was done
  assert.deepEqual(words("member_added", { user: { id: 3 } }, 2), ["event.member_added_by_you", 3]);
  assert.deepEqual(words("member_added", { user: { id: 3 } }, 3), ["event.member_added_you", 3]);
  assert.deepEqual(words("member_removed", { user_id: 2, reason: "left" }, 2), ["event.left_by_you", 2]);
  assert.deepEqual(words("role_changed", { user_id: 3, role: "admin" }, 3), ["event.admin_you", 3]);
  assert.deepEqual(words("pinned", { seq: 4 }, 2), ["event.pinned_by_you", null]);
});

test("each event has its words for whoever reads it", () => {
  const texts = JSON.parse(readFileSync(new URL("../../locales/ru.json", import.meta.url), "utf8"));
  /** @type {[string, any, number[]][]} */
  const told = [
    ["member_added", { user: { id: 3 } }, [1, 2, 3]],
    ["member_added", { user: { id: 2 } }, [1, 2]],
    ["member_removed", { user_id: 3 }, [1, 2, 3]],
    ["member_removed", { user_id: 2 }, [1, 2]],
    ["role_changed", { user_id: 3, role: "admin" }, [1, 2, 3]],
    ["role_changed", { user_id: 3, role: "member" }, [1, 2, 3]],
    ["chat_updated", { title: "x" }, [1, 2]],
    ["chat_updated", { avatar_url: null }, [1, 2]],
    ["pinned", { seq: 1 }, [1, 2]],
    ["unpinned", { seq: 1 }, [1, 2]],
    ["of_tomorrow", {}, [1, 2]],
  ];
  for (const [event, data, readers] of told) {
    for (const me of readers) {
      const { key } = eventWords({ type: "event", chat_id: 7, seq: 1, event, actor_id: 2, created_at: "", data }, me);
      assert.ok(key in texts, `${key} has no words`);
    }
  }
});

test("a day has one heading, whatever clocks say: what is not sent stands under the last, and no day is after a later one", () => {
  const at = (/** @type {number} */ seq, /** @type {string} */ created_at) => ({
    ...message(seq, 2, "10:00"),
    created_at,
  });
  const items = [at(1, "2026-11-20T23:59:00Z"), at(2, "2026-11-21T00:01:00Z"), at(3, "2026-11-20T23:58:00Z")];
  const echo = (/** @type {string} */ cid, /** @type {string} */ written_at) => ({ kind: "send", cid, chat_id: 7, content: cid, state: "failed", written_at }); // prettier-ignore
  const echoes = [
    echo("old", "2026-11-20T12:00:00Z"),
    echo("new", "2026-11-22T12:00:00Z"),
    echo("odd", "2026-11-19T12:00:00Z"),
  ];
  const days = sections(timeline(items, { echoes }), { me: ME, dividerAfter: null, dayKey });
  assert.deepEqual(
    days.map(({ day, rows: shown }) => [day, shown.length]),
    [
      ["2026-11-20", 1],
      ["2026-11-21", 3],
      ["2026-11-22", 2],
    ],
  );
});
