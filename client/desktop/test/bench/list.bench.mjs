/** A new profile with 1,000 chats on a slow link: how soon the first chats are seen, and when all are there. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { launchChromium, newPage, newProfile, noChromium } from "../harness/harness.js";
import { report, serverWithHistory } from "./measured.js";

const CHATS = 1_000;
const GOALS = { first: 5_000, all: 60_000 };
/** 400 kbit/s each way, 300 ms there and back. */
const SLOW = { offline: false, latency: 300, downloadThroughput: 50_000, uploadThroughput: 50_000 };

test("1,000 chats come over 400 kbit/s and 300 ms", { skip: noChromium(), timeout: 300_000 }, async () => {
  const { server, accounts } = await serverWithHistory({ messages: 1_000, groups: CHATS - 1 });
  const context = await newProfile(await launchChromium());
  const { page } = await newPage(context);
  await page.goto(server.url);
  await page.locator("input[autocomplete=username]").fill(accounts[0].username);
  await page.locator("input[autocomplete=current-password]").fill(accounts[0].password);
  const session = await context.newCDPSession(page);
  await session.send("Network.emulateNetworkConditions", SLOW);
  const began = Date.now();
  await page.keyboard.press("Enter");
  await page.locator("nav.side .row").first().waitFor({ timeout: 120_000 });
  const first = Date.now() - began;
  await page.waitForFunction(
    (count) => {
      const rows = document.querySelectorAll("nav.side .row");
      return rows.length === count || rows[0]?.parentElement?.getAttribute("aria-setsize") === String(count);
    },
    CHATS,
    { timeout: 200_000 },
  );
  const all = Date.now() - began;
  report(`from the log-in to the first chats (goal ${GOALS.first} ms)`, [first]);
  report(`and to all ${CHATS} (goal ${GOALS.all} ms)`, [all]);
  assert.ok(first <= GOALS.first && all <= GOALS.all, "above the goals");
});
