import assert from "node:assert/strict";
import { test } from "node:test";
import { cornerOf } from "../../renderer/ui/parts/popup.js";

const VIEW = { width: 1000, height: 600 };
const BOX = { width: 200, height: 300 };
/** @param {number} left @param {number} top */
const anchor = (left, top) => ({ left, right: left + 40, top, bottom: top + 40 });

test("below what it belongs to, above it at the foot of the window", () => {
  assert.deepEqual(cornerOf(BOX, anchor(100, 100), VIEW), { left: 100, top: 144 });
  assert.deepEqual(cornerOf(BOX, anchor(100, 500), VIEW), { left: 100, top: 196 });
});

test("in line with the end of a button at the right", () => {
  assert.deepEqual(cornerOf(BOX, anchor(900, 100), VIEW, "end"), { left: 740, top: 144 });
});

test("never beyond the window, whatever is lacking", () => {
  assert.deepEqual(cornerOf(BOX, anchor(980, 100), VIEW), { left: 796, top: 144 });
  assert.deepEqual(cornerOf(BOX, anchor(-50, 100), VIEW), { left: 4, top: 144 });
  assert.deepEqual(cornerOf(BOX, anchor(100, 200), { width: 1000, height: 400 }), { left: 100, top: 96 });
  assert.deepEqual(cornerOf(BOX, anchor(0, 0), { width: 100, height: 100 }), { left: 4, top: 4 });
});
