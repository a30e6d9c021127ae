/** No window presents a refresh token that was exchanged before: the server takes that for a theft, and ends the log-in. */

import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import { Api } from "../../renderer/link/api.js";
import { Tokens } from "../../renderer/link/tokens.js";
import { createPlatform } from "../../renderer/platform.js";
import { secretOf } from "../../renderer/profile/secret.js";
import { Vestnik } from "../../renderer/profile/vestnik.js";
import { isSpent, noteSpent } from "../../renderer/store/spent.js";
import { newPage, promised, settled, tabStorage } from "./page.js";
import { URL, windowOf } from "./windows.js";
import { ME, person } from "./world.js";

const NAME = "vestnik http://server.example 1";

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

/** A server that exchanges each token once. */
function exchanging() {
  /** @type {string[]} */
  const presented = [];
  newPage(({ path, body }) => {
    if (path !== "/api/auth/refresh") return { status: 404, body: { code: "not_found" } };
    presented.push(body.refresh_token);
    const number = presented.length + 1;
    return { body: { access_token: `a${number}`, refresh_token: `R${number}` } };
  });
  mock.method(console, "error", () => {});
  return presented;
}

/** A browser's store of secrets, whose disk may refuse. */
function storeOf() {
  const disk = { full: false, stuck: false, value: /** @type {string | null} */ ("R1") };
  /** @type {any} */
  const platform = {
    desktop: false,
    loadSecret: async () => disk.value,
    saveSecret: async (/** @type {string} */ _name, /** @type {string} */ value) => {
      if (disk.full && !disk.stuck) disk.value = null; // as platform.js does
      if (disk.full) return "memory";
      disk.value = value;
      return "file";
    },
  };
  return { disk, platform };
}

/** @param {any} platform @param {boolean} [remembered] */
function tokensOf(platform, remembered = true) {
  return new Tokens(
    new Api(URL),
    NAME,
    secretOf(platform, NAME, remembered, () => {}),
    () => {},
  );
}

test("a token that could not be saved is the one that is presented, not the one before", async () => {
  for (const stuck of [false, true]) {
    const presented = exchanging();
    const { disk, platform } = storeOf();
    const tokens = tokensOf(platform);
    Object.assign(disk, { full: true, stuck });
    assert.deepEqual(await tokens.renewed(""), { ok: true });
    assert.deepEqual(await tokens.renewed("a2"), { ok: true });
    disk.full = false;
    assert.deepEqual(await tokens.renewed("a3"), { ok: true });
    assert.deepEqual([presented, disk.value], [["R1", "R2", "R3"], "R4"]);
    mock.restoreAll();
  }
});

test("nor does the next start present it, where it could not even be deleted", async () => {
  const presented = exchanging();
  const { disk, platform } = storeOf();
  Object.assign(disk, { full: true, stuck: true });
  await tokensOf(platform).renewed("");
  const next = tokensOf(platform);
  assert.equal(await next.any(), false);
  assert.deepEqual(await next.renewed(""), { ok: false, code: "token_missing" });
  assert.deepEqual(presented, ["R1"]);
});

test("another window has what it was told, where the one with the link could not save it", async () => {
  const presented = exchanging();
  const { disk, platform } = storeOf();
  const [one, two] = [tokensOf(platform), tokensOf(platform)];
  Object.assign(disk, { full: true, stuck: true });
  await one.renewed("");
  two.take(one.give());
  disk.full = false;
  await two.renewed("a2");
  assert.deepEqual(await one.renewed("a2"), { ok: true }, "which finds what the other has saved");
  assert.deepEqual(presented, ["R1", "R2", "R3"]);
});

/** The browser's own platform, with a database that refuses. */
async function browser() {
  const secrets = { full: false, kept: new Map() };
  const requestOf = (/** @type {any} */ result) => ({ result, error: null });
  const store = {
    get: (/** @type {string} */ key) => requestOf(secrets.kept.get(key)),
    put: (/** @type {any} */ value, /** @type {string} */ key) => {
      if (secrets.full) throw new DOMException("no room", "QuotaExceededError");
      secrets.kept.set(key, value);
    },
    delete: (/** @type {string} */ key) => void secrets.kept.delete(key),
  };
  const database = {
    addEventListener: () => {},
    close: () => {},
    transaction: () => {
      /** @type {any} */
      const transaction = { objectStore: () => store, abort: () => (transaction.end = "onabort"), end: "oncomplete" };
      queueMicrotask(() => transaction[transaction.end]?.());
      return transaction;
    },
  };
  const indexedDB = {
    open: () => {
      /** @type {any} */
      const opening = { result: database };
      queueMicrotask(() => opening.onsuccess?.());
      return opening;
    },
  };
  Object.defineProperty(globalThis, "indexedDB", { value: indexedDB, configurable: true });
  return { secrets, platform: await createPlatform() };
}

