/** Replays tests/vectors/timeline-*.json: what is shown of a log, with one's own commands over it. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { withChanges } from "../../renderer/state/changes.js";
import { echoOf } from "../../renderer/protocol/commands.js";
import { rowOf } from "../../renderer/protocol/row.js";
import { emptyLine, withItem, withPage } from "../../renderer/state/timeline.js";

const FOLDER = new URL("../../../../tests/vectors/", import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => /^timeline-.*\.json$/.test(name));

/** @param {any} line @param {any} step */
function taken(line, step) {
  if (step.apply) return withItem(line, step.apply);
  const page = { from_seq: step.read.seq - 1, to_seq: step.read.seq, items: [step.read] };
  return withPage(line, page, { first_seq: 1, applied: line.items.at(-1)?.seq ?? 0 }, "start");
}

/** @param {any} message */
function stateOf({ seq, rev, content, deleted, reactions, mentions, mentions_all }) {
  return { seq, rev, content, deleted, reactions, mentions, mentions_all };
}

test("there are vectors", () => assert.ok(FILES.length >= 20));

for (const name of FILES) {
  const vector = JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"));
  test(`${name}: ${vector.about}`, () => {
    const line = vector.steps.reduce(taken, { ...emptyLine(5), at_end: true });
    const kept = { state: /** @type {const} */ ("queued"), code: null, written_at: "2026-01-01T00:00:00Z" };
    const echoes = vector.rows.map((/** @type {any} */ row) => echoOf({ ...rowOf(row), ...kept }));
    const shown = withChanges(line.items, echoes, vector.user_id).filter(({ type }) => type === "message");
    assert.deepEqual(shown.map(stateOf), vector.shown);
  });
}
