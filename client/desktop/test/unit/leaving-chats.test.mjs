/** What is looked for and chosen in a chat ends with it: its late answers take nobody back, and it swallows no Esc. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { faceOf, valueAt } from "./face.js";
import { promised, settled } from "./page.js";
import { Find } from "../../renderer/ui/log/find.js";
import { SignedIn } from "../../renderer/ui/signed-in.js";

const [HERE, THERE] = [7, 8];
const result = (/** @type {number} */ seq) => ({
  message: { chat_id: HERE, seq, content: "слово" },
  matches: [[0, 5]],
});
/** @param {number | null} current @returns {any} */
const stateOf = (current) => ({
  current,
  chats: new Map([HERE, THERE].map((id) => [id, { id, title: "", is_group: true, draft: "", read_only: false, left_seq: null }])),
  users: new Map(),
  timelines: new Map(),
  removed: new Map(),
  begun: new Map(),
  me: { id: 1 },
  link: { state: "live" },
  limits: {},
  settings: {},
}); // prettier-ignore

/** Somebody who looks for a word in a chat, with answers that the test gives. */
function looking() {
  let state = stateOf(HERE);
  /** @type {ReturnType<typeof promised<any>>[]} */
  const asked = [];
  const searchMessages = () => {
    const answer = promised();
    asked.push(answer);
    return answer.promise;
  };
  const { face, went } = faceOf({ state: () => state, searchMessages });
  const find = new Find(face);
  find.open(HERE);
  const template = find.template(state, HERE);
  valueAt(template, /@input=$/u)({ currentTarget: { value: "слово" } });
  const enter = () => valueAt(template, /@keydown=$/u)({ key: "Enter", preventDefault: () => {} });
  /** @param {number} nth @param {number[]} seqs @param {string | null} next */
  const answer = async (nth, seqs, next = null) => {
    asked[nth].resolve({ ok: true, results: seqs.map(result), next_cursor: next, complete: true, here: false });
    await settled();
    find.rendered();
    await settled();
  };
  const leave = () => (state = stateOf(THERE));
  return { find, went, enter, answer, leave };
}

test("an answer that comes when another chat is open leads nowhere", async () => {
  const stays = looking();
  stays.enter();
  await stays.answer(0, [5]);
  assert.deepEqual(stays.went, [`${HERE}/5`], "who stays is taken there");

  const leaves = looking();
  leaves.enter();
  leaves.leave();
  await leaves.answer(0, [5]);
  assert.deepEqual(leaves.went, []);
});

test("nor does a further page", async () => {
  const { enter, answer, leave, went } = looking();
  enter();
  await answer(0, [5], "more");
  enter();
  leave();
  await answer(1, [4]);
  assert.deepEqual(went, [`${HERE}/5`]);
});

test("in another chat there is no search and no choice left that Esc or Back would close first", () => {
  let state = stateOf(HERE);
  const { face, went } = faceOf({ state: () => state, onArrival: () => {}, subscribe: () => {}, setDraft: () => {} });
  const parts = new SignedIn(face);
  const draw = () => parts.template(state, new Date(0), false);
  const begin = () => {
    parts.find.open(HERE);
    parts.selecting.begin(HERE, 5);
    draw();
  };
  begin();
  assert.deepEqual([parts.find.close(), parts.selecting.end()], [true, true], "in its chat there is");
  for (const current of [THERE, null]) {
    state = stateOf(HERE);
    begin();
    went.length = 0;
    state = stateOf(current);
    draw();
    assert.deepEqual([parts.find.close(), parts.selecting.end(), went], [false, false, []]);
  }
});
