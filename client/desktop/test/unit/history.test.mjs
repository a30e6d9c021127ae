/** What of a log is brought into a timeline, and when: the answers of a server come in any order, late, or not at all. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { History } from "../../renderer/profile/history.js";
import { emptyModel, reduce } from "../../renderer/state/model.js";
import { ME, ServerChat, person } from "./world.js";

mock.timers.enable({ apis: ["setTimeout"] });
const CHAT = 7;
const MANY = 1000;

/** A window in which one chat of 1,000 messages is listed, all of them read, and what it asks of its server. */
class Window {
  /** Requests that wait for their answer. @type {{from: number, limit: number, answer: (answer: any) => void}[]} */
  asked = [];
  model = emptyModel();
  server = new ServerChat(CHAT);

  /** @param {{read?: number}} [how] */
  constructor({ read = MANY } = {}) {
    for (let count = 0; count < MANY; count += 1) this.server.send(2);
    const api = {
      get: (/** @type {string} */ path) =>
        new Promise((answer) => {
          const query = new URLSearchParams(path.split("?")[1]);
          this.asked.push({ from: Number(query.get("after_seq")), limit: Number(query.get("limit")), answer });
        }),
    };
    const profile = /** @type {any} */ ({ api, owns: false, command: () => Promise.resolve({ ok: true }) });
    this.history = new History(
      () => this.model,
      (updates) => this.update(updates),
      () => profile,
      () => null,
    );
    this.server.read = read;
    this.update([
      { do: "set", values: { phase: "signed_in" } },
      { do: "me", user: person(ME) },
      { do: "chats", chats: [this.server.chat()], users: [person(2)] },
      { do: "jump", chat_id: CHAT, applied: MANY },
    ]);
    this.link("live");
  }

  /** @param {any[]} updates */
  update(updates) {
    const after = reduce(this.model, updates, Date.UTC(2026, 0, 2));
    if (after === this.model) return;
    this.model = after;
    void this.history.refill();
  }

  /** @param {string} state */
  link(state) {
    this.update([{ do: "link", link: { state, retry_at: null, since: null, code: null } }]);
  }

  /** The next request is answered. @param {string} [how] `page`, or the code of a refusal */
  async answer(how = "page") {
    for (let turn = 0; turn < 100 && this.asked.length === 0; turn += 1) await null;
    const next = this.asked.shift();
    assert.ok(next, "something is asked for");
    const page = this.server.page(next.from, Math.min(next.from + next.limit, this.server.last_seq));
    next.answer(how === "page" ? { ok: true, status: 200, body: page } : { ok: false, code: how });
    await settled();
  }

  get line() {
    const line = this.model.timelines.get(CHAT);
    assert.ok(line);
    return line;
  }

  get span() {
    return [this.line.items[0]?.seq, this.line.items.at(-1)?.seq];
  }
}

/** All that needs no answer has been done. */
async function settled() {
  for (let turn = 0; turn < 100; turn += 1) await null;
}

test("much that is unread is shown from its first message, and asked for once", async () => {
  const window = new Window({ read: 100 });
  const opening = window.history.open(CHAT);
  await window.answer();
  await opening;
  assert.deepEqual(window.span, [76, 125]);
  assert.equal(window.asked.length, 0);
});

test("a link that comes back does not take one away from an old place where more could not be had", async () => {
  const window = new Window();
  const opening = window.history.open(CHAT, 500);
  await window.answer();
  await opening;
  assert.deepEqual(window.span, [475, 524]);
  window.link("offline");
  const more = window.history.newer(CHAT);
  await window.answer("no_connection");
  await more;
  assert.equal(window.line.problem, "no_connection");
  window.link("live");
  await settled();
  assert.deepEqual([window.span, window.line.problem, window.asked.length], [[475, 524], null, 0]);
});

test("a link that comes back before the old attempt has failed is one to try again with", async () => {
  const window = new Window();
  const opening = window.history.open(CHAT);
  await settled();
  window.link("offline");
  window.link("live");
  await window.answer("no_connection");
  await window.answer();
  await opening;
  assert.deepEqual([window.span[1], window.line.at_end, window.line.problem], [MANY, true, null]);
});

