/** Messages that are answered and not loaded: what is asked for, once, and what becomes of it. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Quotes } from "../../renderer/profile/quotes.js";
import { emptyModel, reduce } from "../../renderer/state/model.js";
import { MOST, missingQuotes, quotedIn } from "../../renderer/state/quoted.js";
import { settled } from "./page.js";
import { ME, ServerChat, at, person } from "./world.js";

mock.timers.enable({ apis: ["setTimeout"] });
const CHAT = 7;
const LENGTH = 1000;
const GONE = { ok: false, code: "not_found" };

/** @typedef {import("../../renderer/types.js").Item} Item */

/** A window that shows the end of a long log, in which some messages answer others. */
class Window {
  /** @type {string[]} */
  asked = [];
  /** Items on this machine. @type {Item[]} */
  kept = [];
  /** How the server answers; null: with a page. @type {any} */
  refusal = null;
  /** What holds its answers back. @type {Promise<any>} */
  slow = Promise.resolve();
  /** How long it waited before each request, in milliseconds. @type {number[]} */
  waits = [];
  /** Entries that fit into one page. */
  fits = 200;
  server = new ServerChat(CHAT);
  model = emptyModel();

  /** @param {number[]} answers what the last messages answer */
  constructor(answers, link = "live") {
    for (let seq = 1; seq <= LENGTH; seq += 1) this.server.send(2);
    for (const [place, reply_to] of answers.entries()) this.server.log[LENGTH - 1 - place].reply_to = reply_to;
    this.server.read = LENGTH;
    /** @param {string} path */
    const get = async (path) => {
      this.asked.push(path.replace("/api/chats/7/messages?", ""));
      const query = new URLSearchParams(path.split("?")[1]);
      const from = Number(query.get("after_seq"));
      const page = this.server.page(from, from + Math.min(Number(query.get("limit")), this.fits));
      await this.slow;
      return this.refusal ?? { ok: true, body: page };
    };
    /** @type {any} */
    const profile = { api: { get }, command: async () => {} };
    /** @param {number} _chat @param {number} below @param {number} limit */
    const items = async (_chat, below, limit) => this.kept.filter(({ seq }) => seq < below && seq >= below - limit);
    this.profile = profile;
    this.quotes = new Quotes(
      () => this.model,
      (updates) => this.update(...updates),
      () => this.profile,
      () => /** @type {any} */ ({ items }),
      async (milliseconds) => void this.waits.push(milliseconds),
    );
    this.update(
      { do: "me", user: /** @type {any} */ (person(ME)) },
      { do: "chats", chats: [this.server.chat()], users: [] },
      { do: "jump", chat_id: CHAT, applied: LENGTH },
      { do: "link", link: /** @type {any} */ ({ state: link }) },
    );
  }

  /** @param {import("../../renderer/types.js").Update[]} updates */
  update(...updates) {
    const after = reduce(this.model, updates, 0);
    if (after === this.model) return;
    this.model = after;
    this.quotes.follow();
  }

  /** @param {number} [from] the end of the log above it is shown */
  async open(from = LENGTH - 50) {
    this.update({ do: "open", chat_id: CHAT }, { do: "page", chat_id: CHAT, page: this.server.page(from, LENGTH) });
    await settled();
  }

  /** @param {string} state */
  async link(state) {
    this.update({ do: "link", link: /** @type {any} */ ({ state }) });
    await settled();
  }

  /** Something happens, and is told. */
  async live() {
    const applied = this.model.chats.get(CHAT)?.applied ?? 0;
    for (let seq = applied + 1; seq <= this.server.last_seq; seq += 1) {
      this.update({ do: "apply", item: this.server.item(seq) });
    }
    await settled();
  }

  /** @param {string} content */
  edit(seq = 10, content = "changed") {
    const before = this.server.log[seq - 1];
    this.server.log[seq - 1] = { ...before, content, edited_at: at(2000), rev: before.rev + 1 };
    this.server.happen("edited", {}, seq);
  }

  /** What a quote of it says. @param {number} seq */
  text(seq) {
    const { model } = this;
    const timeline = model.timelines.get(CHAT);
    assert.ok(timeline);
    const message = quotedIn(model, timeline, timeline.items, seq);
    return message && (message.deleted ? "deleted" : message.content);
  }

  /** @param {number[]} seqs */
  texts(...seqs) {
    return seqs.map((seq) => this.text(seq));
  }
}

test("what is answered and not loaded is asked for, near ones together", async () => {
  const window = new Window([10, 12, 60, 990, 500, 10]);
  await window.open();
  assert.deepEqual(window.asked, ["after_seq=499&limit=1", "after_seq=9&limit=51"]);
  const [first, second] = window.waits;
  assert.ok(first < 1000 && second === 1000, "not with all other windows at once, nor without a pause");
  assert.deepEqual(window.texts(10, 12, 60, 500, 990), ["text 10", "text 12", "text 60", "text 500", "text 990"]);
  assert.deepEqual(missingQuotes(window.model, CHAT), []);
  assert.equal(window.model.quoted.get(CHAT)?.size, 4, "nothing else of the page is kept");
  assert.ok(window.model.users.has(2), "with who wrote it");
  window.server.send(3);
  await window.live();
  assert.equal(window.asked.length, 2);
});

