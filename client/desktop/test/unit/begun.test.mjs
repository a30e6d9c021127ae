/** An answer and an edit that are begun: shared by the windows, kept as drafts are, and gone with their message. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { tabStorage } from "./page.js";
import { FakeElement, attach, faceOf, valueAt } from "./face.js";
import { ME, ServerChat, person } from "./world.js";
import { KeptDrafts } from "../../renderer/profile/kept-drafts.js";
import { stillThere } from "../../renderer/profile/kept-begun.js";
import { NOTHING, echoOf, newRow } from "../../renderer/protocol/commands.js";
import { begunIn, isBegunShape, keptOf, messageOf, slim } from "../../renderer/state/begun.js";
import { sharedOf } from "../../renderer/state/handed.js";
import { missingQuotes } from "../../renderer/state/quoted.js";
import { emptyModel, reduce } from "../../renderer/state/model.js";
import { memoryStore } from "../../renderer/store/memory.js";
import { Composer } from "../../renderer/ui/composer/composer.js";

/** @typedef {import("../../renderer/types.js").Update} Update @typedef {import("../../renderer/types.js").Begun} Begun */

const CHAT = 7;
const AT = "2026-11-28T09:00:00Z";
/** @type {import("../../renderer/types.js").Answered} */
const ANSWERED = { seq: 1, created_at: AT, sender_id: 2 };
/** @type {import("../../renderer/types.js").Edit} */
const EDIT = { seq: 2, cid: null, created_at: AT, files: false, before: "мое", text: "моё" };
const KEPT = { seq: 2, cid: null, created_at: AT, files: false, before: null, text: "моё" };
/** @param {Begun} begun @returns {Update} */
const set = (begun) => ({ do: "writing", chat_id: CHAT, begun });
/** @param {number} seq @returns {Update} */
const deletes = (seq) => ({
  do: "apply",
  item: { type: "event", chat_id: CHAT, seq: 3, event: "deleted", actor_id: ME, created_at: AT, target_seq: seq, data: { rev: 3 } },
}); // prettier-ignore

/** @param {Update[]} updates */
function modelOf(...updates) {
  const chat = new ServerChat(CHAT);
  chat.send(2);
  chat.send(ME);
  /** @type {Update[]} */
  const begins = [
    { do: "set", values: { me: /** @type {any} */ (person(ME)), phase: "signed_in" } },
    { do: "chats", chats: [chat.chat()], users: [] },
    { do: "jump", chat_id: CHAT, applied: 2 },
  ];
  return reduce(emptyModel(), [...begins, ...updates], 0);
}

/** Of a message on its way. @param {string} [content] */
const echo = (content = "едет") => echoOf(newRow({ ...NOTHING, chat_id: CHAT, content }, false, 0, new Uint8Array(10)));

test("what is begun is kept without the words of the messages; an edit only where something was changed", () => {
  assert.deepEqual(keptOf(modelOf(set({ reply: ANSWERED, edit: EDIT })), CHAT), { reply: ANSWERED, edit: KEPT });
  const whole = { ...ANSWERED, content: "вопрос" };
  assert.doesNotMatch(JSON.stringify(keptOf(modelOf(set({ reply: whole, edit: null })), CHAT)), /вопрос/u);
  assert.equal(keptOf(modelOf(set({ reply: null, edit: { ...EDIT, text: "мое" } })), CHAT), null);
  assert.equal(keptOf(modelOf(), CHAT), null);
  assert.equal(modelOf(set({ reply: ANSWERED, edit: null }), set({ reply: null, edit: null })).begun.size, 0);
});

