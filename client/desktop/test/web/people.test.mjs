/** People are found by what the screen shows, and nobody sees a chat in which nothing was written. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  chatRow,
  composer,
  drawn,
  launchChromium,
  newPerson,
  noChromium,
  openChat,
  say,
  startServer,
} from "../harness/harness.js";
import { look } from "./look.js";

const skip = noChromium();

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;
/** @type {import("../harness/browser.js").Person} */
let vera;
/** @type {Record<string, import("../harness/server.js").Account>} */
const others = {};
/** With Anna, whose address is a contact's. */
let chat = 0;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
  const people = {
    anna: { display_name: "Анна Ковалёва", email: "anna@example.org" },
    boris: { display_name: "Борис О\u2019Нил", email: "boris@example.org" },
    "timur.g": { display_name: "Тимур Гайнутдинов" },
  };
  for (const [name, more] of Object.entries(people)) others[name] = await server.register(name, more);
  vera = await newPerson(browser, server, "vera", { displayName: "Вера Соколова" });
  chat = await server.direct(vera.account, others.anna);
  await server.send(others.anna, chat, "Здравствуйте");
  await chatRow(vera.page, chat).waitFor();
});

const names = () => vera.page.getByRole("option").locator(".row__name").allTextContents();

test("whoever is looked for is found by any way of writing them", { skip }, async () => {
  const { page } = vera;
  const found = { anna: "Анна Ковалёва", boris: "Борис О\u2019Нил", timur: "Тимур Гайнутдинов" };
  await page.keyboard.press("Control+n");
  const box = page.getByRole("searchbox", { name: "Найти пользователя", exact: true });
  for (const [query, name] of [
    ["борис о'нил", found.boris],
    ["О\u2019Нил Борис", found.boris],
    ["@timur", found.timur],
    ["nbveh", found.timur],
    ["ещтш", null],
    ["gайнут", null],
    ["вал", found.anna], // inside a word, of those who are known here
    ["anna@example.org", found.anna],
    ["boris@example.org", null], // no contact of hers
  ]) {
    await box.fill(String(query));
    await becomes(names, name === null ? [] : [name], String(query));
    if (name === null) await page.getByText("Ничего не нашлось").waitFor();
  }
  await page.keyboard.press("Escape");
  assertNoErrors(vera);
});

test(
  "the switcher finds people without a chat; who is chosen sees nothing before the first words",
  { skip },
  async () => {
    const { page } = vera;
    const timur = await newPerson(browser, server, "timur.g", { account: others["timur.g"] });
    await timur.page.getByText("Чатов пока нет").waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("гайнут тимур");
    await becomes(names, ["Тимур Гайнутдинов"]);
    await look(page, "switcher-person");
    await page.keyboard.press("Enter");
    await page.locator(".topbar__title", { hasText: "Тимур" }).waitFor();
    const row = page.locator("nav.side .row", { hasText: "Тимур" });
    await row.waitFor();
    const { id } = (await server.call(others["timur.g"], "GET", "/api/chats")).chats[0];
    await server.call(others["timur.g"], "GET", `/api/chats/${id}`);

    await openChat(page, chat);
    await row.waitFor({ state: "detached" }); // left without a word
    await drawn(timur.page);
    await timur.page.getByText("Чатов пока нет").waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox").fill("@timur");
    await becomes(names, ["Тимур Гайнутдинов"]);
    await page.keyboard.press("Enter");
    await page.locator(".topbar__title", { hasText: "Тимур" }).waitFor();
    await say(page, "Привет, Тимур");
    await chatRow(timur.page, id).getByText("Привет, Тимур").waitFor();
    await openChat(page, chat);
    await row.waitFor();
    assertNoErrors(vera, timur);
    await timur.context.close();
  },
);

test("a hidden chat is found, says what it is, and is in the list again when it is opened", { skip }, async () => {
  const { page, account } = vera;
  const group = await server.group(account, "Маяк", others.boris);
  await chatRow(page, group).waitFor();
  await server.call(account, "PATCH", `/api/chats/${group}`, { hidden: true });
  await chatRow(page, group).waitFor({ state: "detached" });
  const search = page.getByRole("searchbox", { name: "Поиск", exact: true });
  await search.fill("vfzr");
  await chatRow(page, group).getByText("Скрыт").waitFor();
  await becomes(() => page.locator("nav.side mark").textContent(), "Маяк");
  await look(page, "search-hidden");
  await search.press("Enter");
  await composer(page).waitFor();
  await becomes(async () => (await server.call(account, "GET", `/api/chats/${group}`)).hidden, false);
  await becomes(() => chatRow(page, group).getByText("Скрыт").count(), 0);
  assert.equal(await search.inputValue(), "");
  assertNoErrors(vera);
});
