/** How long it takes from a click on a chat of 100,000 messages until its last message stands on the screen. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { chatRow, launchChromium, newPerson, noChromium, openChat } from "../harness/harness.js";
import { RUNS, median, report, serverWithHistory } from "./measured.js";

const LIMIT = 300;

/**
 * Milliseconds from the click until the frame after the one with the message in it.
 * @param {import("playwright-core").Page} page @param {number} chatId @param {number} seq
 */
async function timeToShow(page, chatId, seq) {
  await page.evaluate((wanted) => {
    const holder = /** @type {any} */ (window);
    holder.shown = new Promise((resolve) => {
      let began = 0;
      addEventListener("click", () => (began = performance.now()), { capture: true, once: true });
      const look = () => {
        const row = document.querySelector(`[role=log] li[data-seq="${wanted}"]`);
        const box = row?.getBoundingClientRect();
        const visible = began && box && box.height > 0 && box.top < innerHeight && box.bottom > 0;
        if (visible) requestAnimationFrame(() => resolve(performance.now() - began));
        else requestAnimationFrame(look);
      };
      look();
    });
  }, seq);
  await chatRow(page, chatId).click();
  return page.evaluate(() => /** @type {Promise<number>} */ (/** @type {any} */ (window).shown));
}

test("a chat of 100,000 messages opens within 300 ms", { skip: noChromium() }, async () => {
  const { server, accounts, chatId, lastSeq } = await serverWithHistory();
  const browser = await launchChromium();
  const [cold, warm] = [[], []].map(() => /** @type {number[]} */ ([]));
  for (let run = 0; run < RUNS; run++) {
    const { page, context } = await newPerson(browser, server, "anna", { account: accounts[0] });
    cold.push(await timeToShow(page, chatId, lastSeq));
    const others = page.locator(`nav.side [data-chat]:not([data-chat="${chatId}"])`); // those that stand above are drawn
    await openChat(page, Number(await others.nth(run).getAttribute("data-chat")));
    warm.push(await timeToShow(page, chatId, lastSeq));
    await context.close();
  }
  report("open a chat of 100,000 messages, never seen here", cold);
  report("open it again", warm);
  assert.ok(median(cold) <= LIMIT && median(warm) <= LIMIT, `above ${LIMIT} ms`);
});
