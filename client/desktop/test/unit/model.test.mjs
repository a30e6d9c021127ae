/** The reducer: whatever the order in which a window hears of things, it ends with what the server has. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { barredFrom } from "../../renderer/state/changes.js";
import { sharedOf } from "../../renderer/state/handed.js";
import { emptyModel, reduce } from "../../renderer/state/model.js";
import { ME, ServerChat, at, numbers, person } from "./world.js";

/** @typedef {import("../../renderer/types.js").Update} Update */

/** A window with one chat in it. @param {ServerChat} server @param {Update[]} [more] */
function modelOf(server, more = []) {
  /** @type {Update} */
  const me = { do: "set", values: { me: person(ME), phase: "signed_in" } };
  return reduce(emptyModel(), [me, { do: "chats", chats: [server.chat()], users: [person(2)] }, ...more], 0);
}

/** @param {any} item @returns {Update} */
const apply = (item) => ({ do: "apply", item });
/** @param {any} frame @returns {Update} */
const tell = (frame) => ({ do: "tell", frame });
/** @param {Partial<import("../../renderer/types.js").Echo>} given @returns {Update} */
const echo = (given) => ({
  do: "echo",
  echo: { cid: "c1", chat_id: 7, kind: "send", content: "hi", reply_to: null, target_at: null, seq: null, of_cid: null, emoji: null, on: null, forward: null, attachments: [], files: [], state: "queued", code: null, written_at: at(0), ...given },
}); // prettier-ignore

/** One random story of a chat, told to a window in pieces, late and twice. @param {number} seed */
function story(seed) {
  const random = numbers(seed);
  const below = (/** @type {number} */ bound) => Math.floor(random() * bound);
  const server = new ServerChat();
  for (let count = below(30); count > 0; count -= 1) server.send(1 + below(3));
  let applied = server.last_seq;
  let model = modelOf(server, [{ do: "jump", chat_id: 7, applied }]);
  /** @type {Update[]} */
  let late = [];
  /** @type {Update[]} */
  const past = [];
  /** @param {Update[]} updates */
  const hear = (...updates) => {
    model = reduce(model, updates, 0);
    past.push(...updates);
  };
  const deliver = () => {
    applied += 1;
    hear(apply(server.item(applied)));
  };
  const steps = [
    () => server.send(1 + below(3)),
    () => server.send(2 + below(2)),
    () =>
      server.change(
        1 + below(server.last_seq || 1),
        /** @type {const} */ (["edited", "deleted", "reaction_added"])[below(3)],
      ),
    () => (below(4) ? null : server.rename(`title ${server.last_seq}`)),
    () => (below(4) ? null : server.toggleMember(3 + below(2))),
    () => (below(6) ? null : server.setRole(1 + below(2), below(2) ? "admin" : "member")),
    () => applied < server.last_seq && deliver(),
    () => applied < server.last_seq && deliver(),
    () => applied < server.last_seq && deliver(),
    () => late.push({ do: "chat", chat: server.chat({ members: below(2) === 0 }) }),
    () => hear({ do: "chat", chat: server.chat({ members: below(2) === 0 }) }),
    () => hear(tell({ type: "chats", chats: [server.head()] })),
    () => hear(tell({ type: "user", user: person(2) })),
    () => late.length && hear(late.splice(below(late.length), 1)[0]),
    () => hear({ do: "open", chat_id: 7 }),
    // a timeline is opened before a page is asked for
    () =>
      model.timelines.has(7) &&
      late.push({
        do: "page",
        chat_id: 7,
        page: server.page(Math.max(0, server.last_seq - 20), server.last_seq),
        anew: below(4) === 0,
      }),
    () => {
      if (!model.timelines.has(7)) return;
      const items = model.timelines.get(7)?.items ?? [];
      const first = items[0]?.seq ?? server.last_seq + 1;
      late.push({ do: "page", chat_id: 7, page: server.page(Math.max(0, first - 6), first - 1), keep: "start" });
    },
    () => {
      server.read = Math.max(server.read, below(server.last_seq + 1));
      if (below(2)) hear(tell(server.marks()));
    },
    () => {
      // this device reads what it applied; its mark reaches the server later
      const read = below(applied + 1);
      if (read <= server.read) return;
      const seen = server
        .page(read, applied)
        .items.filter((item) => item.type === "message" && item.sender_id !== ME && !item.deleted);
      hear({
        do: "save_marks",
        chat_id: 7,
        read_seq: read,
        seen: below(2) ? { left: seen.length, upto: applied } : null,
      });
      server.read = read;
      late.push(tell(server.marks()));
    },
    () => past.length && hear(past[Math.max(0, past.length - 1 - below(6))]),
  ];
  for (let step = 0; step < 150; step += 1) steps[below(steps.length)]();
  while (applied < server.last_seq) deliver();
  hear(...late);
  late = [];
  hear({ do: "open", chat_id: 7 }, tell(server.marks()));
  return { server, model };
}

