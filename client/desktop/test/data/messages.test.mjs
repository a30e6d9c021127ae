/** The data layer against the real server: logging in, history, sending, receiving. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { becomes, launchChromium, noChromium, startServer } from "../harness/harness.js";
import { openWindow } from "./window.js";

const skip = noChromium();

test("log in, open a chat with history, send and receive", { skip }, async () => {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chatId = await server.direct(anna, boris);
  for (let number = 1; number <= 120; number += 1) await server.send(boris, chatId, `old ${number}`);

  const one = await openWindow(browser, server.url);
  assert.equal((await one.seen()).phase, "signed_out");
  await one.logIn(anna);
  await one.until((seen) => seen.chats.length === 1 && seen.chats[0].unread === 120);
  await one.act("openChat", chatId);
  await one.until((seen) => seen.timeline?.loading === null);
  const { timeline } = await one.seen();
  assert.equal(timeline?.texts.at(-1), "old 120");
  assert.equal(timeline?.at_end, true);
  assert.deepEqual(await one.act("send", chatId, "hello", null), { ok: true });
  await one.until((seen) => seen.timeline?.texts.at(-1) === "hello" && seen.timeline.echoes.length === 0);

  const two = await openWindow(browser, server.url);
  await two.logIn(boris);
  await two.until((seen) => seen.chats[0]?.last === "hello");
  await two.act("send", chatId, "and to you", null);
  await one.until((seen) => seen.timeline?.texts.at(-1) === "and to you");
  await becomes(async () => (await one.seen()).arrivals, ["and to you"]);
  assert.deepEqual([...one.errors, ...two.errors], []);
});
