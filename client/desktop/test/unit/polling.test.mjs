/** HTTP carries a session: what comes in and what goes out are on their way at the same time, in any order. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Api } from "../../renderer/link/api.js";
import { Polling } from "../../renderer/link/polling.js";
import { rowOf } from "../../renderer/protocol/row.js";
import { ClientSession } from "../../renderer/protocol/session.js";
import { newPage, promised, settled } from "./page.js";
import { URL, windowOf } from "./windows.js";
import { ME, ServerChat, at, person } from "./world.js";

const CHAT = 7;
const READY = { type: "ready", user: { ...person(ME), email: null }, epoch: "e1", limits: { inflight: 32 } };

/** Whether a request passes at once, or waits. @typedef {(method: string, path: string) => Promise<any> | null} Gate */

/** A server that answers a request as it is when that comes, and an answer that takes its time on the way back. */
class Served {
  chat = new ServerChat(CHAT);
  /** @type {string[]} */
  asked = [];
  /** @type {Gate} */
  back = () => null;

  constructor() {
    for (let seq = 1; seq <= 10; seq += 1) this.chat.send(2);
    newPage(async ({ method, path, body }) => {
      this.asked.push(`${method} ${path.split("?")[0]}`);
      const answer = structuredClone(this.#answer(method, path, body));
      await this.back(method, path);
      return answer;
    });
  }

  /** @param {string} method @param {string} path @param {any} body @returns {import("./page.js").Answer} */
  #answer(method, path, body) {
    if (path.startsWith("/api/chats?")) {
      return { body: { chats: [this.chat.chat()], users: [], epoch: "e1", next_cursor: null } };
    }
    if (method === "POST" && !path.includes(`/${CHAT}/`)) return { status: 404, body: { code: "not_found" } };
    if (method === "POST") return { body: this.chat.item(this.chat.send(ME, body.cid)) };
    if (method === "PATCH") {
      this.chat.change(Number(/messages\/(\d+)/u.exec(path)?.[1]), "edited");
      return { body: {} };
    }
    const after = Number(/after_seq=(\d+)/u.exec(path)?.[1]);
    const page = this.chat.page(after, this.chat.last_seq);
    return { body: { ...page, has_more: false } };
  }
}

/** @type {Polling[]} */
const running = [];

/** A session without a link that knows the chat up to its end, and its polling, as owner.js drives it. */
function polled() {
  const snapshot = { user_id: ME, epoch: "e1", chats: [{ chat_id: CHAT, first_seq: 1, applied: 10 }] };
  const session = new ClientSession({}, () => 0.5, snapshot);
  session.start("token", 0);
  session.lost(1, 1006, "", 10);
  session.outputs();
  /** @type {import("../../renderer/types.js").Output[]} */
  const done = [];
  let clock = 20;
  /** @param {(session: ClientSession, at: number) => any} feed */
  const input = (feed) => {
    const found = feed(session, (clock += 1));
    for (let outputs = session.outputs(); outputs.length; outputs = session.outputs()) {
      done.push(...outputs);
      for (const output of outputs) if (output.do === "save_row") session.rowSaved(output.row.cid, clock);
    }
    return found;
  };
  const polling = new Polling({
    api: new Api(URL),
    userId: ME,
    session,
    input,
    listed: () => {},
    answered: () => {},
    silent: () => {},
  });
  running.push(polling);
  /** @param {Partial<import("../../renderer/protocol/row.js").Row> & {cid: string}} given */
  const send = (given) => input((it, now) => it.send(rowOf({ chat_id: CHAT, content: "x", ...given }), now, true));
  const of = (/** @type {string} */ what) => done.filter((output) => output.do === what);
  const applied = () => session.replica.chats.get(CHAT)?.applied;
  return { session, polling, input, send, of, applied };
}

/** @param {() => Promise<void>} work */
async function timed(work) {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  try {
    await work();
  } finally {
    for (const polling of running.splice(0)) polling.stop();
    mock.timers.reset();
    mock.restoreAll();
  }
}

