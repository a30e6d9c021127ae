/** Menus, toasts, the switcher, the help on keys and the picker of emoji: by mouse and by keyboard alone. */

import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  eventually,
  launchChromium,
  newPage,
  newPerson,
  noChromium,
  startServer,
} from "../harness/harness.js";
import { assertInside, look } from "./look.js";

const skip = noChromium();

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;
/** @type {import("../harness/server.js").Account} */
let boris;
let serial = 0;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
  boris = await server.register("boris", { display_name: "Борис Лебедев" });
});

/** @type {import("../harness/browser.js").Person} */
let vera;
/** @type {import("playwright-core").Page} */
let page;
/** Of the direct chat with Boris. */
let chatId = 0;
beforeEach(async () => {
  if (skip) return;
  serial += 1;
  const account = await server.register(`vera${serial}`, { display_name: "Вера Соколова" });
  chatId = await server.direct(boris, account);
  await server.group(boris, "Рабочая поездка: Боровичи", account);
  await server.group(boris, "Книжный клуб «Среда»", account);
  await server.send(boris, chatId, "Собрал, прогоняю тесты");
  vera = await newPerson(browser, server, account.username, { account });
  page = vera.page;
  await page.getByText("Борис Лебедев").first().waitFor();
});

const menu = () => page.getByRole("menu");
const menuLabels = async () => (await page.getByRole("menuitem").allTextContents()).map((text) => text.trim());
/** @param {string} name */
const item = (name) => page.getByRole("menuitem", { name });
/** The chat's flags as the server has them. */
async function flags() {
  const { muted, favourite, hidden, unread_count } = await server.call(vera.account, "GET", `/api/chats/${chatId}`);
  return { muted, favourite, hidden, unread_count };
}
const row = () => page.locator(".side .row", { hasText: "Борис Лебедев" });
/** The server gets to have the chat's flags so. @param {Partial<Awaited<ReturnType<typeof flags>>>} wanted */
const stored = (wanted) =>
  becomes(async () => {
    const found = await flags();
    return Object.fromEntries(Object.keys(wanted).map((key) => [key, found[/** @type {"muted"} */ (key)]]));
  }, wanted);

test("the menu of a chat: read, muted with an undo, favourite, hidden with an undo", { skip }, async () => {
  await row().click({ button: "right" });
  await item("Отметить прочитанным").waitFor();
  await look(page, "context-menu-chat");
  await assertInside(page);
  await item("Отметить прочитанным").click();
  await stored({ unread_count: 0 });
  await menu().waitFor({ state: "detached" });
  await row().locator(".badge").waitFor({ state: "detached" });

  await row().click({ button: "right" });
  await item("Без звука").waitFor();
  assert.equal(await item("Отметить прочитанным").count(), 0);
  await item("Без звука").click();
  await page.locator(".toast").hover(); // it stays while it is looked at
  await stored({ muted: true });
  await page
    .getByRole("status")
    .getByText(/Звук чата .* выключен/)
    .waitFor();
  await page.getByRole("button", { name: "Отменить" }).click();
  await stored({ muted: false });
  await page.getByText(/Звук чата .* выключен/).waitFor({ state: "detached" });

  await row().click({ button: "right" });
  await item("Закрепить").click();
  await stored({ favourite: true });

  await row().click({ button: "right" });
  await item("Скрыть").click();
  await row().waitFor({ state: "detached" });
  await page.locator(".toast").hover(); // it stays while it is looked at
  await look(page, "toast");
  await assertInside(page);
  await page.getByRole("button", { name: "Отменить" }).click();
  await row().waitFor();
  await stored({ hidden: false });
  assertNoErrors(vera);
});

test("one row of a menu stands out, the one that Enter chooses, wherever the pointer rests", { skip }, async () => {
  const lit = () =>
    menu().evaluate((list) => {
      const rows = [...list.querySelectorAll("[role^=menuitem]")];
      const shown = rows.filter((one) => getComputedStyle(one).backgroundColor !== "rgba(0, 0, 0, 0)");
      return shown.map((one) => [one.textContent?.trim(), one === document.activeElement]);
    });
  await row().click({ button: "right" });
  await item("Уведомления").click();
  const choices = page.getByRole("menuitemradio");
  await choices.last().waitFor();
  await page.mouse.move(0, 0);
  await choices.last().hover(); // the pointer brings the focus along
  await becomes(lit, [[(await choices.last().textContent())?.trim(), true]]);
  await page.keyboard.press("Home");
  await becomes(lit, [[(await choices.first().textContent())?.trim(), true]]);
  await look(page, "menu-notify");
  await page.keyboard.press("Escape");

  await page.getByText("Борис Лебедев").first().click();
  await page.locator(".log article").last().click({ button: "right" });
  const signs = page.getByRole("menuitemcheckbox");
  await signs.first().waitFor();
  await signs.nth(1).hover();
  await becomes(lit, [[(await signs.nth(1).textContent())?.trim(), true]]);
  await page.keyboard.press("ArrowRight");
  await becomes(lit, [[(await signs.nth(2).textContent())?.trim(), true]]);
  assertNoErrors(vera);
});

