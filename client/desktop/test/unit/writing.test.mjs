/** A message with large files while it is written to the disk: it is in some place all the time. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { NOTHING, echoOf, newRow } from "../../renderer/protocol/commands.js";
import { Outgoing } from "../../renderer/profile/outgoing.js";
import { Vestnik } from "../../renderer/profile/vestnik.js";
import { emptyModel, emptyProfile, reduce } from "../../renderer/state/model.js";
import { memoryStore } from "../../renderer/store/memory.js";
import { newPage, promised, settled } from "./page.js";
import { ME, ServerChat, person } from "./world.js";

const CHAT = 7;
const FILES = [{ file: new File(["bytes"], "a.bin"), as_file: true }];

/** A user with a slow disk. */
function writer() {
  newPage(() => promised().promise);
  /** @type {import("../../renderer/types.js").Update[]} */
  const begun = [
    { do: "set", values: { me: /** @type {any} */ (person(ME)), phase: "signed_in" } },
    { do: "chats", chats: [new ServerChat(CHAT).chat()], users: [] },
  ];
  let model = reduce(emptyModel(), begun, 0);
  /** @type {Map<number, string>} */
  const drafts = new Map();
  const written = /** @type {ReturnType<typeof promised<Error | null>>} */ (promised());
  /** @type {unknown[]} */
  const rows = [];
  const log = /** @type {string[]} */ ([]);
  const db = {
    shared: true,
    noRoom: async () => /** @type {string | null} */ (null),
    addRow: async (/** @type {unknown} */ row) => {
      const error = await written.promise;
      if (error) throw error;
      rows.push(row);
      return true;
    },
    close: async () => void log.push("closed"),
    keepViews: async (/** @type {any} */ kept) =>
      kept.drafts?.forEach((/** @type {string} */ text, /** @type {number} */ id) => drafts.set(id, text)),
  };
  /** @type {any[]} */
  const published = [];
  /** @type {any} */
  const profile = {
    publish(/** @type {any[]} */ updates) {
      published.push(...updates);
      model = reduce(model, updates, 0);
    },
    command: async () => null,
  };
  const now = { profile, db: /** @type {any} */ (db) };
  const outgoing = new Outgoing(() => model, () => now.profile, () => now.db); // prettier-ignore
  /** The log-in is over, and somebody else's begins. @param {any} next what theirs is kept in */
  const ends = (next) => {
    outgoing.drafts.flush(); // as at the end of each
    now.db = next;
    now.profile = { ...profile, command: () => assert.fail("it is sent by somebody else") };
    model = reduce(model, [{ do: "set", values: emptyProfile() }], 0);
  };
  return { outgoing, drafts, written, db, now, published, profile, rows, log, ends };
}

test("the text is the draft on this machine until the message is there", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    for (const error of [null, new Error("no room")]) {
      const { outgoing, drafts, written } = writer();
      outgoing.setDraft(CHAT, ""); // as the composer does first
      const sent = outgoing.send(CHAT, "look at this", null, FILES);
      await settled();
      mock.timers.tick(1_000);
      outgoing.drafts.leave(); // the page may go now
      await settled();
      assert.equal(drafts.get(CHAT), "look at this");
      outgoing.setDraft(CHAT, "and");
      assert.equal(drafts.get(CHAT), "look at this\nand");
      written.resolve(error);
      assert.equal((await sent).ok, error === null);
      await settled();
      assert.equal(drafts.get(CHAT), error === null ? "and" : "look at this\nand", "until the composer has it back");
    }
  } finally {
    mock.timers.reset();
  }
});

test("who signs out meanwhile is asked", async () => {
  const { outgoing, written, db, now } = writer();
  const vestnik = new Vestnik(/** @type {any} */ ({}), {});
  Object.assign(vestnik, { outgoing, db, profile: now.profile });
  const sent = outgoing.send(CHAT, "large", null, FILES);
  await settled();
  assert.deepEqual(await vestnik.logout({ discard: false }), { ok: false, code: "unsent" });
  written.resolve(null);
  await sent;
  assert.equal(outgoing.busy, false);
});

