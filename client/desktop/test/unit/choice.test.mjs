/** Which messages are chosen. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_CHOSEN, chooseMore, chooseNoMore } from "../../renderer/state/choice.js";

/** @param {number} from @param {number} count */
const run = (from, count) => Array.from({ length: count }, (_, at) => from + at);

test("a hundred are chosen at most: what was chosen stays, and what finds no room is told", () => {
  const hundred = chooseMore(new Set(), run(1, 100));
  assert.deepEqual([hundred.seqs.size, hundred.full, MOST_CHOSEN], [100, false, 100]);
  const more = chooseMore(hundred.seqs, [101]);
  assert.deepEqual([[...more.seqs], more.full], [run(1, 100), true]);
  assert.deepEqual(chooseMore(hundred.seqs, [50]), { seqs: hundred.seqs, full: false }, "it is there already");
  const room = chooseNoMore(hundred.seqs, 50);
  assert.deepEqual([room.size, hundred.seqs.size], [99, 100]);
  assert.deepEqual(chooseMore(room, [101]).full, false);
});

test("of many those are chosen that are next to where one stands", () => {
  const { seqs, full } = chooseMore(new Set([500]), run(1, 500).reverse());
  assert.deepEqual([Math.min(...seqs), Math.max(...seqs), seqs.size, full], [401, 500, 100, true]);
  const down = chooseMore(new Set([1]), run(1, 500));
  assert.deepEqual([Math.max(...down.seqs), down.full], [100, true]);
});