/** Until the next look. */
async function nextLook() {
  mock.timers.tick(3_000);
  await settled();
}

/** @type {[string, any][]} */
const CHANGES = [
  ["message", { cid: "mine" }],
  ["edit", { cid: "mine", kind: "edit", seq: 3, target_at: at(3) }],
];
for (const [what, row] of CHANGES) {
  test(`a list that was read before one's own ${what} was stored says nothing of the end of its log`, () =>
    timed(async () => {
      const server = new Served();
      const { polling, send, of, applied } = polled();
      polling.start();
      await settled();
      const late = promised();
      server.back = (_method, path) => (path.startsWith("/api/chats?") ? late.promise : null);
      await nextLook(); // the list is on its way, with 10 as the end
      send(row);
      send({ cid: "reply", reply_to: 4, target_at: at(4) });
      server.back = (method) => (method === "POST" && server.asked.filter((one) => one.startsWith("POST")).length > (what === "message" ? 1 : 0) ? promised().promise : null); // prettier-ignore
      polling.post();
      await settled();
      assert.equal(applied(), 11);
      late.resolve(null);
      await settled();
      assert.deepEqual([of("forget"), of("failed"), applied()], [[], [], 11]);
      const kept = of("save_row").filter((output) => output.do === "save_row" && output.row.reply_lost);
      assert.deepEqual(kept, [], "the answer keeps what it answers");
    }));
}

test("a log that was replaced is seen by a list that tells less than what was applied when it was asked for", () =>
  timed(async () => {
    const server = new Served();
    const { polling, send, of } = polled();
    polling.start();
    await settled();
    const late = promised();
    server.back = (_method, path) => (path.startsWith("/api/chats?") ? late.promise : null);
    const kept = server.chat.log;
    server.chat.log = kept.slice(0, 8);
    await nextLook();
    server.chat.log = kept;
    send({ cid: "mine" });
    polling.post();
    await settled();
    late.resolve(null);
    await settled();
    assert.equal(of("forget").length, 1);
  }));

test("what a list leaves out the next one tells", () =>
  timed(async () => {
    const server = new Served();
    const { polling, send, of, applied } = polled();
    polling.start();
    await settled();
    const late = promised();
    server.back = (_method, path) => (path.startsWith("/api/chats?") ? late.promise : null);
    await nextLook();
    send({ cid: "mine" });
    polling.post();
    await settled();
    late.resolve(null);
    await settled();
    server.chat.send(2);
    await nextLook();
    assert.deepEqual([of("forget"), applied()], [[], 12]);
  }));

test("what is posted while a link says hello is sent again on it, and `ready` takes nothing away", () =>
  timed(async () => {
    const server = new Served();
    const { session, polling, input, send, of, applied } = polled();
    polling.start();
    await settled();
    const late = promised();
    const head = server.chat.head(); // read for `ready`
    server.back = (method) => (method === "POST" ? late.promise : null);
    send({ cid: "mine" });
    send({ cid: "reply", reply_to: 4, target_at: at(4) });
    polling.post();
    await settled();
    input((it) => it.handleTimer(60_000));
    input((it) => it.connected(2, 60_001));
    late.resolve(null);
    await settled();
    assert.deepEqual([session.state, applied()], ["authenticating", 10]);
    input((it) => it.receive(2, [/** @type {any} */ ({ ...READY, chats: [head] })], 60_010));
    assert.deepEqual([of("forget"), of("failed")], [[], []]);
    const sent = of("send").flatMap((output) => (output.do === "send" && output.frame.type === "send" ? [output.frame] : [])); // prettier-ignore
    assert.deepEqual(sent.map(({ cid, reply_to }) => [cid, reply_to ?? null]), [["mine", null], ["reply", 4]]); // prettier-ignore
  }));