test("what is heard late, twice and in pieces ends as what the server has", () => {
  let shown = 0;
  for (let seed = 1; seed <= 300; seed += 1) {
    const { server, model } = story(seed);
    const chat = /** @type {import("../../renderer/state/chats.js").Chat} */ (model.chats.get(7));
    const line = /** @type {import("../../renderer/state/timeline.js").Line} */ (model.timelines.get(7));
    const where = `seed ${seed}`;
    for (const item of line.items.filter((one) => one.type === "message")) {
      assert.deepEqual(item, server.item(item.seq), `${where}: message ${item.seq}`);
    }
    line.items.forEach((item, place) => assert.equal(item.seq, line.items[0].seq + place, `${where}: without a hole`));
    if (line.at_end && line.items.length) assert.equal(line.items.at(-1)?.seq, server.last_seq, `${where}: the end`);
    if (line.at_start && line.items.length) assert.equal(line.items[0].seq, 1, `${where}: the start`);
    shown += line.items.length;
    const truth = server.chat({ members: true });
    assert.equal(chat.title, truth.title, `${where}: title`);
    assert.equal(chat.role, truth.role, `${where}: role`);
    assert.equal(chat.last_seq, truth.last_seq, `${where}: last_seq`);
    assert.equal(chat.read_seq, truth.read_seq, `${where}: read_seq`);
    assert.deepEqual(chat.last_message, truth.last_message, `${where}: last message`);
    assert.equal(chat.unread_count, truth.unread_count, `${where}: unread`);
    assert.equal(model.unread, truth.unread_count, `${where}: all unread`);
    if (chat.members) {
      const ids = (/** @type {any[]} */ members) => members.map(({ user, role }) => `${user.id} ${role}`).sort();
      assert.deepEqual(ids(chat.members), ids(/** @type {any[]} */ (truth.members)), `${where}: members`);
    }
  }
  assert.ok(shown > 4000, `the stories showed ${shown} items`);
});

test("an update that changes nothing gives the same object, and what did not change keeps its identity", () => {
  const server = new ServerChat();
  server.send(2);
  const other = new ServerChat(8);
  let model = modelOf(server);
  model = reduce(
    model,
    [
      { do: "chat", chat: other.chat() },
      { do: "open", chat_id: 7 },
      { do: "page", chat_id: 7, page: server.page(0, 1) },
    ],
    0,
  );
  const item = server.item(server.send(3));
  const after = reduce(model, [apply(item)], 0);
  assert.notEqual(after.chats.get(7), model.chats.get(7));
  assert.equal(after.chats.get(8), model.chats.get(8));
  assert.equal(after.users, model.users);
  assert.equal(after.timelines.get(7)?.items[0], model.timelines.get(7)?.items[0]);
  assert.equal(reduce(after, [apply(item)], 0), after);
  assert.equal(reduce(after, [{ do: "tick" }], 0), after);
});

test("an echo leaves when its message is applied or was, and does not come back", () => {
  const server = new ServerChat();
  let model = modelOf(server, [{ do: "open", chat_id: 7 }, echo({}), echo({ cid: "c2" })]);
  assert.equal(model.chats.get(7)?.queued, 2);
  model = reduce(model, [{ do: "sent", cid: "c1", chat_id: 7, seq: 1 }], 0);
  assert.deepEqual(
    model.timelines.get(7)?.echoes.map(({ cid }) => cid),
    ["c1", "c2"],
    "shown until its message is",
  );
  server.send(ME, "c1");
  model = reduce(model, [apply(server.item(1)), echo({})], 0);
  assert.deepEqual(
    model.timelines.get(7)?.echoes.map(({ cid }) => cid),
    ["c2"],
  );
  server.send(ME, "c2");
  model = reduce(model, [apply(server.item(2)), { do: "sent", cid: "c2", chat_id: 7, seq: 2 }], 0);
  assert.equal(model.chats.get(7)?.queued, 0);
});

