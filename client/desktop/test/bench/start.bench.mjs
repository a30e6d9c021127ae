/** How long the app takes from its start until the chat that was open last shows its last message. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { launchElectron, newUserData, noElectron, openChat, signIn } from "../harness/harness.js";
import { RUNS, median, report, serverWithHistory } from "./measured.js";

const LIMIT = 1500;

test("the app shows the last chat within 1.5 s of its start", { skip: noElectron() }, async () => {
  const { server, accounts, chatId, lastSeq } = await serverWithHistory({ messages: 20_000 });
  const userData = newUserData();
  const first = await launchElectron({ server, userData });
  await signIn(first.page, accounts[0], { remember: true });
  await openChat(first.page, chatId);
  await first.page.locator(`[role=log] li[data-seq="${lastSeq}"]`).waitFor();
  await first.app.close();
  const times = [];
  for (let run = 0; run < RUNS; run++) {
    const began = Date.now();
    const { app, page } = await launchElectron({ server, userData });
    await page.locator(`[role=log] li[data-seq="${lastSeq}"]`).waitFor();
    times.push(Date.now() - began);
    await app.close();
  }
  report("from the start of the program to the last chat", times);
  assert.ok(median(times) <= LIMIT, `above ${LIMIT} ms`);
});
