/**
 * Waiting for what a test looks at. A page draws a frame after what was done to it, a server stores a moment after it was
 * asked, a window system moves a window when it likes: what is read once may be read too early. So it is read until it is
 * as it should be, with a bound.
 */

import assert from "node:assert/strict";
import { STEP_TIMEOUT } from "./browser.js";

const PAUSE = 25;

/**
 * Read until it is what is expected; else fail as the last comparison did.
 * @param {() => unknown} read may be async @param {unknown} expected a value, compared deeply, or a RegExp for a text
 * @param {string} [message] why it should be so
 */
export async function becomes(read, expected, message) {
  for (const end = Date.now() + STEP_TIMEOUT; ;) {
    const found = await read();
    try {
      if (expected instanceof RegExp) assert.match(String(found), expected, message);
      else assert.deepEqual(found, expected, message);
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await pause();
  }
}

/**
 * Ask until it holds.
 * @param {() => unknown} holds may be async @param {string | (() => unknown)} what should have happened, or what to show
 *   instead (may be async)
 */
export async function eventually(holds, what) {
  for (const end = Date.now() + STEP_TIMEOUT; ;) {
    if (await holds()) return;
    if (Date.now() > end) {
      const said = typeof what === "string" ? what : JSON.stringify(await what());
      throw new Error(`did not happen: ${said}`);
    }
    await pause();
  }
}

/**
 * Returns when all that was done to the page so far is drawn. For what must not have happened: there is nothing to wait
 * for, but it is not asked before it could have been seen. @param {import("playwright-core").Page} page
 */
export const drawn = (page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null)))));

/**
 * Returns when nothing on the page moves any more. Frames are asked for one by one: where nobody asks, Chromium may draw
 * none after a change of its size, and what should move stands. @param {import("playwright-core").Page} page
 */
export const still = (page) =>
  page.evaluate(async (patience) => {
    const moving = () =>
      document
        .getAnimations()
        .filter(({ effect, playState }) => playState === "running" && effect?.getTiming().iterations !== Infinity);
    const end = performance.now() + patience;
    do await new Promise(requestAnimationFrame);
    while (moving().length > 0 && performance.now() < end);
    if (moving().length > 0) throw new Error(`${moving().length} animations go on`);
  }, STEP_TIMEOUT);

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE));