test("a browser that cannot keep a token keeps none, rather than the one before", async () => {
  exchanging();
  const { secrets, platform } = await browser();
  assert.equal(await platform.saveSecret(NAME, "R1", true), "file");
  secrets.full = true;
  assert.equal(await platform.saveSecret(NAME, "R2", true), "memory");
  assert.equal(await platform.loadSecret(NAME), null);
  assert.equal(await platform.saveSecret(NAME, "R3", false), "memory");
  assert.equal(await platform.loadSecret(NAME), "R3");
  const setItem = () => {
    throw new DOMException("no room", "QuotaExceededError");
  };
  Object.assign(sessionStorage, { setItem });
  assert.equal(await platform.saveSecret(NAME, "R4", false), "memory");
  assert.equal(await platform.loadSecret(NAME), null);
});

/** A tab, with what it kept. @param {string | null} kept */
function tab(kept) {
  const mine = { kept };
  /** @type {any} */
  const platform = {
    desktop: false,
    loadSecret: async () => mine.kept,
    saveSecret: async (/** @type {string} */ _name, /** @type {string} */ value) => {
      mine.kept = value;
      return "memory";
    },
    deleteSecret: async () => void (mine.kept = null),
  };
  return { mine, platform, secret: secretOf(platform, NAME, false, () => {}) };
}

test("a tab that slept while the others of its log-in went on asks for a log-in, and ends it for nobody", async () => {
  const presented = exchanging();
  const [first, asleep] = [tab("R1"), tab("R1")];
  const one = windowOf("one", { secret: first.secret });
  for (const used of ["", "a2", "a3"]) assert.deepEqual(await one.profile.tokens.renewed(used), { ok: true });
  assert.deepEqual([presented, first.mine.kept], [["R1", "R2", "R3"], "R4"]);

  const other = windowOf("two", { secret: asleep.secret });
  assert.equal(await other.profile.tokens.any(), false);
  other.profile.start();
  await settled();
  assert.deepEqual([presented.length, other.ended, one.ended], [3, ["token_missing"], []]);
  assert.deepEqual(await one.profile.tokens.renewed("a4"), { ok: true }, "the others are as they were");
  await one.profile.close({ polite: false });
});

/** Seconds pass. @param {number} seconds */
async function pass(seconds) {
  for (let second = 0; second < seconds; second += 1) {
    mock.timers.tick(1_000);
    await settled();
  }
}

/** What comes to a window waits until it is let go, as where its page hangs. @param {ReturnType<typeof windowOf>} window */
function hanging({ profile }) {
  const { onmessage } = profile.channel;
  /** @type {MessageEvent[]} */
  const queue = [];
  profile.channel.onmessage = (event) => void queue.push(event);
  return async () => {
    profile.channel.onmessage = onmessage;
    for (const event of queue) {
      onmessage?.call(profile.channel, event);
      await settled(); // one after the other
    }
  };
}

