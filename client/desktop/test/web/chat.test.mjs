/** A chat between people: writing, delivery, answering, links and code, in the words and names that are promised. */

import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  composer,
  eventually,
  launchChromium,
  messageRow,
  newPerson,
  noChromium,
  openChat,
  say,
  startServer,
} from "../harness/harness.js";
import { look } from "./look.js";

const skip = noChromium();
let serial = 0;

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;
/** @type {import("../harness/browser.js").Person} */
let anna;
/** @type {import("../harness/server.js").Account} */
let boris;
let chat = 0;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
});

beforeEach(async () => {
  if (skip) return;
  serial += 1;
  boris = await server.register(`boris${serial}`, { display_name: "Борис Лебедев" });
  anna = await newPerson(browser, server, `anna${serial}`, { displayName: "Анна Ковалёва" });
  chat = await server.direct(anna.account, boris);
  await server.send(boris, chat, "Привет");
  await openChat(anna.page, chat);
});

/** @param {import("playwright-core").Page} page */
const log = (page) => page.getByRole("log", { name: "Сообщения", exact: true });
/** @param {import("playwright-core").Page} page @param {string} text @param {string} state */
const delivered = (page, text, state) =>
  log(page).getByRole("article").filter({ hasText: text }).filter({ hasText: state }).waitFor();
const borisHere = () => newPerson(browser, server, boris.username, { account: boris });

test("a message is sent, delivered and read, and says so in words", { skip }, async () => {
  const { page } = anna;
  await page.getByRole("textbox", { name: "Сообщение", exact: true }).fill("Как дела?");
  await page.getByRole("button", { name: "Отправить", exact: true }).click();
  await delivered(page, "Как дела?", "Отправлено");
  await becomes(() => composer(page).inputValue(), "");
  const other = await borisHere();
  await delivered(page, "Как дела?", "Доставлено");
  await openChat(other.page, chat);
  await delivered(page, "Как дела?", "Прочитано");
  await say(other.page, "Хорошо");
  await messageRow(page, "Хорошо").waitFor();
  // what a screen reader says of a message: who, what, when, and how far it has come
  const named = log(page).getByRole("article", { name: /^Вы, Как дела\?, \d\d:\d\d, Прочитано$/u });
  await named.waitFor();
  await log(page)
    .getByRole("article", { name: /^Борис Лебедев, Хорошо, \d\d:\d\d$/u })
    .waitFor();
  assert.equal(await log(page).getAttribute("aria-relevant"), "additions", "a tick that changes is no news");
  await look(page, "chat-direct");
  assertNoErrors(anna, other);
  await other.context.close();
});

test(
  "Enter sends, Shift+Enter breaks the line, an empty one is not sent; Ctrl+Enter where one wishes it",
  { skip },
  async () => {
    const { page } = anna;
    await composer(page).press("Enter");
    await composer(page).fill("  \n ");
    await composer(page).press("Enter");
    await composer(page).fill("");
    await page.keyboard.type("раз");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("два");
    await page.keyboard.press("Enter");
    await delivered(page, "раз\nдва", "Отправлено");
    const items = await server.items(anna.account, chat);
    assert.deepEqual(
      items.map((item) => item.content),
      ["Привет", "раз\nдва"],
    );
  },
);

test("while an input method composes, Enter is its own", { skip }, async () => {
  const { page } = anna;
  await composer(page).focus();
  const client = await page.context().newCDPSession(page);
  await client.send("Input.imeSetComposition", { text: "にほん", selectionStart: 3, selectionEnd: 3 });
  await composer(page).dispatchEvent("keydown", { key: "Enter", code: "Enter", keyCode: 229, isComposing: true });
  await client.send("Input.insertText", { text: "日本" });
  await becomes(() => composer(page).inputValue(), "日本");
  await composer(page).press("Enter");
  await delivered(page, "日本", "Отправлено");
  assert.equal((await server.items(anna.account, chat)).length, 2);
});

test("a draft stays with its chat, and is told in the list", { skip }, async () => {
  const { page } = anna;
  const timur = await server.register(`timur${serial}`, { display_name: "Тимур" });
  const other = await server.direct(anna.account, timur);
  await server.send(timur, other, "Я тоже тут");
  await composer(page).fill("недописанное");
  await openChat(page, other);
  await becomes(() => composer(page).inputValue(), "");
  await page.locator(`[data-chat="${chat}"]`).getByText("Черновик:").waitFor();
  await look(page, "list-draft");
  const size = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 640 });
  await page.getByRole("button", { name: "К списку чатов" }).click();
  await look(page, "list-draft-360");
  if (size) await page.setViewportSize(size);
  await openChat(page, chat);
  await becomes(() => composer(page).inputValue(), "недописанное");
  await composer(page).press("Enter");
  await delivered(page, "недописанное", "Отправлено");
});

test("an answer quotes its message, and the quote leads back to it", { skip }, async () => {
  const { page } = anna;
  for (let n = 1; n <= 60; n += 1) await server.send(boris, chat, `строка ${n}`);
  await messageRow(page, "строка 60").waitFor();
  await page.keyboard.press("Escape");
  const last = log(page).getByRole("article").filter({ hasText: "строка 60" });
  await last.hover();
  await last.getByRole("button", { name: "Ответить", exact: true }).click();
  await page.locator(".strip").getByText("Борис Лебедев").waitFor();
  await look(page, "chat-reply");
  await page.keyboard.press("Escape");
  await page.locator(".strip").waitFor({ state: "detached" });

  await server.send(boris, chat, "это к началу", { reply_to: 2 });
  const answer = log(page).getByRole("article").filter({ hasText: "это к началу" });
  const marked = page.locator('.is-found[data-seq="2"]').waitFor(); // from now on: it is marked for a moment only
  await answer.getByRole("button", { name: /Ответ на сообщение: Борис Лебедев строка 1/u }).click();
  await marked;
  const focused = () => page.evaluate(() => document.activeElement?.closest("li")?.dataset.seq);
  await becomes(focused, "2");
  const box = () => page.locator('[data-seq="2"]').boundingBox();
  await eventually(async () => within((await box())?.y, 56, 700), box);
  await page.getByRole("button", { name: /К последним/u }).click();
  await becomes(() => page.locator(".tobottom").count(), 0);
  assertNoErrors(anna);
});

