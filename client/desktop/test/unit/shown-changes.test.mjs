/** One's own changes that are on their way, laid over the log. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { rightsOn, shownAtEnd, shownItems, shownMessage, shownPins } from "../../renderer/state/changes.js";
import { emptyModel, reduce } from "../../renderer/state/model.js";
import { pinsAfter } from "../../renderer/state/pins.js";
import { ME, ServerChat, at, person } from "./world.js";

const server = new ServerChat();
for (let seq = 1; seq <= 4; seq += 1) server.send(seq === 2 ? ME : 2);

/** @param {object} given @returns {import("../../renderer/types.js").Echo} */
const change = (given) => /** @type {any} */ ({
  cid: "c", chat_id: 7, kind: "edit", content: "", reply_to: null, target_at: at(2), seq: 2, of_cid: null, emoji: null, on: null,
  state: "queued", code: null, written_at: at(9), ...given,
}); // prettier-ignore

/** @param {import("../../renderer/types.js").Echo[]} echoes @returns {any} */
const timeline = (...echoes) => ({ chat_id: 7, items: server.page(0, 4).items, echoes, at_end: true });
/** @param {any} line @param {number} seq @returns {any} */
const shown = (line, seq) => shownItems(line, ME)[seq - 1];

test("each kind of change is seen at once, in its order, and the log is left alone", () => {
  const line = timeline(
    change({ cid: "a", content: "better" }),
    change({ cid: "b", kind: "react", emoji: "👍", on: true, seq: 3, target_at: at(3) }),
    change({ cid: "d", kind: "delete", seq: 4, target_at: at(4) }),
    change({ cid: "e", content: "best" }),
  );
  assert.deepEqual([shown(line, 2).content, shown(line, 2).edited_at], ["best", at(9)]);
  assert.deepEqual(shown(line, 3).reactions, [{ emoji: "👍", count: 1, user_ids: [ME] }]);
  assert.deepEqual([shown(line, 4).deleted, shown(line, 4).content], [true, null]);
  assert.equal(line.items[1].content, "text 2");
  assert.equal(shownItems(line, ME), shownItems(line, ME), "made once");
  assert.equal(shownItems(timeline(), ME).length, 4);
  const untouched = timeline();
  assert.equal(shownItems(untouched, ME), untouched.items);
});

test("a reaction given and taken back counts as it should", () => {
  const message = { ...server.item(3), reactions: [{ emoji: "👍", count: 3, user_ids: [2, 3] }] };
  const about = { kind: "react", seq: 3, target_at: at(3) };
  /** @param {string} emoji @param {boolean} on @param {any} [of] */
  const given = (emoji, on, of = message) => shownMessage(of, [change({ ...about, emoji, on })], ME).reactions;
  assert.deepEqual(given("👍", true), [{ emoji: "👍", count: 4, user_ids: [2, 3, ME] }]);
  assert.deepEqual(given("👍", false), message.reactions, "it was not there");
  assert.deepEqual(given("🔥", true)?.at(1), { emoji: "🔥", count: 1, user_ids: [ME] });
  const mine = { ...message, reactions: [{ emoji: "👍", count: 1, user_ids: [ME] }] };
  assert.deepEqual(given("👍", false, mine), []);
  assert.deepEqual(given("👍", true, mine), mine.reactions, "the event was here before the ack");
});

test("what is refused is not shown any more, and a refused edit stands at the end of the log", () => {
  const refused = change({ state: "failed", code: "forbidden", content: "better" });
  assert.equal(shown(timeline(refused), 2).content, "text 2");
  const message = change({ cid: "m", kind: "send" });
  assert.deepEqual(shownAtEnd([refused, change({}), message]), [refused, message]);
  assert.deepEqual(shownAtEnd([change({ kind: "react", state: "failed" })]), []);
});

test("what waits is shown as what is on its way about it makes it", () => {
  const message = change({ cid: "m", kind: "send", content: "first" });
  const about = { of_cid: "m", seq: null, target_at: null };
  const [edit, again] = ["second", "third"].map((content) => change({ ...about, cid: content, content }));
  assert.deepEqual(shownAtEnd([message, edit, again]), [{ ...message, content: "third" }]);
  assert.deepEqual(shownAtEnd([message, edit, change({ ...about, cid: "d", kind: "delete" })]), []);
  assert.deepEqual(shownAtEnd([message, { ...edit, state: "failed" }]).at(0), message);
});

test("another log has other messages: a change is not laid over those, nor over a tombstone", () => {
  assert.equal(shown(timeline(change({ content: "better", target_at: at(77) })), 2).content, "text 2");
  const tombstone = { ...server.item(2), deleted: true, content: null };
  assert.equal(shownMessage(tombstone, [change({ content: "better" })], ME).content, null);
});