test("what is written only when somebody else is signed in is not theirs", async () => {
  const { outgoing, written, published, db, ends, rows } = writer();
  const sent = outgoing.send(CHAT, "mine", null, FILES);
  await settled();
  ends({ ...db, keepViews: () => assert.fail("a draft of somebody else") });
  written.resolve(null);
  assert.deepEqual(await sent, { ok: false, code: "stopped" });
  assert.deepEqual([published, rows.length], [[], 1]);
});

test("a log-in that runs out leaves a message in one place", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    for (const error of [null, new Error("no room")]) {
      const { outgoing, drafts, written, ends, log, rows } = writer();
      const sent = outgoing.send(CHAT, "look at this", null, FILES);
      await settled();
      outgoing.setDraft(CHAT, "and");
      ends(null);
      assert.equal(drafts.get(CHAT), "look at this\nand");
      written.resolve(error);
      assert.equal((await sent).ok, false);
      await settled();
      assert.deepEqual([rows.length, drafts.get(CHAT)], error === null ? [1, "and"] : [0, "look at this\nand"]);
      assert.deepEqual(log, error === null ? ["closed"] : []);
    }
  } finally {
    mock.timers.reset();
  }
});

test("a refused message that is put again twice is one message", async () => {
  const { outgoing, written, published, profile, rows } = writer();
  const row = newRow({ ...NOTHING, chat_id: CHAT, content: "again" }, true, 0, new Uint8Array(10));
  profile.publish([{ do: "echo", echo: { ...echoOf(row), state: "failed", code: "forbidden" } }]);
  const clicks = [outgoing.retry(row.cid), outgoing.retry(row.cid)];
  await settled();
  written.resolve(null);
  await Promise.all(clicks);
  assert.equal(rows.length, 1);
  assert.deepEqual(published.map((update) => update.do).slice(1), ["discarded", "echo"]);
});

test("a refused message that another window put again is not put again, and leaves the sight", async () => {
  const { outgoing, db, published, profile } = writer();
  const row = newRow({ ...NOTHING, chat_id: CHAT, content: "again" }, true, 0, new Uint8Array(10));
  const echo = { ...echoOf(row), state: /** @type {const} */ ("failed"), code: "forbidden" };
  profile.publish([{ do: "echo", echo }]);
  db.addRow = async () => false;
  assert.deepEqual(await outgoing.edit(CHAT, echo, "changed"), { ok: false, code: "not_found" });
  assert.deepEqual(published.map((update) => update.do).slice(1), ["discarded"]);
});

test("where the log-in ends before anything is written, it is a draft and nobody else's message", async () => {
  const { outgoing, drafts, db, ends, rows, written } = writer();
  const asked = /** @type {ReturnType<typeof promised<null>>} */ (promised());
  db.noRoom = () => asked.promise;
  const sent = outgoing.send(CHAT, "mine", null, FILES);
  await settled();
  ends({ ...db, keepViews: () => assert.fail("a draft of somebody else") });
  written.resolve(null);
  asked.resolve(null);
  assert.deepEqual(await sent, { ok: false, code: "stopped" });
  assert.deepEqual([rows, drafts.get(CHAT)], [[], "mine"]);
});

test("nothing is kept of a log-in that was forgotten, however late it comes", async () => {
  const store = memoryStore("forgotten");
  await store.keepViews({ drafts: new Map([[CHAT, "mine"]]) });
  await store.destroy();
  await store.keepViews({ drafts: new Map([[CHAT, "late"]]) });
  assert.deepEqual((await memoryStore("forgotten").load()).drafts, new Map());
});

test("of several chats one is closed: the copies go to none of them, so that nothing goes out twice", async () => {
  const { outgoing, profile, rows, written } = writer();
  const closed = { ...new ServerChat(CHAT + 1).chat(), writers: "none" };
  profile.publish([{ do: "chats", chats: [closed], users: [] }]);
  const server = new ServerChat(9);
  const message = server.item(server.send(2));
  written.resolve(null);
  assert.deepEqual(await outgoing.forward([CHAT, CHAT + 1], [message]), { ok: false, code: "peer_deleted" });
  assert.deepEqual(rows, []);
  assert.deepEqual([await outgoing.forward([CHAT], [message]), rows.length], [{ ok: true }, 1]);
});
