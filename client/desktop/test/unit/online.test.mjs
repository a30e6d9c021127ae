/** Who is seen to be here: in the pictures of chats and in the number of a group, wherever one looks at them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { faceOf, within } from "./face.js";
import { ME, at, person } from "./world.js";

const { emptyModel } = await import("../../renderer/state/model.js");
const { chatAvatar } = await import("../../renderer/ui/parts/chat-avatar.js");
const { chatInfo } = await import("../../renderer/ui/dialogs/chat-info.js");
const { person: personDialog } = await import("../../renderer/ui/dialogs/person.js");
const { aboutChat, createPlaces } = await import("../../renderer/ui/dialogs/places.js");
const { personRow } = await import("../../renderer/ui/parts/people.js");
const { topbar } = await import("../../renderer/ui/log/topbar.js");

const DIRECT = 7;
const SAVED = 8;
const GROUP = 9;

/** @param {number} id @param {any} peer @param {any} [rest] @returns {any} */
const chat = (id, peer, rest = {}) => ({ id, title: null, is_group: peer === null, peer, members: null, created_at: at(0), last_at: at(1), last_seq: 1, left_seq: null, typing: [], role: "member", writers: "all", ...rest }); // prettier-ignore
/** @param {number} id @param {boolean | null} online @returns {any} */
const user = (id, online) => ({ ...person(id), online });

/** @param {string} link its state @returns {any} */
function stateOf(link) {
  const me = user(ME, true);
  const other = user(2, true);
  return {
    ...emptyModel(),
    me,
    users: new Map([me, other].map((one) => [one.id, one])),
    chats: new Map([
      [DIRECT, chat(DIRECT, other)],
      [SAVED, chat(SAVED, me)],
    ]),
    link: { ...emptyModel().link, state: link },
  };
}

/** Whether the first picture of a template says that somebody is here. @param {any} template */
function isOnline(template) {
  for (const one of within(template)) if ("is-online" in one) return one["is-online"];
  throw new Error("there is no picture");
}

/** @param {any} state @param {number} chatId */
function looks(state, chatId) {
  const { face } = faceOf({ state: () => state });
  const [entry] = createPlaces(face, () => true)
    .found(state, "", 50)
    .filter(({ candidate }) => candidate.id === `switch-chat-${chatId}`);
  return [
    isOnline(chatAvatar(face, state, state.chats.get(chatId))),
    isOnline(entry.candidate.picture),
    isOnline(chatInfo(face, { chatId }, () => true).content(state)),
  ];
}

test("one sees that somebody is here while there is a link, in the list, the switcher and the card alike", () => {
  assert.deepEqual(looks(stateOf("live"), DIRECT), [true, true, true]);
  assert.deepEqual(looks(stateOf("offline"), DIRECT), [false, false, false]);
});

test("one is not told that one is here oneself", () => {
  assert.deepEqual(looks(stateOf("live"), SAVED), [false, false, false]);
});

/** @param {any} template @returns {string} the strings that stand in it */
const wordsIn = (template) =>
  [...within(template)].flatMap(({ values }) => (values ?? []).filter((/** @type {any} */ one) => typeof one === "string")).join("\n"); // prettier-ignore

/** @param {boolean | null} own whether the server tells that one is here oneself @param {any[]} others @param {string} link */
function countsIn(own, others, link = "live") {
  const me = user(ME, own);
  const members = [me, ...others].map((one) => ({ user: one, role: "member" }));
  const state = stateOf(link);
  state.me = me;
  state.users = new Map(members.map(({ user: one }) => [one.id, one]));
  state.chats.set(GROUP, chat(GROUP, null, { is_group: true, title: "Маяк", members }));
  const { face } = faceOf({ state: () => state, loadMembers: async () => ({ ok: true }) });
  const above = topbar(face, state, state.chats.get(GROUP), { now: new Date(), find: () => {} });
  const card = chatInfo(face, { chatId: GROUP }, () => true).content(state);
  return [above, card].map((template) => wordsIn(template).match(/(\d+) в сети/)?.[1] ?? null);
}

test("how many of a group are here is one number above the chat and in its card, and nobody's where one is alone", () => {
  for (const own of [true, false, null]) {
    assert.deepEqual(countsIn(own, [user(2, false), user(3, null)]), [null, null]);
    assert.deepEqual(countsIn(own, [user(2, true), user(3, null)]), ["2", "2"]);
    assert.deepEqual(countsIn(own, [user(2, true), user(3, null)], "offline"), [null, null]);
  }
});

test("a person in a list is here while there is a link that tells", () => {
  for (const [link, here] of [
    ["live", true],
    ["polling", true],
    ["offline", false],
  ]) {
    const state = stateOf(/** @type {string} */ (link));
    assert.equal(isOnline(personRow(faceOf({ state: () => state }).face, user(2, true), { id: "row" })), here);
  }
});

test("words say that somebody is here while there is a link that tells, as pictures do", () => {
  for (const [link, here] of /** @type {const} */ ([
    ["live", true],
    ["polling", true],
    ["connecting", false],
  ])) {
    const state = stateOf(link);
    const { face } = faceOf({ state: () => state });
    const chatHere = state.chats.get(DIRECT);
    const drawn = [
      topbar(face, state, chatHere, { now: new Date(), find: () => {} }),
      chatInfo(face, { chatId: DIRECT }, () => true).content(state),
      personDialog(face, { userId: 2 }, () => true).content(state),
      personRow(face, user(2, true), { id: "row" }),
    ].map(wordsIn);
    drawn.push(aboutChat(chatHere, state));
    assert.deepEqual(drawn.map((words) => words.includes("в сети")), Array(5).fill(here), link); // prettier-ignore
  }
});
