/** What was under way for a log-in that is over: all of it is answered, and none of it reaches the next one. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Tokens } from "../../renderer/link/tokens.js";
import { Api } from "../../renderer/link/api.js";
import { History } from "../../renderer/profile/history.js";
import { Vestnik } from "../../renderer/profile/vestnik.js";
import { emptyModel, emptyProfile, reduce } from "../../renderer/state/model.js";
import { memoryStore } from "../../renderer/store/memory.js";
import { URL, windowOf } from "./windows.js";
import { newPage, promised, settled } from "./page.js";
import { ME, ServerChat, person } from "./world.js";

const CHAT = 7;

test("a window that follows answers what it asked when the log-in is revoked", async () => {
  const never = promised();
  // a log-in whose session was ended on the server, which is told to who asks for this
  const told = ["/api/chats/7/messages", "/api/auth/refresh"];
  newPage(({ path }) => (told.includes(path) ? { status: 401, body: { code: "revoked" } } : never.promise));
  const busy = { ...memoryStore("one"), keepViews: () => /** @type {Promise<void>} */ (never.promise) };
  const [one, two] = [windowOf("one", { db: busy }), windowOf("two")];
  await one.profile.tokens.keep({ access_token: "old", refresh_token: "r" });
  one.profile.start();
  await settled();
  two.profile.start();
  await settled();
  assert.deepEqual([one.profile.owns, two.profile.owns], [true, false]);
  /** @type {any} */
  let answer = "none";
  void two.profile.api.get("/api/chats/7/messages").then((found) => (answer = found));
  await settled();
  assert.deepEqual([one.ended, two.ended], [["revoked"], ["revoked"]]);
  assert.equal(answer.ok, false);
});

test("a request that is refused after the end is answered, steals no lock, and ends no other log-in", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  try {
    const [reading, never] = [promised(), promised()];
    newPage(async ({ path }) => {
      await (path === "/api/late" ? reading : never).promise;
      return { status: 401, body: { code: "token_expired" } };
    });
    const old = windowOf("one");
    await old.profile.tokens.keep({ access_token: "old", refresh_token: "r" });
    /** @type {any} */
    let answer = "none";
    void old.profile.api.get("/api/late").then((found) => (answer = found));
    await settled();
    await old.profile.close({ polite: false });
    const next = windowOf("two");
    await next.profile.tokens.keep({ access_token: "next", refresh_token: "n" });
    next.profile.start();
    await settled();
    assert.equal(next.profile.owns, true);
    reading.resolve(null);
    await settled();
    assert.deepEqual(answer, { ok: false, code: "stopped" });
    assert.deepEqual(await old.profile.command({ do: "ping" }), { ok: false, code: "stopped" });
    for (let second = 0; second < 10; second += 1) {
      mock.timers.tick(1_000);
      await settled();
    }
    assert.equal(next.profile.owns, true, "its lock is its own");
    assert.deepEqual(old.ended, []);
    await next.profile.close({ polite: false });
  } finally {
    mock.timers.reset();
  }
});

test("the server is told of a sign-out before anything is erased, also where the page is closed at once", async () => {
  /** @type {any[]} */
  const asked = [];
  const never = promised();
  newPage(({ path, body, keepalive }) => {
    asked.push({ path, body, keepalive });
    return {};
  });
  const stuck = () => /** @type {Promise<any>} */ (never.promise);
  const platform = { deleteSecret: stuck, saveAccount: stuck };
  const secret = { load: async () => "r", save: async () => {}, isSpent: () => false, shared: true };
  const vestnik = new Vestnik(/** @type {any} */ (platform), {});
  const { profile } = windowOf("one", { secret, ended: () => void (vestnik.profile = null) });
  Object.assign(vestnik, { profile, db: { ...profile.parts.db, destroy: stuck } });
  void vestnik.logout({ discard: false });
  await settled();
  assert.deepEqual(asked, [{ path: "/api/auth/logout", body: { refresh_token: "r" }, keepalive: true }]);
  await profile.close({ polite: false });
});