test("another's cid takes no echo away", () => {
  const server = new ServerChat();
  const model = modelOf(server, [echo({})]);
  server.send(2, "c1");
  assert.equal(reduce(model, [apply(server.item(1))], 0).chats.get(7)?.queued, 1);
});

test("a failed echo stays, is counted apart, and leaves when it is discarded", () => {
  /** @type {Update} */
  const failed = { do: "failed", cid: "c1", chat_id: 7, code: "not_member" };
  let model = modelOf(new ServerChat(), [echo({}), failed]);
  assert.deepEqual([model.chats.get(7)?.queued, model.chats.get(7)?.failed], [0, 1]);
  assert.equal(model.echoes.lists.get(7)?.[0].code, "not_member");
  model = reduce(model, [{ do: "discarded", cid: "c1", chat_id: 7 }], 0);
  assert.deepEqual([model.chats.get(7)?.queued, model.chats.get(7)?.failed], [0, 0]);
});

test("a failed echo goes when its message comes after all", () => {
  const server = new ServerChat();
  let model = modelOf(server, [echo({}), { do: "failed", cid: "c1", chat_id: 7, code: "forbidden" }]);
  server.send(1, "c1");
  model = reduce(model, [apply(server.item(1))], 0);
  assert.deepEqual([model.chats.get(7)?.failed, model.echoes.lists.get(7) ?? []], [0, []]);
});

test("a jump takes the echoes with it that were acknowledged below", () => {
  /** @type {Update} */
  const sent = { do: "sent", cid: "c1", chat_id: 7, seq: 3 };
  const model = modelOf(new ServerChat(), [
    echo({}),
    echo({ cid: "c2" }),
    sent,
    { do: "jump", chat_id: 7, applied: 5 },
  ]);
  assert.deepEqual(
    model.echoes.lists.get(7)?.map(({ cid }) => cid),
    ["c2"],
  );
});

test("being removed makes a chat read-only, and being added again undoes that", () => {
  const server = new ServerChat();
  let model = modelOf(server);
  server.toggleMember(ME);
  model = reduce(model, [apply(server.item(1))], 0);
  assert.equal(model.chats.get(7)?.left_seq, 1);
  server.toggleMember(ME);
  assert.equal(reduce(model, [apply(server.item(2))], 0).chats.get(7)?.left_seq, null);
});

test("an old item does not undo what a newer description told", () => {
  const server = new ServerChat();
  let model = modelOf(server);
  server.toggleMember(ME);
  server.toggleMember(ME);
  server.rename("newest");
  model = reduce(model, [{ do: "chat", chat: server.chat() }], 0);
  server.log[2].data.title = "older";
  model = reduce(
    model,
    [1, 2, 3].map((seq) => apply(server.item(seq))),
    0,
  );
  assert.equal(model.chats.get(7)?.title, "newest");
  const left = reduce(modelOf(server), [apply(server.item(1))], 0);
  assert.equal(left.chats.get(7)?.left_seq, null);
});

test("a jump that comes twice takes nothing away", () => {
  const server = new ServerChat();
  server.send(2);
  /** @type {Update} */
  const jump = { do: "jump", chat_id: 7, applied: 1 };
  /** @type {Update} */
  const page = { do: "page", chat_id: 7, page: server.page(0, 1) };
  const model = modelOf(server, [jump, { do: "open", chat_id: 7 }, page]);
  assert.equal(reduce(model, [jump], 0), model);
  const further = reduce(model, [{ ...jump, applied: 9 }], 0);
  assert.deepEqual(further.timelines.get(7)?.items, []);
});

