/** Where a picture lies that is zoomed and moved. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { WHOLE, fitted, heldIn, zoomedAt } from "../../renderer/words/zoom.js";

test("what is under the pointer stays there", () => {
  const at = { x: 120, y: -40 };
  let view = { ...WHOLE };
  const under = () => ({ x: (at.x - view.x) / view.scale, y: (at.y - view.y) / view.scale });
  const before = under();
  for (const scale of [1.5, 4, 2]) {
    view = zoomedAt(view, scale, at);
    assert.deepEqual([under().x, under().y].map(Math.round), [before.x, before.y]);
  }
});

test("a picture is moved as far as its edges, and one that is smaller not at all", () => {
  const through = { width: 400, height: 300 };
  const picture = { width: 400, height: 100 };
  assert.deepEqual(heldIn({ scale: 2, x: 999, y: 999 }, picture, through), { scale: 2, x: 200, y: 0 });
  assert.deepEqual(heldIn({ scale: 4, x: -999, y: -999 }, picture, through), { scale: 4, x: -600, y: -50 });
});

test("it is seen whole, and never larger than it is", () => {
  const through = { width: 400, height: 300 };
  assert.deepEqual(fitted({ width: 100, height: 50 }, through), { width: 100, height: 50 });
  assert.deepEqual(fitted({ width: 800, height: 1200 }, through), { width: 200, height: 300 });
});
