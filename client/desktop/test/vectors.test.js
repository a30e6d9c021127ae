/** Replays tests/vectors/client-*.json on the JavaScript session: the same steps, the same outputs. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { decoded } from "../renderer/protocol/frames.js";
import { ClientSession } from "../renderer/protocol/session.js";

const FOLDER = new URL("../../../tests/vectors/", import.meta.url);
const FILES = readdirSync(FOLDER).filter((name) => /^client-.*\.json$/.test(name));

/** @type {Record<string, (session: ClientSession, args: any, now: number) => void>} */
const CALLS = {
  start: (session, args, now) => session.start(args.token, now),
  connected: (session, args, now) => session.connected(args.link, now),
  receive: (session, args, now) => session.receive(args.link, received(args.frames), now),
  lost: (session, args, now) => session.lost(args.link, args.code, args.reason, now),
  renewed: (session, args, now) => session.renewed(args.token, now),
  not_renewed: (session, args, now) => session.notRenewed(args.code, args.passing, now),
  network_up: (session, _args, now) => session.networkUp(now),
  stop: (session) => session.stop(),
  send: (session, args, now) => session.send(args.row, now, args.saved),
  row_saved: (session, args, now) => session.rowSaved(args.cid, now),
  uploaded: (session, args, now) => session.uploaded(args.local_id, args.file_id, now),
  upload_failed: (session, args, now) => session.uploadFailed(args.local_id, args.code, args.detail, now),
  discard: (session, args, now) => session.discard(args.cid, now),
  saved: (session, args, now) => session.saved(args.chat_id, args.seq, now),
  read: (session, args, now) => session.read(args.chat_id, args.seq, now),
  typing: (session, args, now) => session.typing(args.chat_id, args.on, now),
  handle_timer: (session, _args, now) => session.handleTimer(now),
};

/** Frames as they come out of a WebSocket message. @param {any[]} frames */
function received(frames) {
  const found = decoded(JSON.stringify(frames));
  assert.ok(found, "frames of the protocol");
  return found;
}

/** Without members that are null: null and absent are the same. @param {any} value @returns {any} */
function stripped(value) {
  if (Array.isArray(value)) return value.map(stripped);
  if (value === null || typeof value !== "object") return value;
  const members = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, stripped(member)]));
}

/** @param {number[]} numbers */
function randoms(numbers) {
  const left = [...numbers];
  return () => left.shift() ?? 0.5;
}

test("there are vectors", () => assert.ok(FILES.length >= 120));

for (const name of FILES) {
  const vector = JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"));
  test(`${name}: ${vector.about}`, () => {
    const session = new ClientSession(vector.config, randoms(vector.random), vector.snapshot);
    vector.steps.forEach((/** @type {any} */ step, /** @type {number} */ number) => {
      CALLS[step.call](session, step.args, step.at);
      const where = `step ${number}: ${step.call}`;
      assert.deepEqual(stripped(session.outputs()), stripped(step.outputs), where);
      assert.equal(session.state, step.state, where);
      assert.equal(session.nextTimer(), step.next_timer, where);
    });
  });
}

test("a session goes on from its snapshot as the one it was taken from", () => {
  for (const name of FILES) {
    const vector = JSON.parse(readFileSync(new URL(name, FOLDER), "utf8"));
    const session = new ClientSession(vector.config, randoms(vector.random), vector.snapshot);
    for (const step of vector.steps) CALLS[step.call](session, step.args, step.at);
    const kept = session.snapshot();
    const again = new ClientSession(vector.config, randoms([]), JSON.parse(JSON.stringify(kept)));
    assert.deepEqual(again.snapshot(), kept, name);
  }
});

test("a row that lacks what its kind needs is a bug", () => {
  const session = new ClientSession({}, () => 0.5);
  assert.throws(() => session.send({ cid: "mine", chat_id: 5, kind: "delete" }, 0), /delete without/);
});

test("a step that no table has is a bug", () => {
  const session = new ClientSession({}, () => 0.5);
  session.start("token", 0);
  assert.throws(() => session.start("token", 1), /start while connecting/);
});
