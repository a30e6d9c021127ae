/** One owner of a profile at a time, also where its disk refuses, or is slow. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Pauses } from "../../renderer/profile/pauses.js";
import { Owner } from "../../renderer/profile/owner.js";
import { memoryStore } from "../../renderer/store/memory.js";
import { newPage, promised, settled } from "./page.js";
import { windowOf } from "./windows.js";
import { ServerChat } from "./world.js";

/** Seconds pass. @param {number} seconds */
async function pass(seconds) {
  for (let second = 0; second < seconds; second += 1) {
    mock.timers.tick(1_000);
    await settled();
  }
}

/** Owners that run, by their windows' names. */
function counted() {
  /** @type {Map<Owner, string>} */
  const running = new Map();
  const { start, stop } = Owner.prototype;
  mock.method(
    Owner.prototype,
    "start",
    /** @this {Owner} */ function () {
      running.set(this, this.parts.db.name);
      start.call(this);
    },
  );
  mock.method(
    Owner.prototype,
    "stop",
    /** @this {Owner} @param {boolean} polite */ function (polite) {
      running.delete(this);
      return stop.call(this, polite);
    },
  );
  return () => [...running.values()];
}

/** A disk that may be full, or slow. @param {string} name */
function diskOf(name) {
  const disk = { full: false, slow: Promise.resolve() };
  const refuse = () => {
    if (disk.full) throw new DOMException("no room", "QuotaExceededError");
  };
  const db = memoryStore(name);
  return Object.assign(disk, {
    db: {
      ...db,
      own: async () => {
        await disk.slow;
        refuse();
      },
      save: async (/** @type {any} */ outputs) => {
        refuse();
        return db.save(outputs);
      },
    },
  });
}

/** @param {() => Promise<void>} work */
async function timed(work) {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  mock.method(console, "error", () => {});
  try {
    const never = promised();
    newPage(() => never.promise);
    await work();
  } finally {
    mock.timers.reset();
    mock.restoreAll();
  }
}

/** @param {ReturnType<typeof windowOf>} window */
async function begun({ profile }) {
  await profile.tokens.keep({ access_token: "token", refresh_token: "r" });
  profile.start();
  await settled();
}

test("a window whose disk is full for a while owns its profile once when there is room again", () =>
  timed(async () => {
    const running = counted();
    const disk = diskOf("one");
    disk.full = true;
    const one = windowOf("one", { db: disk.db });
    await begun(one);
    assert.equal(one.profile.owns, false);
    assert.equal(one.model().link.code, "not_saved");
    /** @type {any} */
    let answer = "none";
    void one.profile.command({ do: "ping" }).then((found) => (answer = found));
    await pass(10); // nobody answers: it takes nothing away from itself
    disk.full = false;
    await pass(5);
    assert.deepEqual([running(), answer], [["one"], null]);
    await one.profile.close({ polite: false });
    assert.deepEqual(running(), []);
  }));

test("a window that cannot save tries again less and less often, and at once when the user is back", () =>
  timed(async () => {
    let clock = 0;
    mock.method(performance, "now", () => clock);
    const disk = diskOf("one");
    const one = windowOf("one", { db: disk.db });
    let begins = 0;
    const { own } = disk.db;
    disk.db.own = async () => {
      begins += 1;
      await own();
    };
    /** How often it begins meanwhile. @param {number} seconds */
    const within = async (seconds) => {
      const before = begins;
      for (let second = 0; second < seconds; second += 1) {
        clock += 1_000;
        await pass(1);
      }
      return begins - before;
    };
    disk.full = true;
    await begun(one);
    assert.ok((await within(30)) <= 6);
    await within(120);
    assert.ok((await within(120)) <= 3, "once a minute, or a little more often");
    const { retry_at } = one.model().link;
    assert.ok(retry_at !== null && retry_at > Date.now(), "it is told when");
    const before = begins;
    void one.profile.command({ do: "wake" });
    await settled();
    assert.equal(begins, before + 1);
    disk.full = false;
    void one.profile.command({ do: "wake" });
    await settled();
    assert.equal(one.profile.owns, true);
    await within(40);
    disk.full = true;
    one.profile.parts.db.save = async () => {
      throw new DOMException("no room", "QuotaExceededError");
    };
    await within(40); // it finds out when it next has something to save
    assert.equal(one.profile.owns, false);
    await one.profile.close({ polite: false });
  }));

