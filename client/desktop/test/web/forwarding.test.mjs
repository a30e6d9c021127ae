/** Forwarding reaches hidden chats, people without a chat and one's saved messages; the list is bounded, and one tab stop. */

import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  chatRow,
  launchChromium,
  messageRow,
  newPerson,
  noChromium,
  openChat,
  startServer,
  startWire,
  twoPeople,
} from "../harness/harness.js";
import { lookWideAndNarrow } from "./look.js";

const skip = noChromium();

/** @typedef {import("playwright-core").Page} Page @typedef {import("../harness/server.js").Account} Account */
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;
/** @type {Account} */
let account;
/** @type {Account} */
let boris;
let chatId = 0;
let serial = 0;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
});

beforeEach(async () => {
  if (skip) return;
  serial += 1;
  ({ vera: account, boris, chatId } = await twoPeople(server));
  await server.send(boris, chatId, "Передайте дальше");
});

/** The dialog for the message. @param {Page} page */
async function opened(page) {
  await openChat(page, chatId);
  await messageRow(page, "Передайте дальше").locator("article").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Переслать", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Переслать" });
  await dialog.getByRole("searchbox").waitFor();
  return dialog;
}

/** @param {Account} reader @param {number} id @returns {Promise<string[]>} */
const contents = async (reader, id) =>
  (await server.items(reader, id)).filter(({ type }) => type === "message").map(({ content }) => content);

test("saved messages that were never opened, a hidden chat and somebody without a chat get it", { skip }, async () => {
  const hidden = await server.group(account, "Старый поход", boris);
  const timur = await server.register(`timur${serial}`, { display_name: "Тимур Гайнутдинов" });
  await server.call(account, "PATCH", `/api/chats/${hidden}`, { hidden: true });
  const vera = await newPerson(browser, server, account.username, { account });
  const { page } = vera;
  const dialog = await opened(page);
  const rows = dialog.getByRole("list", { name: "Куда переслать" }).getByRole("checkbox");
  await rows
    .first()
    .and(dialog.getByRole("checkbox", { name: "Сохранённые сообщения" }))
    .waitFor();
  assert.equal(
    await dialog.getByRole("checkbox", { name: "Старый поход" }).count(),
    0,
    "hidden where nothing is typed",
  );
  await dialog.getByRole("checkbox", { name: "Сохранённые сообщения" }).click();
  const box = dialog.getByRole("searchbox");
  await box.fill("старый");
  await dialog.getByText("скрытый чат").waitFor();
  await lookWideAndNarrow(page, "forward-hidden");
  await box.press("Enter");
  await becomes(() => box.inputValue(), "");
  await box.fill("гайнут");
  await dialog.getByRole("checkbox", { name: "Тимур Гайнутдинов" }).click();
  const chosen = dialog.getByRole("list", { name: "Выбраны" }).getByRole("listitem");
  await becomes(() => chosen.locator("bdi").allTextContents(), ["Сохранённые сообщения", "Старый поход", "Тимур Гайнутдинов"]); // prettier-ignore
  await lookWideAndNarrow(page, "forward-person");
  await page.keyboard.press("Control+Enter");
  await page.getByText("Переслано 1 сообщение").first().waitFor();
  await dialog.waitFor({ state: "detached" });
  await becomes(() => contents(account, hidden), ["Передайте дальше"]);
  await chatRow(page, hidden).getByText("Передайте дальше").waitFor();
  for (const other of [account, timur]) {
    const id = await server.direct(account, other);
    await becomes(() => contents(other, id), ["Передайте дальше"]);
    await chatRow(page, id).getByText("Передайте дальше").waitFor();
  }
  assertNoErrors(vera);
});

