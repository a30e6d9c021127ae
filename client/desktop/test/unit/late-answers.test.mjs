/** Answers that come late: what was given up, or was of the chat that was left, leads nobody away from where they are. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeElement, TEXTS, faceOf, valueAt, within } from "./face.js";
import { promised, settled } from "./page.js";
import { createOverlays } from "../../renderer/ui/overlays.js";
import { Log } from "../../renderer/ui/log/log.js";
import { eventRow } from "../../renderer/ui/log/event-row.js";
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

test("End takes the focus to the last message, unless one went elsewhere before it was loaded", async () => {
  const field = new FakeElement();
  const away = {
    "who stays": () => {},
    "whose row went": () => void (page.activeElement = page.body),
    "who writes": () => field.focus(),
    "who opened another chat": () => void draw(THERE),
  };
  const page = /** @type {any} */ (document);
  /** @type {(chatId: number) => void} */
  let draw = () => {};
  for (const [who, leave] of Object.entries(away)) {
    const loaded = promised();
    const [log, row] = [new FakeElement(".log"), new FakeElement("article .log")];
    log.scrollHeight = 100;
    Object.assign(page, { body: new FakeElement(), querySelector: () => log, querySelectorAll: () => [row] });
    const timelines = new Map([[HERE, { chat_id: HERE, items: [], echoes: [], at_start: true, at_end: false, loading: null, problem: null }]]);
    const state = { ...stateOf(), timelines };
    const { face } = faceOf({ state: () => state, jumpToEnd: () => loaded.promise, keptPlace: () => null });
    const shown = new Log(face, /** @type {any} */ ({ of: () => null }));
    draw = (id) => shown.template(state, chatOf({ id, unread_count: 0, read_seq: 0, last_seq: 0 }), { now: new Date(0), query: "" });
    const key = valueAt(draw(HERE), /@keydown=$/u);
    row.focus();
    key({ target: row, key: "End", preventDefault: () => {} });
    leave();
    const left = page.activeElement;
    loaded.resolve({ ok: true });
    await settled();
    const moves = who === "who stays" || who === "whose row went";
    assert.equal(page.activeElement === row && log.scrollTop === log.scrollHeight, moves, who);
    if (!moves) assert.equal(page.activeElement, left, who);
  }
}); // prettier-ignore

test("Ctrl+C copies the words of a message, and nothing of one without words", async () => {
  /** @type {string[]} */
  const copied = [];
  Object.defineProperty(globalThis, "navigator", { value: { clipboard: { writeText: async (/** @type {string} */ text) => void copied.push(text) } }, configurable: true });
  for (const [content, expected] of /** @type {const} */ ([["", []], [null, []], ["слова", ["слова"]]])) {
    copied.length = 0;
    const item = { type: "message", chat_id: HERE, seq: 1, sender_id: 2, content, attachments: [], reactions: [], deleted: false, created_at: "2026-11-28T09:00:00Z" };
    const timelines = new Map([[HERE, { chat_id: HERE, items: [item], echoes: [], at_start: true, at_end: true, loading: null, problem: null }]]);
    const state = { ...stateOf(), timelines, removed: new Map() };
    const { face, said } = faceOf({ state: () => state, keptPlace: () => null });
    const shown = new Log(face, /** @type {any} */ ({ of: () => null }));
    const chat = chatOf({ unread_count: 0, read_seq: 1, last_seq: 1, left_seq: null });
    const key = valueAt(shown.template(/** @type {any} */ (state), chat, { now: new Date(0), query: "" }), /@keydown=$/u);
    const row = new FakeElement("article");
    row.closest = () => Object.assign(new FakeElement(), { dataset: { seq: "1" } });
    key({ target: row, key: "c", code: "KeyC", ctrlKey: true, preventDefault: () => {} });
    await settled();
    assert.deepEqual([copied, said], [expected, expected.map(() => TEXTS["toast.copied"])]);
  }
}); // prettier-ignore

test("why a pinned message cannot be shown is told once, where it is known", async () => {
  const toMessage = async () => false; // and said why
  const { face, said } = faceOf({}, { showMessage: toMessage });
  const event = { seq: 2, event: "pinned", chat_id: HERE, target_seq: 1, created_at: "2026-11-28T09:00:00Z" };
  const row = eventRow(face, /** @type {any} */ ({ key: "event.pinned", actor: 2 }), /** @type {any} */ (event), stateOf());
  const place = [...within(row)].find(({ strings }) => strings?.join("").includes("event__place"));
  valueAt(place, /@click=$/u)();
  await settled();
  assert.deepEqual(said, []);
}); // prettier-ignore

test("a click beside the settings closes them, but not over a profile that is typed and not saved", async () => {
  const state = { ...stateOf(), settings: {}, server: { url: "https://chat.example.org" } };
  Object.assign(state.me, { email: null, avatar_url: null });
  const asks = {
    state: () => state,
    reloadMe: () => {},
    serverInfo: async () => ({ ok: false, code: "no_connection" }),
  };
  const { face } = faceOf(asks);
  face.overlays = createOverlays(face);
  const beside = () => {
    const frame = new FakeElement();
    const event = { currentTarget: frame, target: frame, clientX: 5, clientY: -5 };
    valueAt(face.overlays.template(state), /@pointerdown=$/u)(event);
    return face.overlays.busy();
  };
  face.overlays.open("settings");
  const type = (/** @type {string} */ value) =>
    valueAt(face.overlays.template(state), /@input=$/u)({ currentTarget: { value } });
  type("Иначе");
  assert.equal(beside(), true);
  type(state.me.display_name);
  assert.equal(beside(), false);
});
