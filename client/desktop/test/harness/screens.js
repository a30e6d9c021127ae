/** Pictures of what a test saw, for people to look at; and what axe says of a page. */

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const SCREENS = fileURLToPath(new URL("../screens/", import.meta.url));

/** Writes test/screens/NAME.png, where TEST_SCREENS asks for pictures. @param {import("playwright-core").Page} page @param {string} name */
export async function screenshot(page, name) {
  if (!process.env.TEST_SCREENS) return;
  mkdirSync(SCREENS, { recursive: true });
  await page.screenshot({ path: `${SCREENS}${name}.png`, animations: "disabled", caret: "hide" });
}

/**
 * What axe finds wrong with the page as it is, one line a node. @param {import("playwright-core").Page} page
 * @param {string[]} [rules] those of its rules that are asked; without them all
 * @returns {Promise<string[]>}
 */
export async function axe(page, rules) {
  if (!(await page.evaluate(() => "axe" in window))) {
    await page.evaluate(await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
  }
  const found = await page.evaluate((only) => {
    // with `preload` it writes styles into the page, which the page's policy forbids, and each attempt is complained of
    const options = { preload: false, resultTypes: ["violations"], ...(only && { runOnly: only }) };
    return /** @type {any} */ (window).axe.run(options);
  }, rules);
  return found.violations.flatMap((/** @type {any} */ violation) =>
    violation.nodes.map((/** @type {any} */ node) => `${violation.id}: ${node.html} (${node.failureSummary})`),
  );
}

/** @param {import("playwright-core").Page} page */
export async function assertAccessible(page) {
  assert.deepEqual(await axe(page), []);
}