test("a log that was read before the first news of it stays where one is when they come", () => {
  const server = new ServerChat();
  for (let count = 0; count < 9; count += 1) server.send(2);
  /** @type {Update[]} */
  const read = [
    { do: "chat", chat: server.chat() },
    { do: "open", chat_id: 7 },
    { do: "page", chat_id: 7, page: server.page(2, 9) },
  ];
  const before = reduce(modelOf(server), read, 0);
  const after = (/** @type {number} */ applied, model = before) =>
    reduce(model, [{ do: "jump", chat_id: 7, applied }], 0).timelines.get(7);
  const spanOf = (/** @type {ReturnType<typeof after>} */ line) =>
    line && [line.items[0]?.seq, line.items.at(-1)?.seq, line.at_end, line.stale ?? false];
  assert.deepEqual(spanOf(after(9)), [3, 9, true, false], "all of it is there");
  assert.deepEqual(spanOf(after(8)), [3, 9, true, false], "and more");
  assert.deepEqual(spanOf(after(12)), [3, 9, false, true], "it is read again, and goes on");
  const elsewhere = reduce(before, [{ do: "open", chat_id: null }], 0);
  assert.deepEqual(spanOf(after(12, elsewhere)), [undefined, undefined, false, false], "nobody looks at it");
});

test("where another part of a log may be seen, what was held of it is read anew", () => {
  const server = new ServerChat();
  for (let count = 0; count < 3; count += 1) server.send(2);
  const described = { ...server.chat(), first_seq: 2 };
  /** @type {Update} */
  const page = { do: "page", chat_id: 7, page: server.page(1, 3) };
  const before = reduce(modelOf(server), [{ do: "chat", chat: described }, { do: "open", chat_id: 7 }, page], 0);
  const held = before.timelines.get(7);
  assert.deepEqual([held?.items.length, held?.at_start], [2, true]);
  /** @type {Update} */
  const begins = { do: "begins", chat_id: 7, first_seq: 1 };
  for (const update of [begins, /** @type {Update} */ ({ do: "chat", chat: server.chat() })]) {
    const after = reduce(before, [update], 0);
    const line = after.timelines.get(7);
    assert.deepEqual([line?.items, line?.at_start, line?.at_end], [[], false, false]);
    assert.equal(after.chats.get(7)?.first_seq, 1);
    assert.equal(reduce(after, [begins], 0), after, "told twice");
  }
});

test("where the beginning of a log was removed, only that goes: texts, pins, counts, what is told of it", () => {
  const server = new ServerChat();
  for (let count = 0; count < 4; count += 1) server.send(2);
  const page = /** @type {Update} */ ({ do: "page", chat_id: 7, page: server.page(1, 4) });
  const pins = /** @type {Update} */ ({ do: "pins", chat_id: 7, messages: [server.item(3), server.item(1)] });
  const described = /** @type {Update} */ ({ do: "chat", chat: { ...server.chat(), pinned_seq: 1 } });
  const before = reduce(modelOf(server), [described, { do: "open", chat_id: 7 }, page, pins], 0);
  const expire = (/** @type {number} */ first) =>
    /** @type {Update} */ ({ do: "expire", chat_id: 7, first_seq: first });
  const after = reduce(before, [expire(3)], 0);
  const [chat, line] = [after.chats.get(7), after.timelines.get(7)];
  assert.deepEqual([line?.items.map(({ seq }) => seq), line?.at_start, line?.at_end], [[3, 4], true, true]);
  assert.deepEqual([chat?.first_seq, chat?.pinned_seq, chat?.last_message?.seq], [3, null, 4]);
  assert.deepEqual(
    after.pins.get(7)?.map(({ seq }) => seq),
    [3],
  );
  assert.equal(reduce(after, [expire(3), expire(2)], 0), after, "told twice, or late");
  assert.equal(reduce(after, [page], 0).timelines.get(7)?.items.length, 2, "nor does an old page bring it back");
  const empty = reduce(after, [expire(5)], 0);
  assert.deepEqual([empty.timelines.get(7)?.items, empty.timelines.get(7)?.at_end], [[], true]);
  assert.deepEqual([empty.chats.get(7)?.last_message, empty.chats.get(7)?.unread_count], [null, 0]);
  const told = reduce(
    empty,
    [/** @type {Update} */ ({ do: "chat", chat: { ...server.chat(), first_seq: 5, last_message: null } })],
    0,
  );
  assert.equal(told.chats.get(7)?.last_message, null);
});