test("nor does a page that comes while it says hello: it is asked for again", () =>
  timed(async () => {
    const server = new Served();
    const { polling, input, of, applied } = polled();
    polling.start();
    await settled();
    const late = promised();
    const head = server.chat.head();
    server.chat.send(2);
    server.back = (_method, path) => (path.includes("/messages?") ? late.promise : null);
    await nextLook();
    input((it) => it.handleTimer(60_000));
    input((it) => it.connected(2, 60_001));
    late.resolve(null);
    await settled();
    input((it) => it.receive(2, [/** @type {any} */ ({ ...READY, chats: [head] })], 60_010));
    assert.deepEqual([of("forget"), applied()], [[], 10]);
  }));

test("much that waits to be sent holds nothing back that comes in, nor what waits in other chats", () =>
  timed(async () => {
    const server = new Served();
    const { polling, send, applied } = polled();
    polling.start();
    await settled();
    const slow = promised();
    server.back = (method, path) => (method === "POST" && path.includes(`/${CHAT}/`) ? slow.promise : null);
    send({ cid: "mine" });
    polling.post();
    await settled();
    server.chat.log.pop(); // it is not stored yet
    server.chat.send(2);
    send({ cid: "elsewhere", chat_id: 8 });
    polling.post();
    await nextLook();
    await nextLook();
    assert.equal(applied(), 11);
    assert.ok(server.asked.includes("POST /api/chats/8/messages"));
    assert.equal(server.asked.filter((one) => one === `POST /api/chats/${CHAT}/messages`).length, 1, "once at a time");
    slow.resolve(null);
  }));

test("nothing is posted before the chats were looked at", () =>
  timed(async () => {
    const server = new Served();
    const { polling, send } = polled();
    const late = promised();
    server.back = () => late.promise;
    send({ cid: "mine" });
    polling.start();
    polling.post();
    await settled();
    assert.deepEqual(server.asked, ["GET /api/chats"]);
    late.resolve(null);
    await settled();
    assert.ok(server.asked.includes(`POST /api/chats/${CHAT}/messages`));
  }));

test("HTTP is a link while it is answered, and none where nobody answers", () =>
  timed(async () => {
    let clock = 0;
    mock.method(performance, "now", () => clock);
    /** @type {Set<string>} */
    const reached = new Set();
    let [isThere, isWell] = [true, true];
    newPage(({ path }) => {
      reached.add(path.split("?")[0]);
      if (!isThere) throw new TypeError("no network");
      if (path === "/healthz") return { body: { status: "ok" } };
      if (!isWell) return { status: 503, body: { code: "store_unavailable" } };
      return path.startsWith("/api/chats?")
        ? { body: { chats: [], users: [], epoch: "e1", next_cursor: null } }
        : { status: 404, body: { code: "not_found" } };
    });
    const timing = { connect: 100, backoff_first: 100, backoff_ceiling: 1_000 };
    const { profile, model } = windowOf("one", { timing });
    await profile.tokens.keep({ access_token: "token", refresh_token: "r" });
    profile.start();
    /** @param {number} seconds */
    const pass = async (seconds) => {
      for (let tenth = 0; tenth < seconds * 10; tenth += 1) {
        clock += 100;
        mock.timers.tick(100);
        await settled();
      }
    };
    await pass(3);
    assert.equal(model().link.state, "polling");
    isThere = false;
    await pass(7);
    assert.notEqual(model().link.state, "polling");
    assert.notEqual(model().link.since, null);
    reached.clear();
    await pass(5);
    assert.deepEqual([...reached], ["/healthz"], "whether it is there again is looked for");
    isThere = true;
    await pass(3);
    assert.equal(model().link.state, "polling");
    isWell = false;
    await pass(7);
    for (let second = 0; second < 8; second += 1) {
      await pass(1);
      assert.notEqual(model().link.state, "polling", "a server that gives no list carries nothing");
    }
    await profile.close({ polite: false });
  }));