test("an edit of what was deleted is not kept and does not come back; a text under the hand stays", () => {
  const both = { reply: { ...ANSWERED, seq: 2 }, edit: EDIT };
  const typed = modelOf(set(both), deletes(2));
  assert.equal(keptOf(typed, CHAT), null);
  assert.deepEqual(begunIn(typed, CHAT), { reply: null, edit: EDIT });
  const kept = { chats: [], users: [], drafts: new Map(), begun: new Map([[CHAT, { reply: null, edit: KEPT }]]) };
  const recalled = modelOf({ do: "cached", kept });
  assert.equal(begunIn(recalled, CHAT).edit?.text, "моё");
  assert.deepEqual(keptOf(recalled, CHAT), { reply: null, edit: KEPT });
  assert.equal(begunIn(reduce(recalled, [deletes(2)], 0), CHAT).edit, null);
  assert.equal(begunIn(reduce(recalled, [{ do: "expire", chat_id: CHAT, first_seq: 3 }], 0), CHAT).edit, null);
});

test("what is answered or changed is looked up where it is not loaded, and gone where it turns out deleted", () => {
  const kept = { reply: ANSWERED, edit: KEPT };
  const begun = new Map([[CHAT, kept]]);
  const recalled = modelOf(
    { do: "cached", kept: { chats: [], users: [], drafts: new Map(), begun } },
    { do: "open", chat_id: CHAT },
  );
  recalled.chats.set(CHAT, { .../** @type {any} */ (recalled.chats.get(CHAT)), last_message: null });
  assert.deepEqual(missingQuotes(recalled, CHAT), [2, 1]);
  const found = (/** @type {boolean} */ deleted) =>
    [1, 2].map((seq) => ({
      type: "message",
      chat_id: CHAT,
      seq,
      rev: 1,
      sender_id: ME,
      created_at: AT,
      deleted,
      content: deleted ? null : `слова ${seq}`,
    }));
  const told = (/** @type {boolean} */ deleted) =>
    reduce(
      recalled,
      [{ do: "quoted", chat_id: CHAT, messages: /** @type {any[]} */ (found(deleted)), users: [], since: 2 }],
      0,
    );
  assert.equal(messageOf(told(false), CHAT, 1)?.content, "слова 1");
  assert.deepEqual(keptOf(told(false), CHAT), kept);
  assert.deepEqual(begunIn(told(true), CHAT), { reply: null, edit: null });
  assert.equal(keptOf(told(true), CHAT), null);
});

test("an edit of a message on its way finds its place in the log, and ends where that is given up", () => {
  const waits = echo();
  const begun = { reply: null, edit: { ...EDIT, seq: null, cid: waits.cid, created_at: null } };
  const model = modelOf({ do: "echo", echo: waits }, set(begun));
  assert.equal(keptOf(model, CHAT)?.edit?.cid, waits.cid);
  const sent = reduce(model, [{ do: "sent", cid: waits.cid, chat_id: CHAT, seq: 3, created_at: AT }], 0);
  assert.deepEqual(keptOf(sent, CHAT)?.edit, { ...KEPT, seq: 3, cid: waits.cid });
  const gone = reduce(model, [{ do: "discarded", cid: waits.cid, chat_id: CHAT }], 0);
  assert.equal(keptOf(gone, CHAT), null);
  assert.equal(begunIn(gone, CHAT).edit?.text, "моё", "who typed it sees it still");
});

test("the other windows have it, and one that comes later", () => {
  const owner = modelOf(set({ reply: ANSWERED, edit: EDIT }));
  const late = reduce(emptyModel(), [{ do: "welcome", shared: sharedOf(owner) }], 0);
  assert.deepEqual(begunIn(late, CHAT), { reply: ANSWERED, edit: EDIT });
});

