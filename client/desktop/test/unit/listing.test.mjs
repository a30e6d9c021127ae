/** The window that has the link lists the chats, with the real session and driver, while things happen. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Api } from "../../renderer/link/api.js";
import { Owner } from "../../renderer/profile/owner.js";
import { emptyModel, reduce } from "../../renderer/state/model.js";
import { memoryStore } from "../../renderer/store/memory.js";
import { newPage, promised, settled, tell } from "./page.js";
import { ME, ServerChat, person } from "./world.js";

/** @typedef {import("../../renderer/types.js").Update} Update */

const MINE = /** @type {any} */ ({ ...person(ME), email: null });
const COUNT = 40;

/** A server with many chats, the one with the highest id the newest. */
class Server {
  chats = Array.from({ length: COUNT }, (_, at) => new ServerChat(at + 1));
  /** @type {string[]} */
  asked = [];
  me = { ...MINE };
  /** What holds an answer up, by the beginning of its path. @type {[string, Promise<any>][]} */
  held = [];

  constructor() {
    for (const chat of this.chats) chat.send(2);
    this.chats.reverse();
  }

  /** @param {import("./page.js").Asked} asked */
  answer = async ({ path }) => {
    this.asked.push(path);
    const body = structuredClone(this.#body(path)); // as it is now, whenever it arrives
    for (const [prefix, until] of this.held) if (path.startsWith(prefix)) await until;
    return { body };
  };

  /** @param {string} path @returns {any} */
  #body(path) {
    if (path === "/api/auth/me") return this.me;
    const query = new URLSearchParams(path.split("?")[1]);
    if (!path.startsWith("/api/chats?")) return { users: [] };
    const below = this.chats.findIndex(({ id }) => String(id) === query.get("cursor")) + 1;
    const page = this.chats.slice(below, below + Number(query.get("limit")));
    const more = below + page.length < this.chats.length;
    const next_cursor = more ? String(page.at(-1)?.id) : null;
    return { chats: page.map((chat) => chat.chat()), users: [person(1), person(2)], epoch: "e1", next_cursor };
  }

  /** @param {any} frame */
  live = ({ type }) => (type === "hello" ? [this.ready()] : []);

  ready() {
    const chats = this.chats.map((chat) => chat.head());
    return { type: "ready", user: this.me, epoch: "e1", limits: { inflight: 32 }, chats };
  }

  /** Somebody writes in a chat, which moves up. @param {number} id */
  write(id) {
    const [chat] = this.chats.splice(
      this.chats.findIndex((one) => one.id === id),
      1,
    );
    chat.send(2);
    this.chats.unshift(chat);
    return chat.log[chat.log.length - 1];
  }
}

/** A window that owns the link and knows all chats, as after a start with what was kept. @param {Server} server */
function owning(server) {
  newPage(server.answer, server.live);
  /** @type {Update[]} */
  const known = [
    { do: "set", values: { me: MINE, phase: "signed_in", listed: true } },
    { do: "chats", chats: server.chats.map((chat) => chat.chat()), users: [person(1), person(2)] },
  ];
  let model = reduce(emptyModel(), known, 0);
  /** @type {Set<number>} */
  const gone = new Set();
  const publish = (/** @type {Update[]} */ updates) => {
    const before = model;
    model = reduce(model, updates, 0);
    for (const id of before.chats.keys()) if (!model.chats.has(id)) gone.add(id);
    owner.noticed(updates);
  };
  const cursors = server.chats.map(({ id, last_seq }) => ({ chat_id: id, applied: last_seq }));
  const bearer = { token: () => "token", renewed: async () => ({ ok: true }) };
  /** @type {any} */
  const parts = {
    url: "http://server.example",
    api: new Api("http://server.example", /** @type {any} */ (bearer)),
    tokens: bearer,
    db: memoryStore("listing"),
    model: () => model,
    publish,
    ended: () => assert.fail("ended"),
    broken: (/** @type {unknown} */ error) => assert.fail(String(error)),
    client: { device: "", name: "", version: "", os: "" },
    random: () => 0.5,
  };
  const kept = { epoch: { user_id: ME, epoch: "e1" }, cursors, rows: [], erased: false };
  const owner = new Owner(parts, kept);
  return { owner, publish, gone, model: () => model };
}

test("a chat that moves up while the list is read page by page stays", async (t) => {
  for (const isTold of [true, false]) {
    const server = new Server();
    const later = promised();
    server.held.push(["/api/chats?limit=30", later.promise]);
    const { owner, gone, model } = owning(server);
    t.after(() => owner.stop(false));
    owner.start();
    await settled();
    assert.equal(
      server.asked.filter((path) => path.startsWith("/api/chats?limit=30")).length,
      2,
      "at the start, and at ready",
    );
    const item = server.write(3); // the third from the end
    if (isTold) tell(item);
    await settled();
    later.resolve(null);
    await settled();
    assert.deepEqual([[...gone], model().chats.size], [[], COUNT], String(isTold));
    assert.equal(model().chats.get(3)?.last_seq, 2);
  }
});

test("a chat that is in no list any more goes, and nothing is asked for twice without need", async (t) => {
  const server = new Server();
  const { owner, gone } = owning(server);
  t.after(() => owner.stop(false));
  server.chats = server.chats.filter(({ id }) => id !== 3);
  owner.start();
  await settled();
  assert.deepEqual([...gone], [3]);
  const first = server.asked.filter((path) => /^.api.chats.limit=\d+$/.test(path));
  assert.deepEqual(first, ["/api/chats?limit=30", "/api/chats?limit=30", "/api/chats?limit=100"]);
});

test("one's own profile that was asked for before a change of it takes nothing back", async (t) => {
  for (const how of ["here", "elsewhere"]) {
    const server = new Server();
    const [me, list] = [promised(), promised()];
    server.held.push(["/api/auth/me", me.promise], ["/api/chats", list.promise]);
    const { owner, publish, model } = owning(server);
    t.after(() => owner.stop(false));
    owner.start();
    await settled();
    const changed = { ...server.me, display_name: "changed" };
    if (how === "here") publish([{ do: "me", user: changed }]);
    else tell({ type: "user", user: changed });
    await settled();
    me.resolve(null);
    await settled();
    list.resolve(null);
    await settled();
    assert.equal(model().me?.display_name, "changed", how);
  }
});

test("one's own profile is known before the last page of the list has come", async (t) => {
  const server = new Server();
  server.held.push(["/api/chats", promised().promise]);
  const { owner, model } = owning(server);
  t.after(() => owner.stop(false));
  server.live = () => []; // no ready, which tells it too
  server.me = { ...MINE, display_name: "changed elsewhere" };
  newPage(server.answer, server.live);
  owner.start();
  await settled();
  assert.equal(model().me?.display_name, "changed elsewhere");
});