test("what was hidden is found by the switcher and is in the list again", { skip }, async () => {
  await row().click({ button: "right" });
  await item("Скрыть").click();
  await row().waitFor({ state: "detached" });
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").waitFor();
  await page.keyboard.type("борис");
  await page.keyboard.press("Enter");
  await row().waitFor();
  await page.locator(".topbar__title", { hasText: "Борис Лебедев" }).waitFor();
  await stored({ hidden: false });
});

test("a menu by the keyboard alone: Shift F10, arrows round, letters, Esc gives the focus back", { skip }, async () => {
  await row().focus();
  await page.keyboard.press("Shift+F10");
  await menu().waitFor();
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");
  const labels = await menuLabels();
  await becomes(focused, labels[0]);
  await page.keyboard.press("ArrowUp");
  await becomes(focused, labels.at(-1));
  await page.keyboard.press("ArrowDown");
  await becomes(focused, labels[0]);
  // Playwright has no Russian keyboard
  await page.evaluate(() =>
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "с", bubbles: true })),
  );
  await becomes(focused, "Скрыть");
  await page.keyboard.press("Home");
  await page.keyboard.press("Escape");
  await menu().waitFor({ state: "detached" });
  await becomes(() => row().evaluate((element) => element === document.activeElement), true);
  await page.keyboard.press("Shift+F10");
  await item("Без звука").focus();
  await page.keyboard.press("Enter");
  await stored({ muted: true });
  assertNoErrors(vera);
});

test("the menu of a message: reply and copy", { skip }, async () => {
  await vera.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await row().click();
  const message = page.getByRole("article").filter({ hasText: "Собрал, прогоняю тесты" });
  await message.click({ button: "right" });
  await item("Ответить").waitFor();
  await look(page, "context-menu");
  await item("Копировать текст").click();
  await page.getByText("Текст скопирован").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "Собрал, прогоняю тесты");
  await message.click({ button: "right" });
  await item("Ответить").click();
  await page.locator(".strip", { hasText: "Собрал, прогоняю тесты" }).waitFor();
  await becomes(() => page.locator("textarea").evaluate((element) => element === document.activeElement), true);
  assertNoErrors(vera);
});

test("a click elsewhere closes a menu and does what it does", { skip }, async () => {
  await row().click({ button: "right" });
  await menu().waitFor();
  await page.getByText("Книжный клуб «Среда»").first().click();
  await menu().waitFor({ state: "detached" });
  await page.locator(".topbar__title", { hasText: "Книжный клуб «Среда»" }).waitFor();
});

test("a toast goes after six seconds, not while it is looked at", { skip }, async () => {
  await page.clock.install();
  await row().click({ button: "right" });
  await item("Скрыть").waitFor();
  await page.clock.pauseAt(Date.now() + 60_000); // from here on its time passes only as it is told to
  await item("Скрыть").click();
  const toast = page.locator(".toast");
  await eventually(async () => {
    await page.clock.runFor(20);
    return (await toast.count()) === 1;
  }, "the toast is there");
  await page.clock.runFor(3_000);
  await toast.hover();
  await page.clock.runFor(30_000);
  assert.equal(await toast.count(), 1);
  await page.mouse.move(5, 5);
  await page.clock.runFor(2_000);
  assert.equal(await toast.count(), 1, "the rest of its time is given again");
  await page.clock.runFor(2_000);
  await becomes(() => toast.count(), 0);
});

test("the quick switcher finds by letters, words and scattered letters, and runs commands", { skip }, async () => {
  await page.keyboard.press("Control+k");
  const box = page.getByRole("combobox", { name: "Чат, человек или команда" });
  await box.waitFor();
  await page.keyboard.type("бо");
  const names = async () => {
    const all = await page.getByRole("option").locator(".row__name").allTextContents();
    return all.slice(0, 2).map((name) => name.trim());
  };
  await page.waitForFunction(() => document.querySelectorAll("[role=option]").length < 5);
  await becomes(names, ["Борис Лебедев", "Рабочая поездка: Боровичи"]);
  await look(page, "quick-switcher");
  await assertInside(page);
  await box.fill("кжл");
  await page.getByRole("option", { name: "Книжный клуб" }).waitFor();
  await page.keyboard.press("Enter");
  await page.locator(".topbar__title", { hasText: "Книжный клуб «Среда»" }).waitFor();
  await page.keyboard.press("Control+k");
  await box.fill("настр");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Настройки" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await box.fill("щщщ");
  await page.getByText("Ничего не нашлось. Проверьте написание").waitFor();
  await look(page, "quick-switcher-none");
  assertNoErrors(vera);
});

