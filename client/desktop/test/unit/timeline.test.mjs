/** Runs of a log that are put together. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { KEPT, changedBy, emptyLine, itemAt, leftAt, withItem, withPage } from "../../renderer/state/timeline.js";
import { ServerChat } from "./world.js";

const server = new ServerChat();
for (let count = 0; count < 1300; count += 1) server.send(2);
const bounds = { first_seq: 1, applied: 1300 };
/** @param {import("../../renderer/state/timeline.js").Line} line */
const span = ({ items, at_start, at_end }) => [items[0]?.seq, items.at(-1)?.seq, items.length, at_start, at_end];
/** @param {number} from @param {number} to */
const page = (from, to) => server.page(from, to);

test("at most 500 items are kept, the far end goes", () => {
  let line = withPage(emptyLine(7), page(1100, 1300), bounds, "end");
  for (let first = 1100; first > 500; first -= 200) line = withPage(line, page(first - 200, first), bounds, "start");
  assert.deepEqual(span(line), [501, 1000, KEPT, false, false]);
  line = withPage(line, page(1000, 1200), bounds, "end");
  assert.deepEqual(span(line), [701, 1200, KEPT, false, false]);
  line = withPage(line, page(1200, 1300), bounds, "end");
  assert.deepEqual(span(line), [801, 1300, KEPT, false, true]);
});

test("what is pushed is appended only at the end, and drops the first", () => {
  let line = withPage(emptyLine(7), page(800, 1300), bounds, "end");
  const next = { ...server.item(1), seq: 1301 };
  assert.deepEqual(span(withItem(line, next)), [802, 1301, KEPT, false, true]);
  line = withPage(emptyLine(7), page(700, 900), bounds, "end");
  assert.deepEqual(span(withItem(line, next)), [701, 900, 200, false, false]);
});

test("a page that does not touch what is there takes its place", () => {
  const line = withPage(withPage(emptyLine(7), page(100, 150), bounds, "end"), page(10, 20), bounds, "start");
  assert.deepEqual(span(line), [11, 20, 10, false, false]);
});

test("pages may overlap, and begin or end what is there", () => {
  let line = withPage(emptyLine(7), page(100, 150), bounds, "end");
  line = withPage(line, page(90, 120), bounds, "start");
  line = withPage(line, page(140, 170), bounds, "end");
  line = withPage(line, page(60, 90), bounds, "start");
  assert.deepEqual(span(line), [61, 170, 110, false, false]);
});

test("what was applied while a page was on its way follows it", () => {
  let line = emptyLine(7);
  for (let seq = 1291; seq <= 1300; seq += 1) line = withItem(line, server.item(seq));
  assert.deepEqual(line.items, []);
  line = withPage(line, page(1240, 1290), bounds, "end");
  assert.deepEqual(span(line), [1241, 1300, 60, false, true]);
});

test("of a page with a hole only the part before it counts", () => {
  const items = [1, 2, 3, 5, 6].map((seq) => server.item(seq));
  const line = withPage(emptyLine(7), { items, from_seq: 0, to_seq: 6 }, bounds, "end");
  assert.deepEqual(line.items.map(({ seq }) => seq), [1, 2, 3]); // prettier-ignore
});

test("an empty chat begins and ends", () => {
  const nothing = { items: [], from_seq: 0, to_seq: 0 };
  const line = withPage(emptyLine(7), nothing, { first_seq: 1, applied: 0 }, "end");
  assert.deepEqual([line.at_start, line.at_end], [true, true]);
  assert.deepEqual(span(withItem(line, server.item(1))), [1, 1, 1, true, true]);
});

test("a whole message is replaced only by a greater rev, an event counts where its rev is not below", () => {
  const message = { ...server.item(5), rev: 3 };
  const event = {
    type: "event",
    chat_id: 7,
    seq: 9,
    event: "edited",
    actor_id: 2,
    created_at: message.created_at,
    target_seq: 5,
  };
  const edited = (/** @type {any} */ data) => changedBy(message, /** @type {any} */ ({ ...event, data }));
  assert.equal(edited({ content: "no", rev: 2 }), message);
  assert.equal(edited({}), message);
  assert.equal(edited({ content: "yes", rev: 3, edited_at: null }).content, "yes");
  const late = changedBy(
    message,
    /** @type {any} */ ({
      ...event,
      event: "reaction_added",
      data: { content: "x", edited_at: null, reactions: [], rev: 9 },
    }),
  );
  assert.deepEqual([late.content, late.reactions, late.rev], ["x", [], 9], "told late, an event tells all");
  const line = withPage(emptyLine(7), { items: [message], from_seq: 4, to_seq: 5 }, bounds, "end");
  const older = withPage(
    line,
    { items: [{ ...message, rev: 2, content: "older" }], from_seq: 4, to_seq: 5 },
    bounds,
    "end",
  );
  assert.equal(/** @type {any} */ (itemAt(older.items, 5)).content, message.content);
  const newer = withPage(
    line,
    { items: [{ ...message, rev: 4, content: "newer" }], from_seq: 4, to_seq: 5 },
    bounds,
    "end",
  );
  assert.equal(/** @type {any} */ (itemAt(newer.items, 5)).content, "newer");
});

test("of a chat that is left fifty items stay, around the place or at the end", () => {
  const line = withPage(emptyLine(7), page(800, 1300), bounds, "end");
  assert.deepEqual(span(leftAt(line, null)), [1251, 1300, 50, false, true]);
  assert.deepEqual(span(leftAt(line, 1000)), [975, 1024, 50, false, false]);
  assert.deepEqual(span(leftAt(line, 810)), [801, 850, 50, false, false]);
  assert.deepEqual(span(leftAt(line, 1290)), [1251, 1300, 50, false, true]);
  const first = withPage(emptyLine(7), page(0, 200), bounds, "start");
  assert.deepEqual(span(leftAt(first, 5)), [1, 50, 50, true, false]);
  const under = { ...line, loading: /** @type {const} */ ("older") };
  assert.equal(leftAt(under, null), under, "not under a page that is on its way");
});