test("a tab that hung answers with the token it had: that replaces no newer one", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  const presented = exchanging();
  const [first, second] = [tab("R1"), tab("R1")];
  const [one, two] = [windowOf("one", { secret: first.secret }), windowOf("two", { secret: second.secret })];
  const locks = /** @type {any} */ (navigator.locks);
  const { request } = locks;
  const awake = promised();
  for (const { profile } of [one, two]) {
    // that its lock was taken a page that hangs hears when it goes on, after what came before
    const late = async (/** @type {any} */ error) => awake.promise.then(() => Promise.reject(error));
    locks.request = (/** @type {any[]} */ ...how) => request.apply(locks, how).catch(late);
    if (profile === two.profile) locks.request = request;
    profile.tokens.take({ access: "a1", refresh: "R1" });
    profile.start();
    await settled();
  }
  assert.deepEqual([one.profile.owns, two.profile.owns], [true, false]);
  const goesOn = hanging(one);
  void two.profile.command({ do: "ping" });
  await pass(8);
  assert.equal(two.profile.owns, true, "it takes over");
  void two.profile.command({ do: "ping" });
  assert.deepEqual(await two.profile.tokens.renewed("a1"), { ok: true });
  await settled();
  const newer = { access: "a2", refresh: "R2" };
  assert.deepEqual([presented, two.profile.tokens.give(), second.mine.kept], [["R1"], newer, "R2"]);

  assert.equal(one.profile.owns, true, "it does not know");
  await goesOn();
  assert.deepEqual([two.profile.tokens.give(), second.mine.kept], [newer, "R2"]);
  awake.resolve(null);
  await settled();
  assert.deepEqual([one.profile.tokens.give(), first.mine.kept], [newer, "R2"], "and it has what the other got");
  assert.deepEqual(await two.profile.tokens.renewed("a2"), { ok: true });
  await settled();
  assert.deepEqual([presented, first.mine.kept, second.mine.kept, one.ended], [["R1", "R2"], "R3", "R3", []]);
  for (const { profile } of [one, two]) await profile.close({ polite: false });
});

test("what a tab that slept tells helps only who has nothing, and never brings back a token", async () => {
  const presented = exchanging();
  noteSpent("R1");
  const old = { access: "a1", refresh: "R1" };
  const [fresh, behind] = [tab(null), tab("R5")];
  const [one, two] = [fresh, behind].map(({ platform }) => tokensOf(platform, false));
  one.take(old);
  two.take(old);
  await settled();
  assert.deepEqual([one.give(), fresh.mine.kept], [{ access: "a1", refresh: null }, null]);
  two.take({ access: "a1", refresh: null });
  assert.deepEqual(await two.renewed("a1"), { ok: true });
  two.take(one.give());
  assert.deepEqual([presented, two.token(), behind.mine.kept], [["R5"], "a2", "R2"]);
});

test("which token another window exchanged is known where the browser keeps no word of it too", async () => {
  exchanging();
  localStorage.setItem = () => {
    throw new DOMException("no room", "QuotaExceededError");
  };
  const [first, second] = [tab("R1"), tab("R1")];
  const two = tokensOf(second.platform, false);
  const one = new Tokens(new Api(URL), NAME, first.secret, (tokens) => two.take(tokens));
  two.take({ access: "a1", refresh: "R1" });
  for (const used of ["", "a2"]) assert.deepEqual(await one.renewed(used), { ok: true });
  for (const refresh of ["R1", "R2"]) two.take({ access: "old", refresh });
  assert.deepEqual([two.give(), second.mine.kept], [{ access: "a3", refresh: "R3" }, "R3"]);
});

/** The browser opens a tab again. @param {string | null} kept in it, of a log-in that is not remembered */
function reopened(kept) {
  /** @type {any} */
  const platform = {
    ...tab(kept).platform,
    info: async () => ({ server: URL, server_fixed: true, keyring: false, version: "1", os: "", languages: [] }),
    loadSettings: async () => ({}),
    onWake: () => {},
    loadAccount: async () => ({ user: person(ME), remembered: false }),
    saveAccount: async () => {},
  };
  const vestnik = new Vestnik(platform, {});
  return { vestnik, started: vestnik.start() };
}

test("a tab whose token is used up waits for the one that has the newer, as long as for one that has much to do", async () => {
  for (const [kept, answersAfter, phase] of /** @type {const} */ ([
    ["R1", 2, "signed_in"],
    ["R1", 9, "signed_out"],
    [null, 2, "signed_out"],
  ])) {
    mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
    exchanging();
    noteSpent("R1");
    const other = windowOf("one", { secret: tab("R2").secret });
    other.profile.tokens.take({ access: "a2", refresh: "R2" });
    other.profile.start();
    await settled();
    const goesOn = hanging(other);
    const { vestnik, started } = reopened(kept);
    await settled();
    await pass(answersAfter);
    await goesOn();
    await pass(1);
    await started;
    assert.equal(vestnik.model.phase, phase, `${kept} after ${answersAfter} s`);
    assert.equal(vestnik.profile?.tokens.give().refresh, phase === "signed_in" ? "R2" : undefined);
    await vestnik.profile?.close({ polite: false });
    await other.profile.close({ polite: false });
    mock.timers.reset();
    mock.restoreAll();
  }
});