test("what this machine keeps is not asked for, nor what is pinned", async () => {
  const window = new Window([10, 12, 14]);
  window.kept = [window.server.item(10)];
  window.update({ do: "open", chat_id: CHAT }, { do: "pins", chat_id: CHAT, messages: [window.server.item(12)] });
  await window.open();
  assert.deepEqual(window.asked, ["after_seq=13&limit=1"]);
  assert.deepEqual(window.texts(10, 12, 14), ["text 10", "text 12", "text 14"]);
});

test("while a part of the log is being loaded nothing is asked for", async () => {
  const window = new Window([10]);
  window.update({ do: "open", chat_id: CHAT }, { do: "line", chat_id: CHAT, values: { loading: "older" } });
  await window.open();
  assert.deepEqual(window.asked, []);
  window.update({ do: "line", chat_id: CHAT, values: { loading: null } });
  await settled();
  assert.deepEqual(window.asked, ["after_seq=9&limit=1"]);
});

test("an edit and a deletion of it are followed, a reaction too", async () => {
  const window = new Window([10, 12]);
  await window.open();
  window.edit();
  await window.live();
  assert.equal(window.text(10), "changed");
  window.server.change(12, "reaction_added");
  await window.live();
  assert.equal(window.model.quoted.get(CHAT)?.get(12)?.reactions?.length, 1);
  window.server.change(10, "deleted");
  await window.live();
  assert.equal(window.text(10), "deleted");
  assert.equal(window.model.quoted.get(CHAT)?.get(10)?.content, null, "its text is not in memory");
  assert.equal(window.asked.length, 1);
});

test("one's own change of it that is on its way is shown", async () => {
  const window = new Window([10]);
  await window.open();
  const created_at = window.server.log[9].created_at;
  /** @type {any} */
  const echo = { cid: "c", chat_id: CHAT, kind: "delete", state: "queued", seq: 10, target_at: created_at, files: [], of_cid: null, reply_to: null }; // prettier-ignore
  window.update({ do: "echo", echo });
  assert.equal(window.text(10), "deleted");
});

test("an answer that was read before an event and comes after it is brought up to date", async () => {
  const window = new Window([10]);
  let answer = () => {};
  window.slow = new Promise((resolve) => (answer = () => resolve(null)));
  await window.open();
  window.server.change(10, "deleted");
  await window.live();
  answer();
  await settled();
  assert.equal(window.text(10), "deleted");
});

test("what was removed for its age while it was asked for is not taken, and what is answered meanwhile is asked for", async () => {
  const window = new Window([10]);
  let answer = () => {};
  window.slow = new Promise((resolve) => (answer = () => resolve(null)));
  await window.open();
  window.server.log[window.server.send(2) - 1].reply_to = 20;
  await window.live();
  window.update({ do: "expire", chat_id: CHAT, first_seq: 11 });
  assert.equal(window.asked.length, 1);
  answer();
  await settled();
  assert.deepEqual(window.asked.slice(1), ["after_seq=19&limit=1"]);
  assert.deepEqual([...(window.model.quoted.get(CHAT)?.keys() ?? [])], [20]);
});

test("the quotes of a chat that is opened while those of another are asked for are brought after them", async () => {
  const window = new Window([10]);
  let answer = () => {};
  window.slow = new Promise((resolve) => (answer = () => resolve(null)));
  await window.open();
  const other = new ServerChat(CHAT + 1);
  for (let seq = 1; seq <= 50; seq += 1) other.send(2);
  other.log[49].reply_to = 1;
  window.update(
    { do: "chats", chats: [other.chat()], users: [], kept: [CHAT] },
    { do: "jump", chat_id: other.id, applied: 50 },
    { do: "open", chat_id: other.id },
    { do: "page", chat_id: other.id, page: other.page(40, 50) },
  );
  await settled();
  assert.equal(window.asked.length, 1);
  answer();
  await settled();
  assert.deepEqual(window.asked.slice(1), ["/api/chats/8/messages?after_seq=0&limit=1"]);
  assert.equal(window.text(10), "text 10");
});

test("an answer that was read before the log went on elsewhere is not taken; it is asked for anew", async () => {
  const window = new Window([10]);
  let answer = () => {};
  window.slow = new Promise((resolve) => (answer = () => resolve(null)));
  await window.open();
  window.server.change(10, "deleted");
  window.update({ do: "jump", chat_id: CHAT, applied: window.server.last_seq });
  window.slow = Promise.resolve();
  answer();
  await settled();
  assert.equal(window.text(10), null);
  await window.open();
  assert.equal(window.text(10), "deleted");
});

