/** What must be survived: servers, pages and links that go away with messages on their way. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { becomes, eventually, launchChromium, noChromium, startServer, startWire } from "../harness/harness.js";
import { startMiddlebox } from "./middlebox.js";
import { anotherWindow, openWindow } from "./window.js";

const skip = noChromium();
const TEN = Array.from({ length: 10 }, (_, number) => `line ${number + 1}`);

/** Two people with a direct chat. @param {Record<string, string>} [env] of the server */
async function pair(env) {
  const [server, browser] = await Promise.all([startServer({ env }), launchChromium()]);
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  return { server, browser, anna, boris, chatId: await server.direct(anna, boris) };
}

/** @param {any[]} items */
const texts = (items) => items.filter(({ type }) => type === "message").map(({ content }) => content);

test("ten messages typed while the server is dead for a while arrive once and in order", { skip }, async () => {
  const { server, browser, anna, boris, chatId } = await pair();
  const patience = { backoff_first: 200, backoff_ceiling: 2_000 };
  const one = await (await openWindow(browser, server.url, patience)).logIn(anna);
  const two = await (await openWindow(browser, server.url, patience)).logIn(boris);
  await Promise.all([one.act("openChat", chatId), two.act("openChat", chatId)]);
  await one.act("send", chatId, "before", null);
  await two.until((seen) => seen.timeline?.texts.length === 1);
  await server.kill();
  await one.until((seen) => seen.link === "offline");
  for (const text of TEN) assert.deepEqual(await one.act("send", chatId, text, null), { ok: true });
  await one.until((seen) => seen.timeline?.echoes.length === 10);
  await sleep(5_000); // several attempts are in vain
  await server.start();
  const all = ["before", ...TEN];
  await one.until(
    (seen, expected) => JSON.stringify(seen.timeline?.texts) === expected && !seen.timeline?.echoes.length,
    JSON.stringify(all),
  );
  await two.until((seen, expected) => JSON.stringify(seen.timeline?.texts) === expected, JSON.stringify(all));
  assert.deepEqual(texts(await server.items(anna, chatId)), all);
  await one.until((seen) => seen.chats[0].others_delivered_seq === 11);
  await becomes(async () => (await two.seen()).arrivals, all);
  assert.deepEqual([...one.errors, ...two.errors], []);
});

test("a page that dies with unsent messages sends them when it is opened again", { skip }, async () => {
  const { server, browser, anna, boris, chatId } = await pair();
  const wire = await startWire(server);
  const one = await (await openWindow(browser, wire.url)).logIn(anna);
  await one.act("openChat", chatId);
  await wire.cut();
  await one.until((seen) => seen.link === "offline");
  for (const text of TEN) await one.act("send", chatId, text, null);
  await one.act("setDraft", chatId, "half a thought");
  // a crash, other than closing, takes the last moment of a draft with it
  await becomes(() => one.kept("drafts"), ["half a thought"]);
  const context = one.page.context();
  const session = await context.newCDPSession(one.page);
  await Promise.race([session.send("Page.crash").catch(() => {}), one.page.waitForEvent("crash")]);
  await one.page.close();

  await wire.restore();
  const again = await anotherWindow(context, wire.url);
  await again.until((seen) => seen.phase === "signed_in" && seen.chats[0]?.draft === "half a thought");
  await again.act("openChat", chatId);
  await again.until((seen, count) => seen.timeline?.texts.length === count && !seen.timeline?.echoes.length, 10);
  assert.deepEqual(texts(await server.items(boris, chatId)), TEN);
  assert.deepEqual(again.errors, []);
});

test("a link that is cut with messages on their way loses and doubles none", { skip }, async () => {
  const { server, browser, anna, chatId } = await pair();
  const wire = await startWire(server);
  const one = await (await openWindow(browser, wire.url, { backoff_first: 50 })).logIn(anna);
  await one.act("openChat", chatId);
  const sent = [];
  for (let round = 0; round < 12; round += 1) {
    for (let number = 0; number < 5; number += 1) {
      sent.push(`${round}.${number}`);
      await one.act("send", chatId, `${round}.${number}`, null);
    }
    wire.reset();
  }
  await one.until((seen, count) => seen.timeline?.texts.length === count && !seen.timeline?.echoes.length, sent.length);
  assert.deepEqual(texts(await server.items(anna, chatId)), sent);
  assert.deepEqual((await one.seen()).timeline?.texts, sent);
});

test(
  "after a long sleep with an expired token there is no log-in screen, and the newest is there at once",
  { skip },
  async () => {
    const { server, browser, anna, boris, chatId } = await pair({ VESTNIK_ACCESS_TOKEN_SECONDS: "30" });
    const wire = await startWire(server);
    // so long a pause that only waking ends it
    const one = await (
      await openWindow(browser, wire.url, { backoff_first: 600_000, backoff_ceiling: 600_000 })
    ).logIn(anna);
    await one.act("openChat", chatId);
    await wire.cut();
    await one.until((seen) => seen.link === "offline");
    await sleep(32_000); // the access token runs out
    const later = await server.login(boris);
    await server.send(later, chatId, "good morning");
    await wire.restore();
    await one.act("wake");
    await one.until((seen) => seen.timeline?.texts.at(-1) === "good morning");
    assert.equal((await one.seen()).phase, "signed_in");
  },
);

