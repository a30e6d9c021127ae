/** The focus that a form wants once it is drawn. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { focusSoon } from "../../renderer/ui/parts/elements.js";

/** Where the focus is after two frames. @param {string} meanwhile where it went before them */
function focusAfter(meanwhile) {
  /** @type {(() => void)[]} */
  const frames = [];
  const page = { activeElement: "button", body: "body" };
  const field = { focus: () => (page.activeElement = "field") };
  Object.assign(globalThis, {
    document: Object.assign(page, { getElementById: () => field }),
    requestAnimationFrame: (/** @type {() => void} */ call) => void frames.push(call),
  });
  focusSoon("name");
  frames.shift()?.();
  page.activeElement = meanwhile;
  frames.shift()?.();
  return page.activeElement;
}

test("a form that was just drawn takes the focus, unless one has gone into a field meanwhile", () => {
  assert.equal(focusAfter("button"), "field");
  assert.equal(focusAfter("body"), "field", "what was pressed is not there any more");
  assert.equal(focusAfter("password"), "password");
});
