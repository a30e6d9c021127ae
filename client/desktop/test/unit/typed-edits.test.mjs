/** What is typed into a message that is being changed is not lost for what comes in between. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { FakeElement, TEXTS, attach, faceOf, valueAt, within } from "./face.js";
import { promised, settled } from "./page.js";
import { Composer } from "../../renderer/ui/composer/composer.js";

const CHAT = 7;
const [OWN, OTHER] = [1, 2].map((seq) => ({ type: "message", chat_id: CHAT, seq, sender_id: 1, content: `слова ${seq}`, attachments: [] })); // prettier-ignore

/** @type {FakeElement} */
let area;
/** @type {Composer} */
let composer;
/** @type {string[]} */
let said;
/** @type {any} */
let chat;
/** @type {ReturnType<typeof promised<any>>} */
let sending;
/** @type {AbortController} of the log-in */
let over;
let draw = () => /** @type {unknown} */ (null);
/** @type {any} */
let state;

beforeEach(() => {
  chat = { id: CHAT, title: "", is_group: true, draft: "черновик", read_only: false, left_seq: null };
  sending = promised();
  state = { current: CHAT, chats: new Map([[CHAT, chat]]), users: new Map(), timelines: new Map(), removed: new Set(), echoes: { lists: new Map() }, me: { id: 1 }, link: { state: "live" }, limits: {}, settings: { size: "m" }, begun: new Map(), pins: new Map(), quoted: new Map() };
  const messenger = {
    state: () => state,
    setDraft: (/** @type {number} */ _id, /** @type {string} */ text) => void (chat.draft = text),
    setBegun: (/** @type {number} */ id, /** @type {any} */ begun) => void state.begun.set(id, begun),
    send: () => sending.promise,
    edit: () => sending.promise,
    typing: () => {},
  };
  over = new AbortController();
  const made = faceOf(messenger, { ended: over.signal });
  said = made.said;
  composer = new Composer(made.face, () => {});
  draw = () => composer.template(/** @type {any} */ (state), chat);
  area = new FakeElement();
  attach(draw(), area);
  composer.rendered(/** @type {any} */ (state));
  assert.equal(area.value, "черновик");
}); // prettier-ignore

/** The list of people after "@" is open. */
const offersPeople = () => [...within(draw())].some(({ strings }) => strings?.join("").includes(`role="listbox"`));

/** @param {string} text */
function type(text) {
  area.value = text;
  valueAt(draw(), /@input=$/u)();
}

const submit = () => valueAt(draw(), /@submit=$/u)({ preventDefault: () => {} });

test("neither files nor another message take the place of an edit with a changed text", () => {
  composer.edit(CHAT, /** @type {any} */ (OWN));
  type("иначе");
  composer.attach(CHAT, [new File(["1"], "1.txt")]);
  composer.reply(CHAT, /** @type {any} */ (OTHER));
  composer.edit(CHAT, /** @type {any} */ (OTHER));
  assert.equal(area.value, "иначе");
  assert.deepEqual(said, Array(3).fill(TEXTS["composer.edit_first"]));
  assert.equal(composer.attaching.has(CHAT), false);
  assert.equal(composer.cancel(CHAT), true, "it is the same edit still");
  assert.equal(area.value, "черновик");
});

test("where nothing was changed another message takes its place, and so do files", () => {
  composer.edit(CHAT, /** @type {any} */ (OWN));
  composer.edit(CHAT, /** @type {any} */ (OTHER));
  assert.equal(area.value, OTHER.content);
  composer.reply(CHAT, /** @type {any} */ (OWN));
  assert.equal(area.value, "черновик");
  composer.edit(CHAT, /** @type {any} */ (OWN));
  composer.attach(CHAT, [new File(["1"], "1.txt")]);
  assert.deepEqual([area.value, composer.attaching.has(CHAT)], ["черновик", true]);
  assert.deepEqual(said, []);
});

test("a text that could not be kept comes back into the draft, not into an edit that was begun meanwhile", async () => {
  type("не ушло");
  submit();
  assert.deepEqual([area.value, chat.draft], ["", ""]);
  composer.edit(CHAT, /** @type {any} */ (OWN));
  sending.resolve({ ok: false, code: "storage_full" });
  await settled();
  assert.deepEqual([area.value, chat.draft], [OWN.content, "не ушло"]);
  composer.cancel(CHAT);
  assert.equal(area.value, "не ушло");
});

test("a text that could not be kept stands above what was written meanwhile", async () => {
  type("не ушло\n");
  submit();
  type("ещё");
  sending.resolve({ ok: false, code: "disk_full" });
  await settled();
  assert.deepEqual([area.value, chat.draft], ["не ушло\n\nещё", "не ушло\n\nещё"]);
});

test("a change that is refused is one again, or stands in the draft where another was begun meanwhile", async () => {
  composer.edit(CHAT, /** @type {any} */ (OWN));
  type("иначе");
  submit();
  sending.resolve({ ok: false, code: "not_saved" });
  await settled();
  assert.deepEqual([area.value, chat.draft], ["иначе", "черновик"]);
  sending = promised();
  submit();
  composer.edit(CHAT, /** @type {any} */ (OTHER));
  sending.resolve({ ok: false, code: "not_saved" });
  await settled();
  assert.deepEqual([area.value, chat.draft], [OTHER.content, "черновик\nиначе"]);
});

test("what could not be kept is not given to who is logged in next", async () => {
  type("моё");
  submit();
  over.abort();
  sending.resolve({ ok: false, code: "stopped" });
  await settled();
  assert.deepEqual([chat.draft, said], ["", []]);
});

test("the list of people after @ belongs to the text in which it was asked for, and goes with it", () => {
  chat.members = [{ user: { id: 2, username: "boris", display_name: "Борис" }, role: "member" }];
  const next = { ...chat, id: CHAT + 1, draft: "другое" };
  /** @type {[string, () => void][]} */
  const ways = [
    ["another chat", () => {
      state.chats.set(next.id, next);
      state.current = next.id;
      composer.rendered(/** @type {any} */ (state));
      assert.equal(area.value, "другое");
    }],
    ["a message to be changed", () => composer.edit(CHAT, /** @type {any} */ (OWN))],
  ]; // prettier-ignore
  for (const [what, go] of ways.reverse()) {
    Object.assign(area, { selectionStart: 2, selectionEnd: 2 });
    type("@б");
    assert.equal(offersPeople(), true);
    go();
    assert.equal(offersPeople(), false, what);
    composer.cancel(CHAT);
  }
});
