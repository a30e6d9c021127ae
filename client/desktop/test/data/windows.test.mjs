/** Several windows of one log-in: one has the link, the others are equal to it, and take over when it goes. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { becomes, eventually, launchChromium, newProfile, noChromium, startServer } from "../harness/harness.js";
import { anotherWindow, openWindow } from "./window.js";

const skip = noChromium();

/** Anna with two windows, and Boris who writes to her. @param {boolean} remember */
async function twoWindows(remember) {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chatId = await server.direct(anna, boris);
  const first = await (await openWindow(browser, server.url)).logIn(anna, { remember });
  await first.until((seen) => seen.chats.length === 1);
  const context = first.page.context();
  const second = await anotherWindow(context, server.url);
  await second.until((seen) => seen.phase === "signed_in" && seen.link === "live" && seen.chats.length === 1);
  return { server, browser, context, anna, boris, chatId, first, second };
}

/** What must be the same in all windows. @param {import("./window.js").DataWindow} window */
async function shown(window) {
  const { chats, unread, timeline, link } = await window.seen();
  return { chats, unread, link, texts: timeline?.texts, echoes: timeline?.echoes };
}

/** Until both show the same. @param {import("./window.js").DataWindow} one @param {import("./window.js").DataWindow} other */
function alike(one, other) {
  const both = async () => [await shown(one), await shown(other)];
  return eventually(async () => isDeepStrictEqual(await shown(one), await shown(other)), both);
}

/** How many WebSockets the server has. @param {import("../harness/server.js").Server} server */
async function links(server) {
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^vestnik_websocket_connections (\d+)/m.exec(metrics)?.[1]);
}

test("two windows are equal in all they show, and one link serves both", { skip }, async () => {
  const { server, boris, chatId, first, second } = await twoWindows(true);
  await Promise.all([first.act("openChat", chatId), second.act("openChat", chatId)]);
  for (const text of ["one", "two", "three"]) await server.send(boris, chatId, text);
  await second.until((seen) => seen.unread === 3 && seen.timeline?.texts.length === 3);
  await alike(first, second);
  await becomes(async () => (await first.seen()).arrivals, ["one", "two", "three"]);
  assert.deepEqual((await second.seen()).arrivals, [], "told in the window with the link alone");

  await second.act("read", chatId, 2);
  await first.until((seen) => seen.unread === 1);
  await second.until((seen) => seen.unread === 1);
  await first.act("read", chatId, 3);
  await second.until((seen) => seen.unread === 0);

  await second.act("send", chatId, "from the second", null);
  await first.until((seen) => seen.timeline?.texts.at(-1) === "from the second" && !seen.timeline.echoes.length);
  await second.act("setDraft", chatId, "draft");
  await first.until((seen) => seen.chats[0].draft === "draft");

  await server.kill();
  await second.until((seen) => seen.link === "offline");
  await second.act("send", chatId, "written offline", null);
  await first.until((seen) => seen.timeline?.echoes.length === 1 && seen.chats[0].queued === 1);
  await server.start();
  await first.until((seen) => seen.timeline?.texts.at(-1) === "written offline" && !seen.timeline.echoes.length);
  await second.until((seen) => seen.timeline?.texts.at(-1) === "written offline" && !seen.timeline.echoes.length);
  await alike(first, second);
  await becomes(() => links(server), 1);
});

test("when the window with the link is closed another takes over", { skip }, async () => {
  const { server, boris, chatId, first, second } = await twoWindows(true);
  await second.act("openChat", chatId);
  await first.page.close();
  await server.send(boris, chatId, "who hears?");
  await second.until((seen) => seen.timeline?.texts.at(-1) === "who hears?" && seen.link === "live");
  await becomes(async () => (await second.seen()).arrivals, ["who hears?"]);
  await second.act("send", chatId, "I do", null);
  await second.until((seen) => seen.timeline?.texts.at(-1) === "I do" && !seen.timeline.echoes.length);
});

test("tokens in memory alone outlive the window that had the link", { skip }, async () => {
  const { server, boris, context, chatId, first, second } = await twoWindows(false);
  await first.page.close();
  await server.send(boris, chatId, "still here?");
  await second.until((seen) => seen.chats[0].last === "still here?" && seen.link === "live");
  const third = await anotherWindow(context, server.url);
  await third.until((seen) => seen.phase === "signed_in" && seen.chats[0]?.last === "still here?");
  await second.page.close();
  await third.page.close();
  const fourth = await anotherWindow(context, server.url);
  assert.equal((await fourth.seen()).phase, "signed_out", "nothing was kept");
});

