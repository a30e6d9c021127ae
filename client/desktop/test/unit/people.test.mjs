/** People and timelines leave the memory, and the disk, where nothing that is kept names them any more. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyModel, reduce } from "../../renderer/state/model.js";
import { MOST, OTHERS } from "../../renderer/state/people.js";
import { ME, ServerChat, person } from "./world.js";

/** @typedef {import("../../renderer/types.js").Update} Update */

/** @param {number} from @param {number} to @returns {Update[]} people told of one by one, as by searching for them */
const told = (from, to) => Array.from({ length: to - from }, (_, at) => ({ do: "users", users: [person(from + at)] }));

test("who is named by a chat, its members, a timeline or a pin stays; of others the last ones", () => {
  const server = new ServerChat();
  const seq = server.send(11);
  server.log[seq - 1].mentions = [12];
  server.log[seq - 1].reactions = [{ emoji: "👍", count: 1, user_ids: [13] }];
  server.log[seq - 1].forwarded = { user_id: 14, display_name: "x" };
  server.happen("member_removed", { user_id: 15, reason: "removed" }, undefined, 16);
  server.send(17);
  const pinned = { ...server.item(seq), sender_id: 18, mentions: [], reactions: [], forwarded: null };
  /** @type {Update[]} */
  const start = [
    { do: "users", users: [1, 2, 3, 11, 12, 13, 14, 15, 16, 17, 18, 19].map(person) },
    { do: "chats", chats: [server.chat({ members: true })], users: [] },
    { do: "set", values: { me: person(ME) } },
    { do: "open", chat_id: 7 },
    { do: "page", chat_id: 7, page: server.page(0, 3) },
    { do: "pins", chat_id: 7, messages: [pinned] },
  ];
  let model = reduce(emptyModel(), start, 0);
  model = reduce(model, told(100, 100 + MOST), 0);
  assert.ok(model.users.size <= OTHERS + 11, String(model.users.size));
  for (const id of [ME, 2, 3, 11, 12, 13, 14, 15, 16, 17, 18]) assert.ok(model.users.has(id), String(id));
  assert.ok(!model.users.has(19), "nothing names them");
  assert.ok(model.users.has(99 + MOST), "the last one told of");
  assert.ok(!model.users.has(100));
  assert.equal(reduce(model, [{ do: "tick" }], 0), model, "that is done once");
});

test("who is told of again counts as the last one", () => {
  let model = reduce(emptyModel(), told(1, MOST), 0);
  const again = { ...person(1), display_name: "Another" };
  model = reduce(model, [{ do: "users", users: [again] }, ...told(MOST, MOST + 2)], 0);
  assert.equal(model.users.size, OTHERS);
  assert.equal(model.users.get(1)?.display_name, "Another");
});

test("the timeline that was not opened for the longest time leaves, and the members of its group with it", () => {
  const chats = Array.from({ length: 14 }, (_, at) => new ServerChat(at + 1));
  for (const chat of chats) chat.send(2);
  let model = reduce(
    emptyModel(),
    [{ do: "chats", chats: chats.map((chat) => chat.chat({ members: true })), users: [] }],
    0,
  );
  const pins = (/** @type {number} */ id) => ({ do: /** @type {const} */ ("pins"), chat_id: id, messages: [chats[id - 1].item(1)] }); // prettier-ignore
  const open = (/** @type {number} */ id) => (model = reduce(model, [{ do: "open", chat_id: id }, pins(id)], 0));
  for (const id of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 13]) open(id);
  assert.equal(model.timelines.size, 12);
  assert.deepEqual([model.timelines.has(1), model.timelines.has(2)], [true, false]);
  assert.deepEqual([model.pins.has(1), model.pins.has(2), model.pins.size], [true, false, 12], "and its pins");
  assert.equal(reduce(model, [pins(2)], 0), model, "pins that come late are of a chat that was left");
  assert.deepEqual([model.chats.get(1)?.members?.length, model.chats.get(2)?.members], [3, null]);
  const again = reduce(model, [{ do: "chat", chat: chats[1].chat({ members: true }) }], 0);
  assert.equal(again.chats.get(2)?.members?.length, 3, "when it is asked for again");
});