test("what is not there, or may not be seen, is asked for once", async () => {
  const window = new Window([10, 12, 700]);
  window.server.log[9] = { ...window.server.log[9], type: "hidden" };
  window.server.item = (seq) => structuredClone(window.server.log[seq - 1]);
  await window.open();
  assert.deepEqual(window.asked.length, 2);
  assert.deepEqual(window.texts(10, 12, 700), [null, "text 12", "text 700"]);
  window.server.send(2);
  await window.live();
  await window.link("offline");
  await window.link("live");
  assert.deepEqual(window.asked.length, 2);

  const other = new Window([10, 700]);
  other.refusal = GONE;
  await other.open();
  assert.equal(other.asked.length, 2);
  other.server.send(2);
  await other.live();
  await other.link("offline");
  await other.link("live");
  assert.equal(other.asked.length, 2);
});

test("what lies before one's time in the chat is not asked for", async () => {
  const window = new Window([10, 12]);
  window.update({ do: "begins", chat_id: CHAT, first_seq: 11 });
  await window.open();
  assert.deepEqual(window.asked, ["after_seq=11&limit=1"]);
  window.update({ do: "expire", chat_id: CHAT, first_seq: 13 });
  assert.deepEqual(window.texts(12), [null]);
  assert.equal(window.model.quoted.has(CHAT), false);
});

test("without a link nothing is asked for; when it is back, once", async () => {
  const window = new Window([10, 12], "offline");
  window.kept = [window.server.item(12)];
  await window.open();
  assert.deepEqual([window.asked, window.texts(10, 12)], [[], [null, "text 12"]]);
  await window.link("connecting");
  assert.deepEqual(window.asked, []);
  await window.link("live");
  assert.deepEqual([window.asked, window.texts(10)], [["after_seq=9&limit=1"], ["text 10"]]);
});

test("where HTTP carries on it is asked for too, and no poll repeats it", async () => {
  const window = new Window([10], "polling");
  window.refusal = GONE;
  await window.open();
  for (let poll = 0; poll < 5; poll += 1) {
    window.server.send(2);
    await window.live();
  }
  assert.equal(window.asked.length, 1);
});

test("what could not be told just now is asked for again after a while, or on the next link", async () => {
  const window = new Window([10]);
  window.refusal = { ok: false, code: "store_unavailable" };
  await window.open();
  window.server.send(2);
  await window.live();
  assert.equal(window.asked.length, 1);
  mock.timers.tick(14_000);
  await settled();
  assert.equal(window.asked.length, 1);
  mock.timers.tick(2_000);
  await settled();
  assert.equal(window.asked.length, 2);
  window.refusal = null;
  await window.link("offline");
  await window.link("live");
  assert.deepEqual([window.asked.length, window.text(10)], [3, "text 10"]);
  mock.timers.tick(60_000);
  await settled();
  assert.equal(window.asked.length, 3);
});

test("a page that ends early is gone on with", async () => {
  const window = new Window([10, 40, 70]);
  window.fits = 31;
  await window.open();
  assert.deepEqual(window.asked, ["after_seq=9&limit=61", "after_seq=69&limit=1"]);
  assert.deepEqual(window.texts(10, 40, 70), ["text 10", "text 40", "text 70"]);
});

test("answers in very many places cost few requests, and the newest come first", async () => {
  const window = new Window(Array.from({ length: 9 }, (_, place) => 900 - place * 100));
  await window.open();
  assert.equal(window.asked.length, 5);
  assert.deepEqual(window.texts(900, 500, 400), ["text 900", "text 500", null]);
  window.server.send(2);
  await window.live();
  assert.equal(window.asked.length, 9, "the others with what is loaded next");
});

test("no more is kept than is answered, and nothing of a chat that is left for long or logged out of", async () => {
  const window = new Window([1, 2, 3]);
  window.update({ do: "open", chat_id: CHAT });
  /** @type {any[]} */
  const messages = Array.from({ length: MOST + 50 }, (_, place) => window.server.item(place + 1));
  window.update({ do: "quoted", chat_id: CHAT, messages, users: [], since: LENGTH });
  assert.equal(window.model.quoted.has(CHAT), false, "nothing is loaded that answers");
  await window.open();
  window.update({ do: "quoted", chat_id: CHAT, messages, users: [], since: LENGTH });
  assert.deepEqual([...(window.model.quoted.get(CHAT)?.keys() ?? [])].sort(), [1, 2, 3]);
  window.update({ do: "leave", chat_id: CHAT, place: null });
  assert.equal(window.model.quoted.get(CHAT)?.size, 3);
  for (let id = 100; id < 112; id += 1) {
    window.update({ do: "chats", chats: [new ServerChat(id).chat()], users: [], kept: [CHAT] });
    window.update({ do: "open", chat_id: id });
  }
  assert.equal(window.model.quoted.size, 0);
});

test("an answer that comes for who was logged in before shows nothing", async () => {
  const window = new Window([10]);
  let answer = () => {};
  window.slow = new Promise((resolve) => (answer = () => resolve(null)));
  await window.open();
  window.profile = { ...window.profile };
  window.quotes.forget();
  answer();
  await settled();
  assert.equal(window.model.quoted.size, 0);
});

test("a server that fails again and again is asked no more for what it fails at", async () => {
  const window = new Window([10]);
  window.refusal = { ok: false, code: "internal" };
  await window.open();
  for (let times = 0; times < 9; times += 1) {
    mock.timers.tick(15_000);
    await settled();
  }
  assert.equal(window.asked.length, 5);
});