test("the help shows the keys that the window obeys", { skip }, async () => {
  await page.keyboard.press("Control+/");
  const help = page.getByRole("dialog", { name: "Сочетания клавиш" });
  await help.getByText("Ctrl").first().waitFor();
  await look(page, "shortcuts");
  await assertInside(page);
  assert.ok((await help.locator("dt").count()) >= 15);
});

test("emoji: found in Russian and English, chosen by keys, put at the caret, recent ones first", { skip }, async () => {
  await row().click();
  const text = page.locator("textarea");
  await text.fill("до после");
  await text.evaluate((/** @type {any} */ element) => element.setSelectionRange(3, 3));
  const open = page.getByRole("button", { name: /^Эмодзи/ });
  await open.click();
  const picker = page.getByRole("dialog", { name: "Эмодзи" });
  await picker.getByRole("button", { name: "палец вверх", exact: true }).waitFor();
  await look(page, "emoji-picker");
  await assertInside(page);
  await page.keyboard.type("ракета");
  await picker
    .getByRole("button", { name: "ракета, запуск" })
    .or(picker.getByRole("button", { name: "ракета" }))
    .waitFor();
  await page.keyboard.press("Enter");
  await picker.waitFor({ state: "detached" });
  await becomes(() => text.inputValue(), "до 🚀после");
  await open.click();
  await picker.getByRole("searchbox").waitFor();
  await page.keyboard.type("thumbs");
  await picker.getByRole("button", { name: "палец вверх", exact: true }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await becomes(() => text.inputValue(), "до 🚀👍после");
  await picker.waitFor({ state: "detached" });
  await open.click();
  await picker.getByText("Недавние").waitFor();
  const recent = () => picker.locator("#emoji-recent button").allTextContents();
  await becomes(async () => (await recent()).map((sign) => sign.trim()), ["👍", "🚀"]);
  const { page: other } = await newPage(page.context());
  await other.goto(server.url);
  const kept = () => other.evaluate(() => JSON.parse(localStorage.getItem("vestnik settings") ?? "{}").recent_emoji);
  await becomes(kept, "👍 🚀", "for the next window too");
  await other.close();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  await becomes(() => page.evaluate(() => document.activeElement?.textContent?.trim()), "🚀");
  await page.keyboard.press("ArrowDown");
  await becomes(() => page.evaluate(() => document.activeElement?.textContent?.trim()), "😃");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await becomes(() => page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "Найти эмодзи");
  await page.keyboard.press("Escape");
  await picker.waitFor({ state: "detached" });
  assertNoErrors(vera);
});

test("a quick typist is ahead of the picker's drawing, and gets what was typed", { skip }, async () => {
  await row().click();
  const text = page.locator("textarea");
  await text.fill("");
  await page.getByRole("button", { name: /^Эмодзи/ }).click();
  const picker = page.getByRole("dialog", { name: "Эмодзи" });
  await picker.locator("[data-cell]").first().waitFor();
  await picker.getByRole("searchbox").evaluate((/** @type {any} */ element) => {
    element.value = "rocket";
    element.dispatchEvent(new Event("input", { bubbles: true }));
    for (const key of ["ArrowDown", "Enter"]) {
      element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }
  });
  await picker.waitFor({ state: "detached" });
  await becomes(() => text.inputValue(), "🚀");
  await text.fill("");
});

test("in a narrow window menus and the picker stay inside", { skip }, async () => {
  await page.setViewportSize({ width: 360, height: 480 });
  await row().click({ button: "right" });
  await menu().waitFor();
  await assertInside(page);
  await item("Уведомления").click();
  await item("Без звука навсегда").waitFor();
  await assertInside(page);
  await look(page, "mute-times-360");
  await page.keyboard.press("Escape");
  await row().click();
  await page.getByRole("button", { name: /^Эмодзи/ }).click();
  await page.getByRole("button", { name: "палец вверх", exact: true }).waitFor();
  await assertInside(page);
  await look(page, "emoji-picker-360");
});
