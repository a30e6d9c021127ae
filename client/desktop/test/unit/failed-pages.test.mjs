/** What of a log could not be had is told at the end where it lacks, and asked for there by whoever tries again. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeElement, attach, faceOf, valueAt, within } from "./face.js";
import { Log } from "../../renderer/ui/log/log.js";

const CHAT = 7;
const chat = { id: CHAT, unread_count: 0, read_seq: 9, last_seq: 9, left_seq: null, others_read_seq: 0 };
const item = { type: "event", event: "pinned", chat_id: CHAT, seq: 5, actor_id: 1, target_seq: 4, created_at: "2026-11-28T09:00:00Z", data: {} }; // prettier-ignore

/** @param {object} given of the timeline */
function opened(given) {
  const timeline = { chat_id: CHAT, items: [item], echoes: [], at_start: false, at_end: false, loading: null, problem: "internal", failed: [], ...given }; // prettier-ignore
  const state = /** @type {any} */ ({
    current: CHAT, me: { id: 1 }, users: new Map(), limits: {}, timelines: new Map([[CHAT, timeline]]), chats: new Map([[CHAT, chat]]), removed: new Set(), progress: new Map(), link: { state: "live" },
  }); // prettier-ignore
  /** @type {string[]} */
  const asked = [];
  const asking = (/** @type {string} */ what) => async () => void asked.push(what);
  const { face } = faceOf({ state: () => state, keptPlace: () => null, loadOlder: asking("older"), loadNewer: asking("newer"), openChat: asking("open") }); // prettier-ignore
  const log = new Log(face, /** @type {any} */ ({ of: () => null }));
  const drawn = log.template(state, /** @type {any} */ (chat), { now: new Date(0), query: "" });
  return { log, state, asked, drawn };
}

/** The problems and the days of a log, in their order, and what a press on each "Retry" asks for.
 * @param {ReturnType<typeof opened>} log */
function told({ drawn, asked }) {
  const parts = [...within(drawn)].filter(({ strings }) => /^<(p class="log__problem"|section)/u.test(strings?.[0]));
  return parts.map((part) => {
    if (part.strings[0].startsWith("<section")) return "days";
    valueAt(part, /@click=$/u)();
    return asked.pop();
  });
}

test("a failure stands at its own end, and Retry asks there", () => {
  assert.deepEqual(told(opened({ failed: ["newer"] })), ["days", "newer"]);
  assert.deepEqual(told(opened({ failed: ["older"] })), ["older", "days"]);
  assert.deepEqual(told(opened({ failed: ["newer", "older"] })), ["older", "days", "newer"]);
  assert.deepEqual(told(opened({ problem: null })), ["days"]);
});

test("where nothing is there it is told once, and the chat is opened anew", () => {
  for (const failed of [["older"], ["newer"]]) assert.deepEqual(told(opened({ items: [], failed })), ["open"]);
});

test("what failed at one end is not asked for by itself, and does not hold up the other", () => {
  for (const [failed, expected] of /** @type {[string[], string[]][]} */ ([
    [[], ["older"]],
    [["newer"], ["older"]],
    [["older"], ["newer"]],
    [["older", "newer"], []],
  ])) {
    const { log, state, asked, drawn } = opened({ failed });
    attach(drawn, Object.assign(new FakeElement(), { firstElementChild: null }));
    log.scroll.toEnd(0);
    log.scroll.rendered(state, /** @type {any} */ (chat));
    assert.deepEqual(asked, expected);
  }
});
