/** No window presents a refresh token that was exchanged before: the server takes that for a theft, and ends the log-in. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Api } from "../../renderer/link/api.js";
import { Tokens } from "../../renderer/link/tokens.js";
import { createPlatform } from "../../renderer/platform.js";
import { secretOf } from "../../renderer/profile/secret.js";
import { isNewest } from "../../renderer/store/newest.js";
import { newPage, settled, tabStorage } from "./page.js";
import { URL, windowOf } from "./windows.js";

const NAME = "vestnik http://server.example 1";

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
  mock.restoreAll();
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
  mock.restoreAll();
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
  mock.restoreAll();
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
  mock.restoreAll();
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
  assert.equal(written.length, 2);
  assert.ok(written.every((text) => !text.includes("R2") && !text.includes("server") && !text.includes(" 1")));
  assert.deepEqual([isNewest(NAME, "R2"), isNewest(NAME, "R1"), isNewest(`${NAME}2`, "R1")], [true, false, true]);
  mock.restoreAll();
});

test("of a log-in that is remembered there is a word where there was one, or its token could not be kept", async () => {
  exchanging();
  const { platform } = storeOf();
  const tokens = tokensOf(platform);
  await tokens.renewed("");
  assert.equal(isNewest(NAME, "another"), true, "the store has the newest");
  await tokensOf(tab("S1").platform, false).renewed("");
  assert.equal(isNewest(NAME, "R3"), true);
  assert.equal(isNewest(NAME, "R2"), false);
  await tokens.keep({ access_token: "a9", refresh_token: "R9" }); // of another log-in
  assert.deepEqual([isNewest(NAME, "R3"), isNewest(NAME, "R9")], [false, true]);
  mock.restoreAll();
});

test("a browser that lets pages keep nothing takes each token for the newest", async () => {
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
  mock.restoreAll();
});