test("links, code and large emoji are shown as such, markup as text", { skip }, async () => {
  const { page } = anna;
  await server.send(boris, chat, "см. https://example.org/a?b=1. И `код`:\n```js\nif (a < b) {}\n```\n<b>не жирно</b>");
  await server.send(boris, chat, "https://аррӏе.com/вход");
  await server.send(boris, chat, "🚀");
  await page.locator(".bubble--jumbo").waitFor();
  const links = log(page).getByRole("link");
  await becomes(() => links.allTextContents(), ["https://example.org/a?b=1", "https://xn--80ak6aa92e.com/вход"]);
  assert.equal(await links.first().getAttribute("rel"), "noopener noreferrer");
  assert.equal(await log(page).locator("pre").textContent(), "if (a < b) {}");
  assert.equal(await log(page).locator("p code").textContent(), "код");
  assert.equal(await log(page).locator("article b").count(), 0);
  await look(page, "chat-forms");
});

/** For people to look at: it is there for seconds only. @param {import("playwright-core").Page} page
 * @param {import("playwright-core").Page} typist */
async function pictureTyping(page, typist) {
  const size = page.viewportSize();
  await look(page, "typing");
  await page.setViewportSize({ width: 360, height: 640 });
  await typist.keyboard.type("ш");
  await page.locator(".topbar").getByText("печатает").waitFor();
  await look(page, "typing-360");
  await page.getByRole("button", { name: "К списку чатов" }).click();
  await typist.keyboard.press("Backspace");
  await page.locator(`[data-chat="${chat}"]`).getByText("печатает…").waitFor();
  await look(page, "typing-list-360");
  if (size) await page.setViewportSize(size);
  await openChat(page, chat);
}

test("that somebody types is told above the chat and in the list, until the message is there", { skip }, async () => {
  const { page } = anna;
  const other = await borisHere();
  await other.page.locator("nav.side").getByText("В сети").waitFor(); // typing is told over the link alone
  await openChat(other.page, chat);
  const told = Promise.all([
    page.locator(".topbar").getByText("печатает").waitFor(),
    page.locator(`[data-chat="${chat}"]`).getByText("печатает…").waitFor(),
  ]); // from now on: it stands there for seconds only
  await other.page.getByRole("textbox", { name: "Сообщение", exact: true }).pressSequentially("пи");
  await told;
  if (process.env.TEST_SCREENS) await pictureTyping(page, other.page);
  await other.page.keyboard.press("Enter");
  await messageRow(page, "пи").waitFor();
  await page.locator(".topbar__sub--on").waitFor({ state: "detached" });
  assertNoErrors(anna, other);
  await other.context.close();
});

test("near the limit there is a counter; beyond it nothing is sent or lost", { skip }, async () => {
  const { page } = anna;
  await composer(page).fill("😀".repeat(3900));
  await page.getByText("3 900 / 4 000").waitFor();
  await composer(page).fill("я".repeat(4001));
  await page.getByText("Сообщение слишком длинное. Разделите его на части").waitFor();
  assert.equal(await page.getByRole("button", { name: "Отправить" }).getAttribute("aria-disabled"), "true");
  await composer(page).press("Enter");
  assert.equal((await composer(page).inputValue()).length, 4001);
  await look(page, "chat-too-long");
  await composer(page).fill("я".repeat(4000));
  await composer(page).press("Enter");
  await delivered(page, "яяяя", "Отправлено");
});

test("in a group names, admins and events are told; who was removed can read and not write", { skip }, async () => {
  const { page } = anna;
  const timur = await server.register(`timur${serial}`, { display_name: "Тимур Гайнутдинов" });
  const group = await server.group(boris, "Маяк 2.4", anna.account);
  await server.call(boris, "POST", `/api/chats/${group}/members`, { user_ids: [timur.user.id], history: "all" });
  for (const text of ["раз", "два"]) await server.send(timur, group, text);
  await server.send(boris, group, "три");
  await openChat(page, group);
  await page.getByText("3 участника").waitFor();
  await log(page)
    .getByRole("listitem")
    .filter({ hasText: "Борис Лебедев добавил(а) в группу: Тимур Гайнутдинов" })
    .waitFor();
  await becomes(
    async () => (await log(page).locator(".bubble__author").allTextContents()).map(flat),
    ["Тимур Гайнутдинов", "Борис Лебедев админ"],
  );
  await look(page, "chat-group");
  await server.call(boris, "DELETE", `/api/chats/${group}/members/${anna.id}`);
  await page.getByText("Вы больше не участник этого чата").waitFor();
  await composer(page).waitFor({ state: "detached" });
  await messageRow(page, "три").waitFor();
  await look(page, "chat-left");
  assertNoErrors(anna);
});

/** @param {number | undefined} value @param {number} low @param {number} high */
const within = (value, low, high) => value !== undefined && value > low && value < high;
/** @param {string} text */
const flat = (text) => text.replace(/\s+/gu, " ").trim();