test("what could not be had beside the end is not in the way any more when the link is back", async () => {
  const window = new Window();
  const opening = window.history.open(CHAT);
  await window.answer();
  await opening;
  window.link("offline");
  const going = window.history.to(CHAT, 100);
  await window.answer("no_connection");
  assert.deepEqual([await going, window.line.problem], [{ ok: false, code: "no_connection" }, "no_connection"]);
  window.link("live");
  await settled();
  assert.deepEqual([window.span[1], window.line.problem, window.asked.length], [MANY, null, 0]);
});

test("a place that was overtaken and could not be had is given up, not waited for", async () => {
  const window = new Window();
  const first = window.history.open(CHAT, 100);
  await settled();
  const [late] = window.asked.splice(0);
  const second = window.history.to(CHAT, 300);
  late.answer({ ok: false, code: "no_connection" });
  await first;
  await settled();
  assert.equal(window.asked.length, 1, "nothing else is asked for");
  await window.answer();
  assert.deepEqual([await second, window.span], [{ ok: true }, [275, 324]]);
});

test("a message that is not there leaves the log where it is, for who tells of it", async () => {
  const window = new Window();
  const first = window.history.to(CHAT, 300);
  await window.answer();
  await first;
  assert.deepEqual(window.span, [275, 324]);
  const second = window.history.to(CHAT, MANY + 20, true);
  await window.answer();
  await window.answer(); // there is nothing behind
  assert.deepEqual([await second, window.span], [{ ok: false, code: "not_found" }, [275, 324]]);
});

test("a chat that is shown is not taken to its first unread message by being opened once more", async () => {
  const window = new Window({ read: 100 });
  const opening = window.history.open(CHAT);
  await window.answer();
  await opening;
  const going = window.history.to(CHAT, MANY);
  await window.answer();
  await window.answer(); // there is nothing behind
  await going;
  const before = window.span;
  await window.history.open(CHAT);
  assert.deepEqual([before[1], window.span, window.asked.length], [MANY, before, 0]);
});

/** A window at an old place, whose next page of newer messages failed; the link never went away. */
async function stuck() {
  const window = new Window();
  const opening = window.history.open(CHAT, 500);
  await window.answer();
  await opening;
  const more = window.history.newer(CHAT);
  await window.answer("internal");
  await more;
  assert.deepEqual([window.span, window.line.problem, window.line.failed], [[475, 524], "internal", ["newer"]]);
  return window;
}

test("newer messages that could not be had come where one tries again, and where the chat is opened once more", async () => {
  for (const again of ["newer", "open"]) {
    const window = await stuck();
    const trying = again === "newer" ? window.history.newer(CHAT) : window.history.open(CHAT);
    await window.answer();
    await trying;
    assert.deepEqual([window.span, window.line.problem, window.line.failed], [[475, 574], null, []], again);
  }
});

test("a chat that is opened after one was elsewhere has no old failure in its way", async () => {
  const window = await stuck();
  window.update([{ do: "open", chat_id: null }]);
  await window.history.open(CHAT, 500);
  assert.deepEqual([window.span, window.line.problem, window.line.failed], [[475, 524], null, []]);
});

test("each end fails by itself, and a page clears both", async () => {
  const window = await stuck();
  const older = window.history.older(CHAT);
  assert.deepEqual([window.line.problem, window.line.failed], ["internal", ["newer"]]);
  await window.answer("busy");
  await older;
  assert.deepEqual([window.line.problem, window.line.failed], ["busy", ["newer", "older"]]);
  const newer = window.history.newer(CHAT);
  assert.deepEqual(window.line.failed, ["older"]);
  await window.answer();
  await newer;
  assert.deepEqual([window.span, window.line.problem, window.line.failed], [[475, 574], null, []]);
});