test(
  "a tab that is opened again after the others of its log-in went on and were closed asks for a log-in",
  { skip },
  async () => {
    const [server, browser] = await Promise.all([startServer(), launchChromium()]);
    const [anna, boris] = [await server.register("anna"), await server.register("boris")];
    const chatId = await server.direct(anna, boris);
    const context = await newProfile(browser);
    const first = await (await anotherWindow(context, server.url)).logIn(anna, { remember: false });
    const asleep = await first.page.evaluate(() => Object.entries(sessionStorage));
    assert.ok(asleep.length > 0);
    let [exchanged, stale] = [0, false];
    context.on("request", (request) => void (exchanged += request.url().endsWith("/api/auth/refresh") ? 1 : 0));
    await context.route(`**/api/chats/${chatId}`, (route) => {
      const refuse = stale;
      stale = false;
      return refuse ? route.fulfill({ status: 401, json: { code: "token_expired", status: 401 } }) : route.continue();
    });
    for (const times of [1, 2]) {
      stale = true;
      await first.act("loadMembers", chatId);
      await becomes(() => exchanged, times);
    }
    await first.page.close();
    await context.addInitScript((kept) => {
      for (const [name, value] of kept) sessionStorage.setItem(name, value);
    }, asleep);
    const again = await anotherWindow(context, server.url);
    const { phase, ended } = await again.seen();
    assert.deepEqual([phase, ended, exchanged], ["signed_out", "token_missing", 2]);
  },
);

test("a window that has much to do is waited for: the next one is signed in as well", { skip }, async () => {
  const { server, context, first, second } = await twoWindows(false);
  await second.page.close();
  // while it draws what is large, say: it answers nobody meanwhile
  await first.page.evaluate(() => {
    const busy = new BroadcastChannel("vestnik");
    busy.onmessage = () => {
      busy.onmessage = null;
      for (const end = Date.now() + 1_500; Date.now() < end;);
    };
    Object.assign(window, { busy });
  });
  const third = await anotherWindow(context, server.url);
  assert.equal((await third.seen()).phase, "signed_in");
});

test("when the window with the link hangs another takes over, and it follows when it is back", { skip }, async () => {
  const { server, boris, chatId, first, second } = await twoWindows(true);
  const session = await first.page.context().newCDPSession(first.page);
  await session.send("Debugger.enable");
  await session.send("Debugger.pause");
  void first.page.evaluate(() => 1).catch(() => {}); // something for it to stop at
  await second.act("openChat", chatId);
  await second.act("send", chatId, "is anybody there?", null);
  await second.until((seen) => seen.timeline?.texts.at(-1) === "is anybody there?" && !seen.timeline.echoes.length);
  await session.send("Debugger.resume");
  await server.send(boris, chatId, "yes");
  await first.until((seen) => seen.chats[0].last === "yes");
  await second.until((seen) => seen.chats[0].last === "yes");
  assert.equal((await server.items(boris, chatId)).length, 2);
  await becomes(async () => (await second.seen()).arrivals, ["yes"]);
  assert.deepEqual((await first.seen()).arrivals, []);
});

test("a message written while the window with the link hangs outlives both", { skip }, async () => {
  const { server, boris, context, chatId, first, second } = await twoWindows(true);
  const session = await context.newCDPSession(first.page);
  await session.send("Debugger.enable");
  await session.send("Debugger.pause");
  void first.page.evaluate(() => 1).catch(() => {});
  server.pause(); // else the second may have taken over, and sent it, before it is closed
  assert.deepEqual(await second.act("send", chatId, "nobody has sent it", null), { ok: true });
  await second.page.close();
  await first.page.close();
  server.resume();
  assert.equal((await server.items(boris, chatId)).length, 0);
  const third = await anotherWindow(context, server.url);
  await third.until((seen) => seen.chats[0]?.last === "nobody has sent it" && seen.chats[0].queued === 0);
  assert.equal((await server.items(boris, chatId)).length, 1);
});