test("it is written a moment later, once, and taken away with the message", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  Object.assign(globalThis.window, { setTimeout: globalThis.setTimeout });
  let model = modelOf();
  /** @type {(Begun | null | undefined)[]} */
  const written = [];
  const db = /** @type {any} */ ({
    keepViews: async (/** @type {any} */ { drafts: kept, begun }) => {
      written.push(begun.get(CHAT));
      texts.push(kept.get(CHAT));
    },
  });
  const texts = /** @type {(string | undefined)[]} */ ([]);
  /** @type {any} */
  let place = db;
  const drafts = new KeptDrafts(() => model, () => place); // prettier-ignore
  const told = (/** @type {Update[]} */ ...updates) => {
    model = reduce(model, updates, 0);
    drafts.noticed();
    mock.timers.tick(300);
  };
  told(set({ reply: ANSWERED, edit: null }));
  told({ do: "draft", chat_id: CHAT, text: "слово" });
  told(set({ reply: ANSWERED, edit: EDIT }));
  told(deletes(2));
  told(deletes(1));
  assert.deepEqual(written, [
    { reply: ANSWERED, edit: null },
    { reply: ANSWERED, edit: KEPT },
    { reply: ANSWERED, edit: null },
    null,
  ]);
  // another window keeps what is begun there; of the draft, which may be a message that is being written there, nothing is told
  model = modelOf(set({ reply: ANSWERED, edit: null }));
  drafts.noticed([CHAT]);
  model = reduce(model, [deletes(1)], 0);
  drafts.noticed();
  mock.timers.tick(300);
  assert.deepEqual(written.splice(4), [null]);
  assert.deepEqual(texts.slice(-1), [undefined]);
  // the log-in is over: what is kept stays
  told(set({ reply: { ...ANSWERED, seq: 9 }, edit: null }));
  written.length = 0;
  place = null;
  model = emptyModel();
  drafts.noticed();
  place = db;
  drafts.noticed();
  mock.timers.tick(300);
  // what a start finds is not written again
  const begun = new Map([[CHAT, { reply: ANSWERED, edit: KEPT }]]);
  drafts.recalled(begun);
  model = modelOf({ do: "cached", kept: { chats: [], users: [], drafts: new Map(), begun } });
  drafts.noticed();
  mock.timers.tick(300);
  assert.deepEqual(written, []);
  mock.timers.reset();
});

test("what is answered is kept while the files of the answer are written", async () => {
  /** @type {any[]} */
  const kept = [];
  const db = /** @type {any} */ ({
    keepViews: async (/** @type {any} */ { drafts, begun }) => void kept.push([drafts.get(CHAT), begun.get(CHAT)]),
  });
  const drafts = new KeptDrafts(() => modelOf(), () => db); // prettier-ignore
  const put = async () => ({ done: null, isThere: true });
  await drafts.during(CHAT, { text: "ответ", reply: ANSWERED }, put);
  assert.deepEqual(kept, [["ответ", { reply: ANSWERED, edit: null }], ["", null]]); // prettier-ignore
});

test("a start passes over what was deleted, and gives back the text for a message that it cannot find", async () => {
  const [deleted, own] = [{ type: "message", seq: 2, deleted: true }, { type: "message", seq: 3, deleted: false, cid: "came", created_at: AT }]; // prettier-ignore
  const items = /** @type {any[]} */ ([deleted, own]);
  const db = {
    items: async (/** @type {number} */ _chat, /** @type {number} */ below, /** @type {number} */ limit) =>
      items.filter(({ seq }) => seq < below && seq >= below - limit),
  };
  const [cursors, rows] = [[{ chat_id: CHAT, applied: 3 }], /** @type {any[]} */ ([{ cid: "waits" }])];
  const of = (/** @type {Partial<Begun>} */ begun, drafts = new Map()) =>
    stillThere({ begun: new Map([[CHAT, { reply: null, edit: null, ...begun }]]), drafts, rows, cursors }, db);
  assert.deepEqual((await of({ edit: KEPT })).begun, new Map());
  assert.deepEqual((await of({ edit: KEPT })).drafts, new Map());
  assert.deepEqual(
    (await of({ edit: KEPT, reply: ANSWERED })).begun,
    new Map([[CHAT, { reply: ANSWERED, edit: null }]]),
  );
  const onItsWay = { ...KEPT, seq: null, created_at: null };
  assert.equal((await of({ edit: { ...onItsWay, cid: "waits" } })).begun.get(CHAT)?.edit?.cid, "waits");
  assert.equal((await of({ edit: { ...onItsWay, cid: "came" } })).begun.get(CHAT)?.edit?.seq, 3);
  const lost = await of({ edit: { ...onItsWay, cid: "lost" } }, new Map([[CHAT, "слово"]]));
  assert.deepEqual([lost.begun, lost.drafts], [new Map(), new Map([[CHAT, "слово\nмоё"]])]);
});