test("of a timeline that shows an older part nothing is left where all of that was removed", () => {
  const server = new ServerChat();
  for (let count = 0; count < 6; count += 1) server.send(2);
  const page = /** @type {Update} */ ({ do: "page", chat_id: 7, page: server.page(1, 3), keep: "start", anew: true });
  const applied = server.log.map((item) => apply(item));
  const before = reduce(
    modelOf(server),
    [{ do: "chat", chat: server.chat() }, ...applied, { do: "open", chat_id: 7 }, page],
    0,
  );
  assert.deepEqual([before.timelines.get(7)?.items.length, before.timelines.get(7)?.at_end], [2, false]);
  const line = reduce(before, [{ do: "expire", chat_id: 7, first_seq: 5 }], 0).timelines.get(7);
  assert.deepEqual([line?.items, line?.at_start, line?.at_end], [[], false, false], "it is read anew");
});

test("what is told of a chat before it is described is not lost", () => {
  const server = new ServerChat();
  /** @type {Update} */
  const described = { do: "chat", chat: server.chat() };
  server.send(2);
  server.send(2);
  const updates = [apply(server.item(1)), apply(server.item(2)), described];
  const model = reduce(emptyModel(), [{ do: "set", values: { me: person(ME) } }, ...updates], 0);
  assert.equal(model.chats.get(7)?.unread_count, 2);
  assert.equal(model.chats.get(7)?.last_message?.seq, 2);
  assert.equal(model.entering.size, 0);
});

test("a hidden chat is seen again with the next message", () => {
  const server = new ServerChat();
  let model = modelOf(server, [{ do: "chat", chat: { ...server.chat(), hidden: true } }]);
  assert.equal(model.chats.get(7)?.hidden, true);
  server.send(2);
  model = reduce(model, [apply(server.item(1))], 0);
  assert.equal(model.chats.get(7)?.hidden, false);
});

test("a log that was replaced leaves nothing of the old one", () => {
  const old = new ServerChat();
  for (let count = 0; count < 9; count += 1) old.send(2);
  let model = modelOf(old, [
    { do: "open", chat_id: 7 },
    { do: "page", chat_id: 7, page: old.page(0, 9) },
  ]);
  model = reduce(model, [{ do: "forget", chat_id: 7 }], 0);
  assert.deepEqual(model.timelines.get(7)?.items, []);
  const fresh = new ServerChat();
  fresh.send(3);
  model = reduce(model, [{ do: "chat", chat: fresh.chat() }], 0);
  assert.deepEqual([model.chats.get(7)?.last_seq, model.chats.get(7)?.unread_count], [1, 1]);
  assert.equal(model.chats.get(7)?.last_message?.sender_id, 3);
});

test("typing is over after six seconds, with a message, and when the server says so", () => {
  const server = new ServerChat();
  const typing = (/** @type {boolean} */ on) => tell({ type: "typing", chat_id: 7, user_id: 2, on });
  let model = reduce(
    modelOf(server),
    [typing(true), tell({ type: "typing", chat_id: 7, user_id: ME, on: true })],
    1000,
  );
  assert.deepEqual(model.chats.get(7)?.typing, [2]);
  assert.equal(reduce(model, [{ do: "tick" }], 6999), model);
  assert.deepEqual(reduce(model, [{ do: "tick" }], 7000).chats.get(7)?.typing, []);
  assert.deepEqual(reduce(model, [typing(false)], 1001).chats.get(7)?.typing, []);
  server.send(2);
  model = reduce(model, [apply(server.item(1))], 1001);
  assert.deepEqual([model.chats.get(7)?.typing, model.typists.size], [[], 0]);
});

test("presence and profiles reach users and peers, and a profile without presence keeps it", () => {
  const chat = { ...new ServerChat().chat(), type: "direct", is_group: false, peer: person(2) };
  let model = reduce(emptyModel(), [{ do: "chats", chats: [chat], users: [person(2)] }], 0);
  model = reduce(model, [tell({ type: "presence", user_id: 2, online: true, last_seen_at: null })], 0);
  assert.equal(model.chats.get(7)?.peer?.online, true);
  model = reduce(model, [tell({ type: "user", user: { ...person(2), display_name: "renamed" } })], 0);
  assert.deepEqual([model.chats.get(7)?.peer?.display_name, model.chats.get(7)?.peer?.online], ["renamed", true]);
  assert.equal(model.users.get(2)?.display_name, "renamed");
});