test(
  "where no WebSocket can be had HTTP carries on, with one copy of each message when it can again",
  { skip },
  async () => {
    const { server, browser, anna, boris, chatId } = await pair();
    const box = await startMiddlebox(server);
    box.sockets = "refused";
    const one = await openWindow(browser, String(box.url), { backoff_first: 50, backoff_ceiling: 2000 });
    await one.act("login", { login: "anna", password: anna.password, remember: true });
    await one.until((seen) => seen.link === "polling");
    await one.act("openChat", chatId);
    await server.send(boris, chatId, "by poll");
    await one.until((seen) => seen.timeline?.texts.at(-1) === "by poll" && seen.chats[0].unread === 1);
    await becomes(async () => (await one.seen()).arrivals, ["by poll"]);
    for (const text of TEN) await one.act("send", chatId, text, null);
    await one.until((seen) => seen.timeline?.texts.length === 11 && seen.timeline.echoes.length === 0);
    const stops = { path: `/api/chats/${chatId}/read`, stopped: 0 };
    box.stops = stops;
    await one.act("read", chatId, 1);
    await one.until((seen) => seen.chats[0].unread === 0);
    await eventually(() => stops.stopped > 0, "it was told");
    box.stops = null;
    const readSeq = async () => (await server.call(anna, "GET", `/api/chats/${chatId}`)).read_seq;
    await becomes(readSeq, 1, "what did not arrive is told again");
    box.sockets = "through";
    await one.act("send", chatId, "on both ways", null);
    await one.until((seen) => seen.link === "live");
    await one.act("send", chatId, "by link", null);
    await one.until((seen) => seen.timeline?.texts.at(-1) === "by link" && seen.timeline.echoes.length === 0);
    assert.deepEqual(texts(await server.items(anna, chatId)), ["by poll", ...TEN, "on both ways", "by link"]);
    await becomes(async () => (await one.seen()).timeline?.texts, ["by poll", ...TEN, "on both ways", "by link"]);
  },
);

test("a captive portal is no connection, not a crash and not the end of the log-in", { skip }, async () => {
  const { server, browser, anna, boris, chatId } = await pair();
  const box = await startMiddlebox(server);
  const one = await (await openWindow(browser, String(box.url), { backoff_ceiling: 500 })).logIn(anna);
  await one.until((seen) => seen.chats.length === 1);
  box.portal = true;
  box.http.closeAllConnections();
  await server.restart(); // its socket went through the box
  await one.until((seen) => seen.link === "offline");
  assert.deepEqual(await one.act("searchUsers", "bo"), { ok: false, code: "bad_answer" });
  await one.act("openChat", chatId);
  await one.act("send", chatId, "through the portal", null);
  await one.until((seen) => seen.timeline?.echoes.length === 1);
  assert.equal((await one.seen()).phase, "signed_in");
  box.portal = false;
  await one.until((seen) => seen.link === "live" && seen.timeline?.texts.at(-1) === "through the portal");
  assert.equal((await server.items(boris, chatId)).length, 1);
  assert.deepEqual(one.errors, []);
});

test(
  "a machine that slept looks for a new link at once, though nobody told it that the old one is gone",
  { skip },
  async () => {
    const { server, browser, anna, boris, chatId } = await pair();
    const box = await startMiddlebox(server);
    const one = await (await openWindow(browser, String(box.url), { quiet: 3_600_000 })).logIn(anna);
    await one.act("openChat", chatId);
    await one.until((seen) => seen.chats.length === 1);
    box.freezeSockets();
    await server.send(boris, chatId, "while you slept");
    await one.page.evaluate(() => {
      const { now } = Date;
      Date.now = () => now() + 8 * 3600 * 1000; // as the clock on the wall after a night
      /** @type {any} */ (globalThis).messenger.wake();
    });
    // without a word the silence of the old link would be noticed after an hour
    await one.until((seen) => seen.timeline?.texts.at(-1) === "while you slept");
  },
);

test("an exchange of tokens whose answer is lost is repeated, and the log-in goes on", { skip }, async () => {
  const { server, browser, anna, boris, chatId } = await pair();
  const box = await startMiddlebox(server);
  const one = await (await openWindow(browser, String(box.url), { backoff_ceiling: 300 })).logIn(anna);
  const context = one.page.context();
  await one.page.close();
  box.loseAnswerTo = "/api/auth/refresh";
  const again = await anotherWindow(context, String(box.url), { backoff_ceiling: 300 });
  await again.until((seen) => seen.link === "live");
  assert.equal(box.loseAnswerTo, null, "an answer was lost");
  await server.send(boris, chatId, "hello");
  await again.until((seen) => seen.chats[0]?.last === "hello");
  // and what it has now is good for one more start
  await again.page.close();
  const third = await anotherWindow(context, String(box.url));
  await third.until((seen) => seen.link === "live");
});
