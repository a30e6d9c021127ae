/** A search goes on by itself where a page of the server's shows too little. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { createFinding } from "../../renderer/ui/parts/finding.js";

/** @typedef {import("../../renderer/types.js").Wanted} Wanted */

/** @type {Wanted} */
const WANTED = { query: "а", chat_id: null, sender_id: null, has: null, after: null, before: null };

/** A search whose pages have so many results each. @param {number[]} sizes */
function searching(sizes) {
  /** @type {(string | null)[]} */
  const asked = [];
  let seq = 1000;
  const searchMessages = async (/** @type {Wanted} */ _wanted, /** @type {string | null} */ cursor) => {
    const place = asked.push(cursor);
    const results = Array.from({ length: sizes[place - 1] }, () => ({
      message: { id: seq, seq: seq--, chat_id: 1 },
      chat_id: 1,
      matches: [],
    }));
    const next_cursor = place < sizes.length ? `page${place}` : null;
    return { ok: true, results, next_cursor, complete: true, here: false };
  };
  const messenger = { searchMessages, state: () => ({ link: { state: "live" } }) };
  const finding = createFinding(/** @type {any} */ ({ messenger, redraw: () => {} }));
  return { finding, asked };
}

/** All that is on its way has come. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a page of few results is followed by the next ones, until there are enough", async () => {
  const { finding, asked } = searching([0, 2, 15, 20]);
  finding.want(WANTED, true);
  await settled();
  assert.deepEqual(asked, [null, "page1", "page2"]);
  const { results, cursor, busy } = finding.get();
  assert.deepEqual([results.length, cursor, busy], [17, "page3", false]);
});

test("it does not go on for ever: then it waits to be asked", async () => {
  const { finding, asked } = searching([1, 1, 1, 1, 1, 1, 1, 1, 1]);
  finding.want(WANTED, true);
  await settled();
  assert.equal(asked.length, 4);
  assert.deepEqual([finding.get().cursor, finding.get().busy], ["page4", false]);
  await finding.more();
  assert.equal(asked.length, 8);
});

test("what there is can be gone to meanwhile, and whoever asks for more waits for the page on its way", async () => {
  const { finding, asked } = searching([1, 15]);
  finding.want(WANTED, true);
  await Promise.resolve();
  while (asked.length < 2) await Promise.resolve();
  assert.deepEqual([finding.get().results.length, finding.get().busy], [1, false]);
  await finding.more();
  assert.deepEqual([asked, finding.get().results.length], [[null, "page1"], 16]);
});

test("another wish ends it", async () => {
  const { finding, asked } = searching([0, 0, 0, 0]);
  finding.want(WANTED, true);
  finding.want({ ...WANTED, query: "" }, true);
  await settled();
  assert.deepEqual([asked, finding.get().results], [[null], []]);
});