test("a chat is opened as its own server tells of it, or not at all", async () => {
  const chat = new ServerChat(CHAT).chat();
  for (const [body, expected] of /** @type {[any, any][]} */ ([
    [chat, { ok: true }],
    [
      { ...chat, id: CHAT + 1 },
      { ok: false, code: "bad_answer" },
    ],
    [
      { ...chat, members: {} },
      { ok: false, code: "bad_answer" },
    ],
    ["<html>", { ok: false, code: "bad_answer" }],
  ])) {
    newPage(({ path }) => (path === `/api/chats/${CHAT}` ? { body } : { status: 404, body: { code: "not_found" } }));
    const vestnik = new Vestnik(/** @type {any} */ ({}), {});
    const { profile } = windowOf("one", { update: (updates) => vestnik.update(updates) });
    Object.assign(vestnik, { profile, db: profile.parts.db });
    await profile.tokens.keep({ access_token: "token", refresh_token: "r" });
    vestnik.update([
      { do: "set", values: { ...emptyProfile(), phase: "signed_in", me: /** @type {any} */ (person(ME)) } },
    ]);
    assert.deepEqual(await vestnik.openChat(CHAT, null), expected);
    assert.deepEqual([...vestnik.model.chats.keys()], expected.ok ? [CHAT] : []);
    await profile.close({ polite: false });
  }
});

test("an exchange that was under way when the user left keeps nothing", async () => {
  const exchanging = promised();
  newPage(async () => {
    await exchanging.promise;
    return { body: { access_token: "new", refresh_token: "new" } };
  });
  /** @type {string[]} */
  const saved = [];
  const secret = {
    load: async () => "old",
    save: async (/** @type {string} */ one) => void saved.push(one),
    isSpent: () => false,
    shared: true,
  };
  const tokens = new Tokens(new Api(URL), "name", secret, () => {});
  const renewed = tokens.renewed("");
  await settled();
  tokens.drop();
  exchanging.resolve(null);
  assert.deepEqual(await renewed, { ok: false, code: "stopped" });
  assert.deepEqual([saved, tokens.token()], [[], ""]);
});

test("a chat whose page is still asked for by the log-in before loads after the next one", async () => {
  const chat = new ServerChat(CHAT);
  chat.send(ME);
  const page = { items: chat.log, users: [], from_seq: 0, to_seq: 1, has_more: false, last_seq: 1 };
  /** @type {import("../../renderer/types.js").Update[]} */
  const listed = [
    { do: "set", values: { ...emptyProfile(), phase: "signed_in", me: /** @type {any} */ (person(ME)) } },
    { do: "chats", chats: [chat.chat()], users: [] },
  ];
  let model = reduce(emptyModel(), listed, 0);
  const never = promised();
  let api = { get: () => never.promise };
  const history = new History(
    () => model,
    (updates) => {
      model = reduce(model, updates, 0);
    },
    () => /** @type {any} */ ({ api, owns: false, command: async () => null }),
    () => null,
  );
  void history.open(CHAT);
  await settled();
  assert.equal(model.timelines.get(CHAT)?.loading, "older");

  history.forget();
  model = reduce(model, listed, 0);
  api = { get: async () => ({ ok: true, body: page }) };
  await history.open(CHAT);
  const shown = () => [model.timelines.get(CHAT)?.loading, model.timelines.get(CHAT)?.items.length];
  assert.deepEqual(shown(), [null, 1]);

  const other = { ...chat.log[0], content: "of who was here before" };
  never.resolve({ ok: true, body: { ...page, items: [other] } });
  await settled();
  assert.deepEqual(shown(), [null, 1]);
  const item = model.timelines.get(CHAT)?.items[0];
  assert.equal(item?.type === "message" && item.content, "text 1");
});