test("a tab whose token is used up asks for a log-in soon where no other is open", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  const presented = exchanging();
  noteSpent("R1");
  const { vestnik, started } = reopened("R1");
  await settled();
  await pass(1);
  assert.deepEqual([vestnik.model.phase, vestnik.model.ended, presented], ["signed_out", "token_missing", []]);
  await started;
});

test("what another tab tells is no news of the server, and what is kept for all tells of nobody", async () => {
  exchanging();
  const storage = /** @type {any} */ (localStorage);
  /** @type {string[]} */
  const written = [];
  const { setItem } = storage;
  storage.setItem = (/** @type {string} */ name, /** @type {string} */ value) => {
    written.push(name, value);
    setItem(name, value);
  };
  const here = tab(null);
  const tokens = tokensOf(here.platform, false);
  tokens.take({ access: "a", refresh: "R1" });
  await settled();
  assert.deepEqual([written, here.mine.kept], [[], "R1"]);
  await tokens.renewed("a");
  const [name, value] = written;
  assert.deepEqual([written.length, name], [2, "vestnik spent"], "whoever is logged in, and where");
  assert.match(value, /^[0-9a-z]{8,13}$/);
  assert.deepEqual([isSpent("R1"), isSpent("R2")], [true, false]);
});

test("another log-in of the same person in the same browser takes nothing from the first one", async () => {
  const presented = exchanging();
  const [first, second] = [tab("A1"), tab("B1")];
  const [one, two] = [tokensOf(first.platform, false), tokensOf(second.platform, false)];
  await one.renewed("");
  await two.renewed("");
  await tokensOf(storeOf().platform).keep({ access_token: "c", refresh_token: "C1" });
  assert.deepEqual([await one.any(), await tokensOf(first.platform, false).any()], [true, true]);
  assert.deepEqual(await tokensOf(first.platform, false).renewed(""), { ok: true });
  assert.deepEqual(await tokensOf(second.platform, false).renewed(""), { ok: true });
  assert.deepEqual(presented, ["A1", "B1", "R2", "R3"]);
});

test("of a log-in that is remembered there is a word of a token that may still be stored, and of no other", async () => {
  exchanging();
  const { disk, platform } = storeOf();
  const tokens = tokensOf(platform);
  await tokens.renewed("");
  assert.equal(localStorage.getItem("vestnik spent"), null, "the store has the new one");
  Object.assign(disk, { full: true, stuck: true });
  await tokens.renewed("a2");
  assert.deepEqual([disk.value, isSpent("R2"), isSpent("R3")], ["R2", true, false]);
  disk.full = false;
  await tokens.renewed("a3");
  assert.deepEqual([disk.value, await tokensOf(platform).usable()], ["R4", "R4"]);
  localStorage.removeItem("vestnik spent"); // a crash may lose it
  assert.equal(await tokensOf(platform).usable(), "R4");
});

test("what is kept has an end, and is read whatever stands there", () => {
  newPage(() => ({}));
  localStorage.setItem("vestnik spent", " {} ");
  const many = Array.from({ length: 1_100 }, (_, number) => `token ${number}`);
  for (const one of many) noteSpent(one);
  const spent = many.filter(isSpent);
  assert.deepEqual([spent.length, spent[0], spent.at(-1)], [1_000, "token 100", "token 1099"]);
  assert.equal(isSpent("another"), false);
});

test("a browser that lets pages keep nothing takes each token for good", async () => {
  const presented = exchanging();
  Object.defineProperty(globalThis, "localStorage", {
    configurable: true,
    get: () => {
      throw new DOMException("forbidden", "SecurityError");
    },
  });
  const tokens = tokensOf(tab("R1").platform, false);
  await tokens.renewed("");
  await tokens.renewed("a2");
  assert.deepEqual(presented, ["R1", "R2"]);
  const { disk, platform } = storeOf();
  Object.assign(disk, { full: true, stuck: true });
  const remembered = tokensOf(platform);
  await remembered.renewed("");
  await remembered.renewed("a4");
  assert.deepEqual(presented.slice(2), ["R1", "R4"], "but for what it has exchanged itself");
  Object.defineProperty(globalThis, "localStorage", { value: tabStorage(), configurable: true });
});
