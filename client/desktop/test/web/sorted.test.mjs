/** Lists that are sorted anew under whoever moves in them by keys. */

import { before, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  chatRow,
  launchChromium,
  newPerson,
  noChromium,
  openChat,
  startServer,
  twoPeople,
} from "../harness/harness.js";

const skip = noChromium();

/** @typedef {import("playwright-core").Page} Page */
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
});

/** The chats as they stand. @param {Page} page @returns {Promise<number[]>} */
const order = (page) =>
  page
    .locator(".side__list .row")
    .evaluateAll((rows) => rows.map((row) => Number(/** @type {HTMLElement} */ (row).dataset.chat)));
/** The chat whose row has the focus. @param {Page} page */
const focusedChat = (page) =>
  page.evaluate(() => Number(/** @type {HTMLElement} */ (document.activeElement)?.dataset.chat));
/** The member who has it. @param {Page} page */
const focusedMember = (page) => page.evaluate(() => document.activeElement?.getAttribute("data-rove"));

test("the focus goes with its row", { skip }, async () => {
  const { vera: account, boris, chatId } = await twoPeople(server);
  const groups = [];
  for (const title of ["Маяк", "Поход", "Архив"]) groups.push(await server.group(account, title, boris));
  const [lowest, middle, highest] = groups;
  await server.send(boris, chatId, "Здравствуйте");
  const vera = await newPerson(browser, server, account.username, { account });
  const { page } = vera;
  await openChat(page, chatId);
  await becomes(() => order(page), [chatId, highest, middle, lowest]);
  await chatRow(page, chatId).focus();
  for (const id of [highest, middle, lowest]) {
    await page.keyboard.press("ArrowDown");
    await becomes(() => focusedChat(page), id);
  }
  await server.send(boris, lowest, "вверх");
  await becomes(() => order(page), [lowest, chatId, highest, middle]);
  await becomes(() => focusedChat(page), lowest);
  await page.keyboard.press("ArrowDown");
  await becomes(() => focusedChat(page), chatId);
  await server.send(boris, middle, "ещё выше");
  await becomes(() => order(page), [middle, lowest, chatId, highest]);
  await becomes(() => focusedChat(page), chatId);
  assertNoErrors(vera);
});

test("in the list of members too", { skip }, async () => {
  const { vera: account, boris } = await twoPeople(server);
  const others = [];
  for (const [username, name] of Object.entries({ anna: "Анна", gleb: "Глеб", jakov: "Яков" })) {
    others.push(await server.register(username, { display_name: name }));
  }
  const group = await server.group(account, "Маяк", boris, ...others);
  const vera = await newPerson(browser, server, account.username, { account });
  const { page } = vera;
  await openChat(page, group);
  await page.getByRole("button", { name: "Меню чата" }).click();
  await page.getByRole("menuitem", { name: "О группе" }).click();
  const names = () => page.locator("[data-rove]").evaluateAll((all) => all.map((one) => one.getAttribute("data-rove")));
  await becomes(names, ["Вера Соколова", "Анна", "Борис Лебедев", "Глеб", "Яков"]);
  await page.locator("[data-rove=Яков]").focus();
  await server.call(others[2], "PATCH", "/api/auth/me", { display_name: "Аарон" });
  await becomes(names, ["Вера Соколова", "Аарон", "Анна", "Борис Лебедев", "Глеб"]);
  await becomes(() => focusedMember(page), "Аарон");
  await page.keyboard.press("ArrowDown");
  await becomes(() => focusedMember(page), "Анна");
  assertNoErrors(vera);
});