test("logging out in one window logs the others out, and nothing is left", { skip }, async () => {
  const { server, anna, chatId, first, second, context } = await twoWindows(true);
  await server.kill();
  await first.until((seen) => seen.link === "offline");
  await first.act("send", chatId, "unsent", null);
  assert.deepEqual(await second.act("logout", { discard: false }), { ok: false, code: "unsent" });
  await server.start();
  await second.until((seen) => seen.link === "live" && seen.chats[0].queued === 0);
  assert.deepEqual(await second.act("logout", { discard: false }), { ok: true });
  for (const window of [first, second]) {
    await window.until((seen) => seen.phase === "signed_out" && seen.ended === null);
  }
  const left = () => second.page.evaluate(() => indexedDB.databases().then((all) => all.map(({ name }) => name)));
  await becomes(left, ["vestnik"]);
  const again = await anotherWindow(context, server.url);
  assert.equal((await again.seen()).phase, "signed_out");
  const another = await server.login(anna);
  const sessions = async () => (await server.call(another, "GET", "/api/auth/sessions")).sessions.length;
  await becomes(sessions, 2, "the registration's and this one: the window's own is gone");
});

test(
  "a session ended elsewhere shows the log-in screen with the reason and keeps what was not sent",
  { skip },
  async () => {
    const { server, anna, chatId, first, second } = await twoWindows(true);
    await server.kill();
    await first.until((seen) => seen.link === "offline");
    await first.act("send", chatId, "keep me", null);
    await server.start();
    const { sessions } = await server.call(anna, "GET", "/api/auth/sessions");
    for (const one of sessions.filter((/** @type {any} */ { current }) => !current)) {
      await server.call(anna, "DELETE", `/api/auth/sessions/${one.id}`);
    }
    for (const window of [first, second]) {
      await window.until((seen) => seen.phase === "signed_out" && seen.ended === "revoked");
    }
    await becomes(async () => (await first.kept("items")).length + (await first.kept("chats")).length, 0);
    await becomes(() => first.kept("users"), []);
    const sent = (await server.items(anna, chatId)).length;
    await second.logIn(anna);
    await second.act("openChat", chatId);
    await second.until((seen) => seen.timeline?.texts.at(-1) === "keep me" && !seen.timeline.echoes.length);
    assert.ok(sent <= 1);
    assert.equal((await server.items(anna, chatId)).length, 1);
  },
);

test("a log-in that only ran out keeps what is cached", { skip }, async () => {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chatId = await server.direct(anna, boris);
  await server.send(boris, chatId, "kept");
  const context = await newProfile(browser);
  const first = await (await anotherWindow(context, server.url)).logIn(anna);
  await first.act("openChat", chatId);
  await becomes(async () => (await first.kept("items")).length, 1);
  await becomes(async () => (await first.kept("chats")).length, 1);
  for (const path of ["refresh", "me"]) {
    await context.route(`**/api/auth/${path}`, (route) =>
      route.fulfill({ status: 401, json: { code: "token_invalid", status: 401 } }),
    );
  }
  await context.route("**/api/chats**", (route) =>
    route.fulfill({ status: 401, json: { code: "token_expired", status: 401 } }),
  );
  void first.act("loadMembers", chatId);
  await first.until((seen) => seen.phase === "signed_out" && seen.ended === "token_invalid");
  await becomes(async () => (await first.kept("items")).length, 1);
  assert.equal((await first.kept("chats")).length, 1, "the list is shown at once after the next log-in");
});

test("pages over plain HTTP, which have no locks, share a log-in all the same", { skip }, async () => {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chatId = await server.direct(anna, boris);
  const context = await newProfile(browser);
  await context.addInitScript(() => Object.defineProperty(navigator, "locks", { value: undefined }));
  const first = await (await anotherWindow(context, server.url)).logIn(anna);
  await first.until((seen) => seen.chats.length === 1);
  const second = await anotherWindow(context, server.url);
  await second.until((seen) => seen.link === "live" && seen.chats.length === 1);
  await second.act("send", chatId, "one link", null);
  await first.until((seen) => seen.chats[0].last === "one link" && seen.chats[0].queued === 0);
  await becomes(() => links(server), 1);
  await first.page.goto("about:blank");
  await server.send(boris, chatId, "the other has it now");
  await second.until((seen) => seen.chats[0].last === "the other has it now" && seen.link === "live");
  await becomes(() => links(server), 1);
});