test(
  "without a link it is said that there is no chat yet; nothing is sent to anybody, and nothing lost",
  { skip },
  async () => {
    const katya = await server.register(`katya${serial}`, { display_name: "Катя Воскресенская" });
    await server.group(account, "Маяк", boris, katya); // so that she is known here
    const wire = await startWire(server);
    const vera = await newPerson(browser, server, account.username, { account, url: wire.url });
    const { page } = vera;
    await page.locator("nav.side .row", { hasText: "Маяк" }).click();
    await page.locator(".topbar").getByText("3 участника").waitFor();
    await openChat(page, chatId);
    await messageRow(page, "Передайте дальше").waitFor();
    await wire.cut();
    await page.getByRole("status").filter({ hasText: "Нет соединения" }).waitFor();
    const dialog = await opened(page);
    await dialog.getByRole("checkbox", { name: "Борис Лебедев" }).click();
    await dialog.getByRole("checkbox", { name: "Катя Воскресенская" }).click();
    await page.keyboard.press("Control+Enter");
    const told = dialog
      .getByRole("alert")
      .filter({ hasText: /Нет соединения, а чат с этим человеком ещё не создан: .*Катя Воскресенская/u });
    await told.waitFor();
    await lookWideAndNarrow(page, "forward-no-link");
    await page.locator("nav.side .row").first().waitFor();
    assert.equal(await page.locator(`nav.side [data-chat="${chatId}"]`).getByText("Вы:").count(), 0, "nothing waits");
    await becomes(() => dialog.getByRole("checkbox", { checked: true }).count(), 2);
    await wire.restore();
    await page.locator("nav.side").getByText("В сети").waitFor();
    await dialog.getByRole("button", { name: "Переслать в 2 чата" }).click();
    await dialog.waitFor({ state: "detached" });
    await becomes(() => contents(boris, chatId), ["Передайте дальше", "Передайте дальше"]);
    const made = await server.direct(account, katya);
    await becomes(() => contents(katya, made), ["Передайте дальше"]);
    assertNoErrors(vera);
  },
);

test("of many chats some are drawn, others are found; the list is one tab stop", { skip }, async () => {
  for (let count = 0; count < 60; count += 1) await server.group(account, `Группа ${String(count).padStart(2, "0")}`);
  const vera = await newPerson(browser, server, account.username, { account });
  const { page } = vera;
  const { keyboard } = page;
  await page.locator("nav.side .row", { hasText: "Группа 00" }).waitFor({ state: "attached" });
  const dialog = await opened(page);
  const boxes = dialog.getByRole("checkbox");
  await dialog.getByText("Показаны первые 50").waitFor();
  assert.equal(await boxes.count(), 50);
  assert.equal(await dialog.locator("input[type=checkbox][tabindex='0']").count(), 1);
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("data-rove"));
  await dialog.getByRole("searchbox").focus();
  await keyboard.press("ArrowDown");
  await becomes(focused, "Сохранённые сообщения");
  await keyboard.press("ArrowDown");
  await becomes(focused, "Группа 59");
  await keyboard.press("ArrowDown");
  await becomes(focused, "Группа 58");
  await keyboard.press("ArrowUp");
  await becomes(focused, "Группа 59");
  await keyboard.press("Space");
  await becomes(() => dialog.getByRole("checkbox", { checked: true }).count(), 1);
  await lookWideAndNarrow(page, "forward-many");
  await becomes(focused, "Группа 59", "it stays there");
  await keyboard.press("Tab");
  await becomes(() => page.evaluate(() => document.activeElement?.textContent?.trim()), "Отмена");
  await keyboard.press("Shift+Tab");
  await becomes(focused, "Группа 59");
  await dialog.getByRole("searchbox").fill("группа 00");
  await dialog.getByText("Показаны первые 50").waitFor({ state: "detached" });
  await dialog.getByRole("searchbox").press("Enter");
  const chosen = dialog.getByRole("list", { name: "Выбраны" });
  await becomes(() => chosen.locator("bdi").allTextContents(), ["Группа 59", "Группа 00"]);
  await chosen.getByRole("button", { name: /Группа 59/u }).click();
  await becomes(() => chosen.locator("bdi").allTextContents(), ["Группа 00"]);
  await keyboard.press("Control+Enter");
  await dialog.waitFor({ state: "detached" });
  const row = page.locator("nav.side .row", { hasText: "Группа 00" });
  await row.getByText("Передайте дальше").waitFor();
  assert.equal(await page.locator("nav.side .row", { hasText: "Группа 59" }).getByText("Передайте дальше").count(), 0);
  assertNoErrors(vera);
});
