/** What people who used other messengers reported, where no other test is the place for it. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  composer,
  launchChromium,
  logAtRest,
  messageRow,
  newPage,
  newProfile,
  noChromium,
  say,
  startServer,
  startWire,
  veraAndBoris,
} from "../harness/harness.js";

const skip = noChromium();
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
});

/** Vera behind a wire, in a chat with Boris. */
async function behindWire() {
  const wire = await startWire(server);
  const { vera, boris, chatId } = await veraAndBoris(browser, server, { url: wire.url });
  return { ...vera, boris, chatId, wire };
}

test("a message that is acknowledged and read stays the same element: it is read out once", { skip }, async () => {
  const { page, boris, chatId, wire, errors } = await behindWire();
  await logAtRest(page); // a log that is not there yet has no place for a message
  await wire.cut();
  await say(page, "Жду ответа");
  const row = messageRow(page, "Жду ответа");
  await row.getByText("В очереди").waitFor({ state: "attached" });
  const article = await row.getByRole("article").elementHandle();
  assert.ok(article);
  await article.focus();
  await wire.restore();
  await row.getByText("Отправлено").waitFor({ state: "attached" });
  await server.call(boris, "POST", `/api/chats/${chatId}/read`, {});
  await row.getByText("Прочитано").waitFor({ state: "attached" });
  assert.deepEqual(await article.evaluate((one) => [one.isConnected, one === document.activeElement]), [true, true]);
  assert.equal(await row.count(), 1);
  // what changes inside of it is no news, either
  assert.equal(await page.getByRole("log").getAttribute("aria-relevant"), "additions");
  assert.equal(await row.locator(".tick + .sr").getAttribute("aria-live"), "off");
  assertNoErrors({ name: "vera", errors });
});

test("Hebrew is written from right to left, with its point at the left", { skip }, async () => {
  const { page, errors } = await behindWire();
  const direction = () => composer(page).evaluate((area) => getComputedStyle(area).direction);
  await composer(page).fill("Привет 1.");
  assert.equal(await direction(), "ltr");
  await composer(page).fill("שלום 1.");
  assert.equal(await direction(), "rtl");
  await composer(page).press("Enter");
  const words = page.getByRole("article").filter({ hasText: "שלום" }).locator("p", { hasText: "שלום" });
  await becomes(() => words.evaluate((one) => getComputedStyle(one).unicodeBidi), "plaintext");
  const search = page.getByRole("searchbox").first();
  await search.fill("שלום");
  assert.equal(await search.evaluate((field) => getComputedStyle(field).direction), "rtl");
  assertNoErrors({ name: "vera", errors });
});

test("Ctrl+Z takes an emoji back, and what was typed stays", { skip }, async () => {
  const { page, errors } = await behindWire();
  await composer(page).focus();
  await page.keyboard.type("Ура ");
  await page.getByRole("button", { name: "Эмодзи", exact: true }).click();
  const picker = page.getByRole("dialog", { name: "Эмодзи" });
  await picker.locator("[data-cell]").first().waitFor();
  await page.keyboard.type("ракета");
  await page.keyboard.press("Enter");
  await becomes(() => composer(page).inputValue(), "Ура 🚀");
  await picker.waitFor({ state: "detached" });
  await composer(page).focus();
  await page.keyboard.press("Control+z");
  await becomes(() => composer(page).inputValue(), "Ура ");
  assertNoErrors({ name: "vera", errors });
});

test("whoever comes to the log-in can type at once", { skip }, async () => {
  const { page } = await newPage(await newProfile(browser));
  await page.goto(server.url);
  await becomes(() => page.evaluate(() => document.activeElement?.getAttribute("autocomplete")), "username");
});