test("an echo of a change leaves when the log was applied up to its ack", () => {
  const chat = server.chat();
  /** @type {import("../../renderer/types.js").Update[]} */
  const start = [
    { do: "set", values: { me: person(ME) } },
    { do: "chats", chats: [chat], users: [] },
    { do: "open", chat_id: 7 },
    { do: "page", chat_id: 7, page: server.page(0, 4) },
    { do: "jump", chat_id: 7, applied: 4 },
    { do: "echo", echo: change({ content: "better" }) },
    { do: "sent", cid: "c", chat_id: 7, seq: 5 },
  ];
  let model = reduce(emptyModel(), start, 0);
  assert.equal(model.echoes.lists.get(7)?.length, 1, "acknowledged, and its event is still to come");
  assert.equal(model.chats.get(7)?.queued, 0, "no message waits");
  /** @type {import("../../renderer/types.js").Event} */
  const event = {
    type: "event", chat_id: 7, seq: 5, event: "edited", actor_id: ME, created_at: at(5), target_seq: 2,
    data: { content: "better", edited_at: at(5), rev: 2 },
  }; // prettier-ignore
  model = reduce(model, [{ do: "apply", item: event }], 0);
  assert.deepEqual(model.echoes.lists.get(7), []);
});

test("pins follow the log, and what it does not tell is asked for again", () => {
  const [one, two, three] = server.page(0, 3).items;
  /** @param {string} event @param {number} target_seq @returns {any} */
  const happens = (event, target_seq) => ({ type: "event", chat_id: 7, seq: 9, event, target_seq, data: { rev: 5 } });
  /** @param {any[] | null} pins */
  const seqs = (pins) => pins?.map(({ seq }) => seq);
  assert.deepEqual(seqs(pinsAfter([three, one], happens("pinned", 2), two)), [3, 2, 1]);
  assert.equal(pinsAfter([one], happens("pinned", 2), null), null);
  assert.deepEqual(seqs(pinsAfter([three, one], happens("unpinned", 3), null)), [1]);
  assert.deepEqual(seqs(pinsAfter([three, one], happens("deleted", 1), null)), [3]);
  const edited = { ...happens("edited", 1), data: { rev: 5, content: "better" } };
  assert.equal(pinsAfter([three, one], edited, null)?.at(1)?.content, "better");
});

test("one's own pins are seen at once", () => {
  const [one, , three] = server.page(0, 3).items;
  const line = timeline(
    change({ kind: "pin", seq: 2, on: true }),
    change({ cid: "x", kind: "pin", seq: 3, on: false }),
    change({ cid: "y", kind: "delete", seq: 1, target_at: at(1) }),
  );
  assert.deepEqual(shownPins([three, one], line, ME).map(({ seq }) => seq), [2]); // prettier-ignore
});

test("only what one may do is offered", () => {
  const own = server.item(2);
  const others = server.item(1);
  /** @param {any} message @param {object} chat */
  const may = (message, chat) =>
    Object.entries(
      rightsOn(message, /** @type {any} */ ({ left_seq: null, is_group: true, role: "member", ...chat }), ME),
    )
      .filter(([, allowed]) => allowed)
      .map(([name]) => name)
      .join(" ");
  assert.equal(may(own, {}), "reply react edit remove");
  assert.equal(may(others, {}), "reply react");
  assert.equal(may(others, { role: "admin" }), "reply react remove pin");
  assert.equal(may(others, { is_group: false, role: "admin" }), "reply react pin");
  assert.equal(may(own, { writers: "admins" }), "react remove");
  assert.equal(may(own, { writers: "admins", role: "admin" }), "reply react edit remove pin");
  assert.equal(may(own, { left_seq: 9 }), "");
  assert.equal(may({ ...own, deleted: true, content: null }, { role: "admin" }), "");
  assert.equal(may({ ...own, edited_at: at(5) }, { left_seq: 9 }), "history");
});

test("who has read one's own message is told in groups of up to fifty, once the members are known", () => {
  /** @param {any} message @param {object} chat */
  const may = (message, chat) => rightsOn(message, /** @type {any} */ ({ left_seq: null, is_group: true, role: "admin", ...chat }), ME).readers; // prettier-ignore
  const own = server.item(2);
  const fifty = Array.from({ length: 50 }, (_, id) => ({ id }));
  assert.equal(may(own, { members: fifty }), true);
  assert.equal(may(own, { members: [...fifty, { id: 51 }] }), false);
  assert.equal(may(own, { members: null }), false);
  assert.equal(may(own, { members: fifty, is_group: false }), false);
  assert.equal(may(own, { members: fifty, left_seq: 9 }), false);
  assert.equal(may(server.item(1), { members: fifty }), false);
  assert.equal(may({ ...own, deleted: true, content: null }, { members: fifty }), false);
});