test("what is hidden goes: of somebody else, and of everybody where one hides it oneself", () => {
  const chat = { ...new ServerChat().chat(), type: "direct", is_group: false, peer: person(2), others_read_seq: 3 };
  const told = tell({ type: "presence", user_id: 2, online: false, last_seen_at: "2026-03-01T12:00:00Z" });
  const set = /** @type {const} */ ({ do: "set", values: { me: person(ME) } });
  const before = reduce(emptyModel(), [set, { do: "chats", chats: [chat], users: [person(2)] }, told], 0);
  assert.equal(before.users.get(2)?.last_seen_at, "2026-03-01T12:00:00Z");
  const gone = reduce(before, [tell({ type: "presence", user_id: 2, online: null })], 0);
  const own = { ...person(ME), email: null, hide_last_seen: true, hide_reads: true };
  const hiding = reduce(before, [tell({ type: "user", user: own })], 0);
  for (const model of [gone, hiding]) {
    const { online, last_seen_at } = model.chats.get(7)?.peer ?? {};
    assert.deepEqual([online, last_seen_at], [null, null]);
  }
  assert.deepEqual([gone.chats.get(7)?.others_read_seq, hiding.chats.get(7)?.others_read_seq], [3, 0]);
  assert.equal(hiding.me?.hide_reads, true);
  const shown = reduce(hiding, [tell({ type: "user", user: { ...person(ME), email: null } })], 0);
  assert.deepEqual([shown.me?.hide_last_seen, shown.me?.hide_reads], [false, false]);
});

test("muted chats are not counted in all that is unread", () => {
  const server = new ServerChat();
  server.send(2);
  const model = modelOf(server);
  assert.equal(model.unread, 1);
  assert.equal(reduce(model, [{ do: "chat", chat: { ...server.chat(), muted: true } }], 0).unread, 0);
});

test("a list takes chats away that are gone, but not those told of meanwhile", () => {
  const model = modelOf(new ServerChat(), [
    { do: "chat", chat: new ServerChat(8).chat() },
    { do: "chat", chat: new ServerChat(9).chat() },
  ]);
  const after = reduce(model, [{ do: "chats", chats: [new ServerChat(7).chat()], users: [], kept: [9] }], 0);
  assert.deepEqual([...after.chats.keys()], [7, 9]);
});

test("what a follower is told is all there is", () => {
  const server = new ServerChat();
  server.send(2);
  const owner = modelOf(server, [echo({}), { do: "draft", chat_id: 7, text: "later" }]);
  const opened = reduce(emptyModel(), [{ do: "open", chat_id: 7 }], 0);
  const follower = reduce(opened, [{ do: "welcome", shared: sharedOf(owner) }], 0);
  assert.deepEqual(follower.chats, owner.chats);
  assert.equal(follower.timelines.get(7)?.echoes.length, 1);
});

test("whom one blocks closes the direct chat, whichever is known first, and until it is lifted", () => {
  const peer = person(2);
  const direct = { ...new ServerChat(9).chat(), id: 9, type: "direct", is_group: false, members: null, peer };
  /** @type {Update} */
  const list = { do: "chats", chats: [direct], users: [], kept: [7] };
  const ready = tell({
    type: "ready",
    user: person(ME),
    epoch: "e",
    limits: { inflight: 32 },
    chats: [],
    blocked: [2],
  });
  const isBlocked = (/** @type {any} */ model) => model.chats.get(9)?.blocked;
  for (const updates of [
    [list, ready],
    [ready, list],
  ]) {
    const model = modelOf(new ServerChat(), updates);
    assert.deepEqual([isBlocked(model), [...model.blocked]], [true, [2]]);
    assert.equal(model.chats.get(7)?.blocked, false);
    assert.equal(reduce(model, [ready], 0).blocked, model.blocked);
    assert.equal(barredFrom(/** @type {any} */ (model.chats.get(9))), "blocked");
    const lifted = reduce(model, [tell({ type: "block", user_id: 2, on: false })], 0);
    assert.deepEqual([isBlocked(lifted), lifted.blocked.size], [false, 0]);
    const again = reduce(lifted, [{ do: "block", user_id: 2, on: true }], 0);
    assert.deepEqual([isBlocked(again), isBlocked(reduce(again, [{ do: "blocked", ids: [] }], 0))], [true, false]);
    const kept = { chats: [...again.chats.values()], users: [], drafts: new Map() };
    const later = reduce(emptyModel(), [{ do: "cached", kept }], 0);
    assert.deepEqual([isBlocked(later), [...later.blocked]], [true, [2]]);
  }
});
