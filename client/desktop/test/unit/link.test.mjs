/** When the link is worth a word, and when the word changes. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { countdown, isAway, isLive, nextChange } from "../../renderer/state/link-view.js";

/** @param {any} state @param {number | null} [since] @param {number | null} [retry_at] */
const link = (state, since = null, retry_at = null) => ({ state, since, retry_at, code: null });

test("HTTP alone is a link too", () => {
  assert.equal(isLive(link("live")), true);
  assert.equal(isLive(link("polling")), true);
  for (const state of ["offline", "connecting", "resuming", "stopped"]) assert.equal(isLive(link(state, 0)), false);
});

test("two seconds are silent, whatever state they go through", () => {
  for (const state of ["offline", "connecting", "resuming"]) {
    assert.equal(isAway(link(state, 1000), 2999), false);
    assert.equal(isAway(link(state, 1000), 3000), true);
    assert.equal(nextChange(link(state, 1000), 1500), 1500);
  }
  assert.equal(isAway(link("live"), 9e9), false);
  assert.equal(isAway(link("stopped"), 0), true);
});

test("the countdown is in whole seconds, never zero, and tells when it changes", () => {
  const waiting = link("offline", 0, 10_000);
  assert.equal(countdown(waiting, 5500), 5);
  assert.equal(countdown(waiting, 9999), 1);
  assert.equal(countdown(waiting, 12_000), 1);
  const step = nextChange(waiting, 5500) ?? 0;
  assert.equal(countdown(waiting, 5500 + step), 4);
  assert.equal(countdown(waiting, 5500 + step - 2), 5);
  assert.equal(nextChange(waiting, 10_000), null);
  assert.equal(nextChange(link("offline", 0, null), 5000), null);
  assert.equal(countdown(link("connecting", 0, 10_000), 5000), null);
  assert.equal(nextChange(link("stopped", 0), 5000), null);
});