test("the end that could not be had from an old place is asked for on the side of the newer ones", async () => {
  const window = await stuck();
  const going = window.history.toEnd(CHAT);
  await window.answer("internal");
  await going;
  assert.deepEqual([window.span, window.line.failed], [[475, 524], ["newer"]]);
});

test("trying again at the beginning takes away what is told of a place that lies elsewhere", async () => {
  const window = new Window();
  const opening = window.history.to(CHAT, 1);
  await window.answer();
  await opening;
  window.update([{ do: "line", chat_id: CHAT, values: { problem: "internal", failed: ["older"] } }]);
  await window.history.older(CHAT);
  assert.deepEqual([window.line.at_start, window.line.problem, window.asked.length], [true, null, 0]);
});

test("an attempt that fails is not repeated while the link is the same", async () => {
  const window = new Window();
  const opening = window.history.open(CHAT);
  await window.answer("no_connection");
  await opening;
  assert.deepEqual([window.line.problem, window.asked.length], ["no_connection", 0]);
});

test("the end that was on its way before one went elsewhere is asked for anew, and the old one asks no more", async () => {
  const window = new Window();
  const opening = window.history.open(CHAT);
  await settled();
  const [end] = window.asked.splice(0);
  const going = window.history.to(CHAT, 100);
  await window.answer();
  assert.deepEqual([await going, window.span], [{ ok: true }, [75, 124]]);
  const back = window.history.toEnd(CHAT);
  await settled();
  assert.deepEqual(window.asked.map(({ from }) => from), [MANY - 50]); // prettier-ignore
  end.answer({ ok: true, status: 200, body: window.server.page(MANY - 50, MANY) });
  await opening;
  assert.deepEqual(
    [window.span, window.asked.length],
    [[75, 124], 1],
    "what was overtaken shows nothing and asks nothing",
  );
  await window.answer();
  await back;
  assert.deepEqual([window.span[1], window.line.at_end], [MANY, true]);
});

/** A window in which an old part of the log is shown, in which a message was deleted meanwhile, more than 1,000 entries ago. */
async function passedOver() {
  const window = new Window();
  const opening = window.history.open(CHAT, 500);
  await window.answer();
  await opening;
  window.server.change(500, "deleted");
  for (let count = 0; count < 1001; count += 1) window.server.send(2);
  return window;
}

/** @param {Window} window */
const shown = ({ line }) => {
  const item = line.items.find(({ seq }) => seq === 500);
  return item?.type === "message" ? item.content : undefined;
};
/** @type {any} */
const JUMP = { do: "jump", chat_id: CHAT, applied: 2002 };

test("an old part that is looked at while the log goes on elsewhere is read again, in its place", async () => {
  const window = await passedOver();
  assert.equal(shown(window), "text 500");
  window.update([JUMP]);
  await window.answer("no_connection");
  assert.deepEqual([window.asked.length, shown(window)], [0, "text 500"], "until the link is back");
  window.link("offline");
  window.link("live");
  await window.answer();
  assert.deepEqual([window.span, shown(window), window.line.at_end], [[475, 524], null, false]);
  assert.equal(window.asked.length, 0);
});

test("an old part that the server cannot tell just now stays where it is, and is asked for again", async () => {
  const window = await passedOver();
  window.update([JUMP]);
  await window.answer("busy");
  assert.deepEqual([window.asked.length, shown(window)], [0, "text 500"]);
  mock.timers.tick(5000);
  await window.answer();
  assert.deepEqual([window.span, shown(window)], [[475, 524], null]);
});

test("an old part that is not looked at then is not shown as it was", async () => {
  const window = await passedOver();
  window.update([{ do: "open", chat_id: null }, JUMP]);
  assert.deepEqual(window.line.items, []);
});

test("an old part that cannot be had any more gives way to the end", async () => {
  const window = await passedOver();
  window.update([JUMP]);
  await window.answer("not_found");
  assert.equal(shown(window), undefined);
  await window.answer();
  assert.deepEqual([window.span[1], window.line.at_end], [2002, true]);
});
