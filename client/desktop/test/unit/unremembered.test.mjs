/** Tabs of a log-in that is not remembered share nothing: what waits in one is not lost when another takes over. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { echoOf } from "../../renderer/protocol/commands.js";
import { Outgoing } from "../../renderer/profile/outgoing.js";
import { memoryStore } from "../../renderer/store/memory.js";
import { newPage, promised, settled } from "./page.js";
import { windowOf } from "./windows.js";
import { ME, ServerChat, person } from "./world.js";

const CHAT = 7;
const PLACE = "/api/uploads/1";

/** A tab, as vestnik.js begins it: with what its earlier life has kept. @param {string} name */
async function tabOf(name) {
  const db = memoryStore(name);
  const window = windowOf(name, { db });
  const { profile, model } = window;
  const chat = new ServerChat(CHAT).chat();
  const { rows } = await db.load();
  const echoes = rows.map((row) => /** @type {const} */ ({ do: "echo", echo: echoOf(row) }));
  profile.parts.update([{ do: "chats", chats: [chat], users: [] }, ...echoes]);
  const outgoing = new Outgoing(model, () => profile, () => db); // prettier-ignore
  await profile.tokens.keep({ access_token: "token", refresh_token: "r" });
  profile.start();
  await settled();
  const shown = () => (model().echoes.lists.get(CHAT) ?? []).map(({ content, state }) => `${content} ${state}`);
  return { ...window, db, outgoing, shown };
}

/** A server that cannot be had; when it is back it is told what waits. */
class Server {
  isBack = false;
  /** @type {string[]} */
  heard = [];
  /** Uploads that were begun. */
  begun = 0;

  constructor() {
    const never = promised();
    newPage((asked) => this.#begun(asked) ?? never.promise, this.live);
  }

  /** What it says of an upload; null: that begins, and comes no further. @type {import("./page.js").Answer | null} */
  refusal = null;

  /** @param {import("./page.js").Asked} asked */
  #begun({ method, path }) {
    if (method !== "POST" || path !== "/api/uploads") return null;
    if (this.refusal) return this.refusal;
    this.begun += 1;
    return { status: 201, headers: { Location: `${path}/${this.begun}` } };
  }

  /** @param {any} frame @returns {any[]} */
  live = ({ type, content }) => {
    if (type === "send") this.heard.push(content);
    if (type !== "hello" || !this.isBack) return [];
    const chats = [new ServerChat(CHAT).head()];
    return [{ type: "ready", user: person(ME), epoch: "e1", limits: { inflight: 32 }, chats }];
  };
}

test("a message that waits stays in sight when its tab is loaded anew and another has taken over", async (t) => {
  const server = new Server();
  const [one, two] = [await tabOf("one"), await tabOf("two")];
  await one.outgoing.send(CHAT, "waits", null);
  await settled();
  assert.deepEqual(two.shown(), ["waits queued"]);

  await one.profile.close({ polite: false });
  server.isBack = true;
  await settled();
  assert.equal(two.profile.owns, true);
  const again = await tabOf("one");
  t.after(() => Promise.all([two, again].map(({ profile }) => profile.close({ polite: false }))));
  assert.equal(again.profile.owns, false);
  for (const tab of [two, again]) assert.deepEqual(tab.shown(), ["waits queued"]);
  assert.deepEqual(server.heard, ["waits"], "once, by who took over");
});

test("a message of a tab that follows goes on in whichever takes over", async (t) => {
  const server = new Server();
  const [one, two, three] = [await tabOf("one"), await tabOf("two"), await tabOf("three")];
  const file = { file: new File(["bytes"], "a.txt"), as_file: true };
  await three.outgoing.send(CHAT, "with a file", null, [file]);
  await three.outgoing.send(CHAT, "plain", null);
  await settled();
  const [row] = (await three.db.load()).rows;
  const { local_id } = row.files[0];
  assert.equal((await one.db.file(local_id))?.place, PLACE, "its upload has begun");

  await one.profile.close({ polite: false });
  server.isBack = true;
  await settled();
  t.after(() => Promise.all([two, three].map(({ profile }) => profile.close({ polite: false }))));
  assert.deepEqual([two.profile.owns, three.profile.owns], [true, false]);
  for (const tab of [two, three]) assert.deepEqual(tab.shown(), ["with a file queued", "plain queued"]);
  assert.equal((await three.db.load()).rows.length, 2, "kept where it was written");
  const given = await two.db.file(local_id);
  assert.deepEqual([await given?.bytes.text(), given?.place], ["bytes", PLACE], "which goes on where it was");
  assert.equal(server.begun, 1);
  two.db.keepFiles(new Map([[local_id, { bytes: new Blob(["bytes"]), place: "/api/uploads/older" }]]));
  assert.equal((await two.db.file(local_id))?.place, PLACE, "also where it is given once more");
});

test("what another tab wrote before this one was changed keeps its order", async (t) => {
  const server = new Server();
  const [one, two] = [await tabOf("one"), await tabOf("two")];
  await one.outgoing.send(CHAT, "first", null);
  await settled();
  const [echo] = two.model().echoes.lists.get(CHAT) ?? [];
  await two.outgoing.edit(CHAT, echo, "second");
  await settled();
  await one.profile.close({ polite: false });
  server.isBack = true;
  await settled();
  t.after(() => two.profile.close({ polite: false }));
  assert.equal(two.model().chats.get(CHAT)?.failed, 0);
  assert.equal(server.heard.length, 1);
});

test("the file of a message that was refused goes on with it where another tab tries that again", async (t) => {
  const server = new Server();
  server.isBack = true;
  server.refusal = { status: 507, body: { code: "quota_exceeded", status: 507, title: "Full" } };
  const [one, two] = [await tabOf("one"), await tabOf("two")];
  t.after(() => Promise.all([one, two].map(({ profile }) => profile.close({ polite: false }))));
  assert.deepEqual([one.profile.owns, two.profile.owns], [true, false]);
  await one.outgoing.send(CHAT, "look", null, [{ file: new File(["bytes"], "a.txt"), as_file: true }]);
  await settled();
  assert.deepEqual(two.shown(), ["look failed"]);

  server.refusal = null;
  const [{ cid }] = two.model().echoes.lists.get(CHAT) ?? [];
  await two.outgoing.retry(cid);
  await settled();
  assert.equal(server.begun, 1, "it is brought to the server");
  for (const tab of [one, two]) assert.deepEqual(tab.shown(), ["look queued"]);
});