test("what is read is checked", () => {
  assert.ok(isBegunShape(slim({ reply: ANSWERED, edit: EDIT })));
  assert.ok(isBegunShape({ reply: null, edit: { ...KEPT, seq: null, cid: "x", created_at: null } }));
  for (const bad of [
    null,
    "x",
    {},
    { reply: {}, edit: null },
    { reply: null, edit: { ...KEPT, text: null } },
    { reply: null, edit: { ...KEPT, seq: null } },
  ]) {
    // prettier-ignore
    assert.equal(isBegunShape(bad), false, JSON.stringify(bad));
  }
});

test("where the browser keeps nothing it outlives the page, until the log-in ends", async () => {
  Object.defineProperty(globalThis, "sessionStorage", { value: tabStorage(), configurable: true });
  const begun = new Map([[CHAT, { reply: ANSWERED, edit: KEPT }]]);
  await memoryStore("begun").keepViews({ begun });
  const again = memoryStore("begun");
  assert.deepEqual((await again.load()).begun, begun);
  await again.destroy();
  assert.deepEqual((await memoryStore("begun").load()).begun, new Map());
});

test("the field follows what another window begins and ends, and loses nothing that is typed", async () => {
  const chat = /** @type {any} */ ({ id: CHAT, title: "", is_group: true, draft: "", left_seq: null });
  let model = modelOf();
  const state = () =>
    /** @type {any} */ ({ ...model, current: CHAT, chats: new Map([[CHAT, chat]]), link: { state: "live" } });
  const messenger = {
    state,
    setDraft: (/** @type {number} */ _id, /** @type {string} */ text) => void (chat.draft = text),
    setBegun: (/** @type {number} */ _id, /** @type {Begun} */ begun) => void (model = reduce(model, [set(begun)], 0)),
    typing() {},
  };
  const composer = new Composer(faceOf(messenger, { ended: new AbortController().signal }).face, () => {});
  const draw = () => {
    const drawn = composer.template(state(), chat);
    composer.rendered(state());
    return drawn;
  };
  const area = new FakeElement();
  attach(draw(), area);
  draw();
  const type = (/** @type {string} */ text) => {
    area.value = text;
    valueAt(draw(), /@input=$/u)();
  };
  area.focus();
  type("черновик");
  model = reduce(model, [set({ reply: null, edit: EDIT })], 0); // elsewhere
  draw();
  assert.deepEqual([area.value, chat.draft], ["моё", "черновик"]);
  const { hasFocus } = document;
  document.hasFocus = () => false; // one is in the other window, though the focus of this one is in the field
  model = reduce(model, [set({ reply: null, edit: { ...EDIT, text: "моё, там" } })], 0);
  draw();
  assert.equal(area.value, "моё, там");
  document.hasFocus = hasFocus;
  type("моё, иначе");
  composer.edit(
    CHAT,
    /** @type {any} */ ({ type: "message", chat_id: CHAT, seq: 9, content: "другое", created_at: AT }),
  );
  assert.equal(area.value, "моё, иначе", "it is saved or given up before another begins");
  assert.equal(begunIn(model, CHAT).edit?.text, "моё, иначе");
  model = reduce(model, [set({ reply: null, edit: null })], 0);
  draw();
  assert.equal(area.value, "черновик");
});
