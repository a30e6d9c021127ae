/** Answers that come late: what was given up, or was of the chat that was left, leads nobody away from where they are. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { faceOf, valueAt, within } from "./face.js";
import { promised, settled } from "./page.js";
import { createOverlays } from "../../renderer/ui/overlays.js";
import { createPlaces } from "../../renderer/ui/dialogs/places.js";
import { hideChat, toggleMuted } from "../../renderer/ui/parts/chat-actions.js";

const [HERE, THERE, NEW] = [7, 8, 9];
/** @param {object} given @returns {any} */
const chatOf = (given) => ({ id: HERE, title: "Маяк", is_group: true, muted: false, muted_until: null, ...given });
const peer = { id: 2, username: "boris", display_name: "Борис", created_at: "2026-11-28T09:00:00Z" };
/** @returns {any} */
const stateOf = () => ({
  current: HERE,
  me: { ...peer, id: 1, username: "anna" },
  users: new Map([[2, peer]]),
  chats: new Map([[HERE, chatOf({})]]),
  blocked: new Set(),
  timelines: new Map(),
  link: { state: "live" },
  limits: {},
});

/** Dialogs with a server that answers when the test says so. @param {string} name @param {object} [params] */
function opened(name, params) {
  const answer = promised();
  const state = stateOf();
  const asks = { state: () => state, openDirect: () => answer.promise, createGroup: () => answer.promise };
  const { face, went } = faceOf(asks);
  face.overlays = { ...createOverlays(face), toast: () => {} };
  face.overlays.open(name, params);
  const draw = () => face.overlays.template(state);
  const come = async () => {
    answer.resolve({ ok: true, chat_id: NEW });
    await settled();
  };
  return { overlays: face.overlays, draw, come, went };
}

/** @param {unknown} drawn @returns {unknown} */
const firstOption = (drawn) => [...within(drawn)].find(({ strings }) => strings?.[0].includes(`role="option"`));

/** Somebody presses what asks for a chat. @type {[string, object, (drawn: unknown) => void][]} */
const WAYS = [
  ["person", { userId: 2 }, (drawn) => valueAt(drawn, /btn--primary" type="button" @click=$/u)()],
  ["new-chat", {}, (drawn) => valueAt(firstOption(drawn), /@click=$/u)()],
  ["new-group", {}, (drawn) => valueAt(drawn, /novalidate @submit=$/u)({ preventDefault: () => {} })],
];
for (const [name, params, press] of WAYS) {
  test(`a chat that was asked for in ${name} opens while it is open, and not after it was closed`, async () => {
    for (const stays of [true, false]) {
      const { overlays, draw, come, went } = opened(name, params);
      if (name === "new-group") valueAt(draw(), /@input=$/u)({ currentTarget: { value: "Группа" }, target: { value: "Группа" } }); // prettier-ignore
      press(draw());
      if (!stays) overlays.closeTop();
      await come();
      assert.deepEqual(went, stays ? [`chat ${NEW}`] : []);
      assert.equal(overlays.busy(), false);
    }
  });
}

test("nor does a person among places, once one went elsewhere", async () => {
  for (const stays of [true, false]) {
    const answer = promised();
    const { face, went } = faceOf({ state: stateOf, openDirect: () => answer.promise });
    const places = createPlaces(face, () => stays);
    const [{ candidate }] = places.found(stateOf(), "Борис", 4);
    candidate.run();
    answer.resolve({ ok: true, chat_id: NEW });
    await settled();
    assert.deepEqual(went, stays ? [`chat ${NEW}`] : []);
  }
});

test("a chat that is hidden late closes itself, and no other", async () => {
  for (const [before, after, expected] of /** @type {const} */ ([
    [HERE, HERE, ["chat null"]],
    [HERE, THERE, []],
    [THERE, HERE, []],
  ])) {
    const state = { ...stateOf(), current: before };
    const answer = promised();
    const { face, went } = faceOf({ state: () => state, changeChat: () => answer.promise });
    const hidden = hideChat(face, chatOf({}));
    state.current = after;
    answer.resolve({ ok: true });
    assert.equal(await hidden, true);
    assert.deepEqual(went, expected);
  }
});

test("the undo of unmuting mutes for as long as it was", async () => {
  const until = "2999-01-01T00:00:00.000000Z";
  for (const [given, changes] of /** @type {const} */ ([
    [{ muted: true, muted_until: until }, [{ muted: false }, { muted: true, muted_until: until }]],
    [{ muted: true }, [{ muted: false }, { muted: true, muted_until: null }]],
    [{}, [{ muted: true }, { muted: false }]],
  ])) {
    /** @type {unknown[]} */
    const changed = [];
    const changeChat = async (/** @type {number} */ _id, /** @type {unknown} */ change) => {
      changed.push(change);
      return { ok: true };
    };
    /** @type {(() => void)[]} */
    const undo = [];
    const overlays = { toast: (/** @type {any} */ { text, run }) => assert.ok(text) ?? undo.push(run) };
    const { face } = faceOf({ state: stateOf, changeChat }, { overlays });
    await toggleMuted(face, chatOf(given));
    undo[0]();
    assert.deepEqual(changed, changes);
  }
});
