/** Where a message can be forwarded to: one's saved messages, chats, and people with whom there is none. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { shownChats } from "../../renderer/state/chat-list.js";
import { destinations, directWith } from "../../renderer/state/destinations.js";
import { emptyModel, reduce } from "../../renderer/state/model.js";
import { ME, ServerChat, person } from "./world.js";

/** A chat of two with its first message. @param {number} id @param {number} userId @param {object} [more] */
function direct(id, userId, more = {}) {
  const chat = new ServerChat(id);
  chat.send(userId);
  return { ...chat.chat(), type: "direct", is_group: false, title: null, peer: person(userId), ...more };
}

/** What nothing was written in. */
const SILENT = { last_seq: 0, last_message: null };

/** @param {any[]} chats @param {number[]} [blocked] */
function stateOf(chats, blocked = []) {
  const users = [2, 3, 4, 5].map(person);
  return reduce(
    emptyModel(),
    [
      { do: "set", values: { me: person(ME) } },
      { do: "users", users },
      { do: "chats", chats, users: [] },
      { do: "blocked", ids: blocked },
    ],
    0,
  );
}

/** @param {ReturnType<typeof stateOf>} state @param {{people?: number[], typed?: boolean}} [how] */
const ids = (state, { people = [], typed = false } = {}) =>
  destinations(state, shownChats(state), people.map(person), typed).map(
    ({ id, chat }) => `${id}/${chat?.id ?? "none"}`,
  );

test("saved messages come first, opened or not, hidden or not, and once", () => {
  assert.deepEqual(ids(stateOf([])), ["user-1/none"]);
  for (const more of [{}, SILENT, { hidden: true }]) {
    for (const typed of [false, true]) {
      assert.deepEqual(ids(stateOf([direct(9, 2), direct(8, ME, more)]), { typed }), ["user-1/8", "user-2/9"]);
    }
  }
});

test("hidden chats are offered where something is typed, closed ones never", () => {
  const group = new ServerChat(20);
  group.send(2);
  const closed = [
    direct(10, 3),
    direct(11, 4, { peer: { ...person(4), deleted: true } }),
    { ...group.chat(), writers: "admins", role: "member" },
  ];
  const state = stateOf([direct(9, 2, { hidden: true }), ...closed], [3]);
  assert.deepEqual(ids(state), ["user-1/none"]);
  const wanted = { typed: true, people: [2, 3, 4] };
  assert.deepEqual(ids(state, wanted), ["user-1/none", "user-2/9"]);
});

test("people are offered where there is no chat, or one without a word; not who is blocked, deleted or oneself", () => {
  const state = stateOf([direct(9, 2), direct(10, 3, SILENT)], [5]);
  assert.deepEqual(ids(state, { people: [1, 2, 3, 4, 5] }), ["user-1/none", "user-2/9", "user-3/10", "user-4/none"]);
  const gone = { ...person(6), deleted: true };
  assert.deepEqual(destinations(state, [], [gone], true).map(({ id }) => id), ["user-1"]); // prettier-ignore
  assert.deepEqual([directWith(state, 3)?.id, directWith(state, 4)], [10, null]);
});
