/** A message with large files while it is written to the disk: it is in some place all the time. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Outgoing } from "../../renderer/profile/outgoing.js";
import { Vestnik } from "../../renderer/profile/vestnik.js";
import { emptyModel, reduce } from "../../renderer/state/model.js";
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
  const db = {
    shared: true,
    noRoom: async () => null,
    addRow: async () => {
      const error = await written.promise;
      if (error) throw error;
    },
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
  const now = { profile };
  const outgoing = new Outgoing(() => model, () => now.profile, () => /** @type {any} */ (db)); // prettier-ignore
  return { outgoing, drafts, written, db, now, published };
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
      outgoing.leave(); // the page may go now
      await settled();
      assert.equal(drafts.get(CHAT), "look at this");
      outgoing.setDraft(CHAT, "and");
      assert.equal(drafts.get(CHAT), "look at this\nand");
      written.resolve(error);
      assert.equal((await sent).ok, error === null);
      await settled();
      assert.equal(drafts.get(CHAT), "and");
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
  const { outgoing, written, now, published } = writer();
  const sent = outgoing.send(CHAT, "mine", null, FILES);
  await settled();
  now.profile = { ...now.profile, command: () => assert.fail("it is sent by somebody else") };
  written.resolve(null);
  assert.deepEqual(await sent, { ok: false, code: "stopped" });
  assert.deepEqual(published, []);
});