test("where some saves succeed, and the next does not, it waits longer all the same", () => {
  const pauses = new Pauses(() => 0.5);
  const waits = [0, 2_000, 5_000, 12_000].map((at) => {
    const wait = pauses.next(at, true);
    pauses.begun(at + wait);
    return wait;
  });
  assert.deepEqual(waits, [750, 1_500, 3_000, 6_000]);
  assert.equal(pauses.next(12_000 + 6_000 + 30_000, true), 750, "it went well for a while");
  for (let time = 0; time < 20; time += 1) pauses.next(60_000, false);
  assert.equal(pauses.next(60_000, false), 45_000);
});

test("a window that takes long to begin begins once", () =>
  timed(async () => {
    const running = counted();
    const disk = diskOf("one");
    const slow = promised();
    disk.slow = /** @type {Promise<any>} */ (slow.promise);
    const one = windowOf("one", { db: disk.db });
    await begun(one);
    void one.profile.command({ do: "ping" });
    await pass(10);
    slow.resolve(null);
    await pass(3);
    assert.deepEqual(running(), ["one"]);
    await one.profile.close({ polite: false });
    assert.deepEqual(running(), []);
  }));

test("a window whose disk refuses leaves the profile to one that takes it, and follows", () =>
  timed(async () => {
    const running = counted();
    const [full, good] = [diskOf("one"), diskOf("two")];
    full.full = true;
    const [one, two] = [windowOf("one", { db: full.db }), windowOf("two", { db: good.db })];
    await begun(one);
    await begun(two);
    void two.profile.command({ do: "ping" });
    await pass(10);
    assert.deepEqual([one.profile.owns, two.profile.owns], [false, true]);
    full.full = false;
    await pass(5);
    assert.deepEqual(running(), ["two"]);
    assert.equal(one.model().link.code, null, "it was told how the link is");
    await two.profile.close({ polite: false });
    await pass(3);
    assert.deepEqual(running(), ["one"], "and takes over when that goes");
    await one.profile.close({ polite: false });
  }));

test("a window that waits long for what it has another one do takes nothing away from it", () =>
  timed(async () => {
    const slow = promised();
    newPage(async ({ path }) => {
      await slow.promise;
      const body = { access_token: "another", refresh_token: "r2" };
      return path === "/api/auth/refresh" ? { body } : { status: 500 };
    });
    const running = counted();
    const [one, two] = [windowOf("one"), windowOf("two")];
    await begun(one);
    await begun(two);
    /** @type {any} */
    let answer = "none";
    void two.profile.command({ do: "renew", used: "token" }).then((found) => (answer = found));
    await pass(9);
    assert.deepEqual([running(), answer], [["one"], "none"]);
    slow.resolve(null);
    await pass(2);
    assert.deepEqual([running(), answer, two.profile.tokens.token()], [["one"], { ok: true }, "another"]);
    await two.profile.close({ polite: false });
    await one.profile.close({ polite: false });
  }));

test("a window that is closed while it takes over owns nothing", () =>
  timed(async () => {
    const running = counted();
    const disk = diskOf("one");
    const slow = promised();
    const db = { ...disk.db };
    db.load = async () => ({ ...(await disk.db.load()), cursors: [{ chat_id: 7, applied: 1 }] });
    db.items = async () => {
      await slow.promise;
      return [];
    };
    const one = windowOf("one", { db });
    one.profile.parts.update([{ do: "chats", chats: [new ServerChat().chat()], users: [] }]);
    await begun(one);
    await one.profile.close({ polite: false });
    slow.resolve(null);
    await settled();
    assert.deepEqual(running(), []);
  }));
