/** New chats, groups and what is known of them: by mouse and keyboard, with what goes wrong. */

import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  drawn,
  eventually,
  launchChromium,
  newPerson,
  noChromium,
  startServer,
  startWire,
} from "../harness/harness.js";
import { forgetsWithTime, keepsForAWeek } from "../harness/accounts.js";
import { assertInside, look } from "./look.js";

const skip = noChromium();
const LONG_NAME = "Екатерина Константиновна Воскресенская-Преображенская-Длинная";

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;
/** @type {Record<string, import("../harness/server.js").Account>} */
let accounts;
let serial = 0;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
  /** @type {[string, string][]} */
  const people = [
    ["anna.k", "Анна Ковалёва"],
    ["anatoly", "Анатолий Жданов"],
    ["daniyar", "Данияр Ахметов"],
    ["boris", "Борис Лебедев"],
    ["timur", "Тимур Гайнутдинов"],
    ["katya", LONG_NAME],
    ["mallory", "\u202Eгрупп Мэллори <b>"],
  ];
  const made = await Promise.all(people.map(([name, display_name]) => server.register(name, { display_name })));
  accounts = Object.fromEntries(made.map((account) => [account.username, account]));
});

/** @type {import("../harness/browser.js").Person} */
let vera;
/** @type {import("playwright-core").Page} */
let page;
beforeEach(async () => {
  if (skip) return;
  serial += 1;
  vera = await newPerson(browser, server, `vera${serial}`, { displayName: "Вера Соколова" });
  page = vera.page;
  await page.getByRole("button", { name: "Новый чат" }).first().waitFor();
});

/** @param {string} name */
const dialog = (name) => page.getByRole("dialog", { name });
/** Where the focus is, by the accessible name. */
const focused = () =>
  page.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute("aria-label") ?? element?.textContent?.trim() ?? "";
  });
/** The chat that is open, by its title. @param {string} title */
const openedChat = (title) => page.locator(".topbar__title", { hasText: title }).waitFor();

test("a person is found, chosen by arrows and written to", { skip }, async () => {
  await page.keyboard.press("Control+n");
  const box = page.getByRole("searchbox", { name: "Найти пользователя" });
  await box.waitFor();
  await becomes(focused, "Найти пользователя");
  await page.keyboard.type("а");
  await page.getByText("Введите хотя бы 2 символа").waitFor();
  await page.keyboard.type("н");
  await page.getByRole("option", { name: "Анна Ковалёва", exact: true }).waitFor();
  await page.getByRole("option", { name: "Анатолий Жданов", exact: true }).waitFor();
  await look(page, "dialog-new-chat");
  await assertInside(page);
  const selected = () =>
    page.getByRole("option").evaluateAll((all) => all.map((one) => one.getAttribute("aria-selected")));
  await becomes(selected, ["true", "false"]);
  await page.keyboard.press("ArrowDown");
  await becomes(selected, ["false", "true"]);
  const marked = await page.getByRole("option", { selected: true }).getAttribute("id");
  await becomes(() => box.getAttribute("aria-activedescendant"), marked);
  const name = (await page.getByRole("option", { selected: true }).locator(".row__name").textContent())?.trim() ?? "";
  await page.keyboard.press("Enter");
  await openedChat(name);
  await dialog("Новый чат").waitFor({ state: "detached" });
  assertNoErrors(vera);
});

test("nobody is found; then somebody is, by a click", { skip }, async () => {
  await page.keyboard.press("Control+n");
  const box = page.getByRole("searchbox", { name: "Найти пользователя" });
  await box.fill("никтотакой");
  await page.getByText("Ничего не нашлось. Проверьте написание").waitFor();
  await look(page, "dialog-new-chat-none");
  await page.keyboard.press("Enter");
  await box.fill("boris");
  await page.getByRole("option", { name: "Борис Лебедев" }).click();
  await openedChat("Борис Лебедев");
  assertNoErrors(vera);
});

test("the last query wins, and Enter never chooses somebody who does not fit it", { skip }, async () => {
  await page.keyboard.press("Control+n");
  const box = page.getByRole("searchbox", { name: "Найти пользователя" });
  await box.fill("ан");
  await page.getByRole("option", { name: "Анна Ковалёва" }).waitFor();
  await box.fill("борис");
  await box.press("Enter");
  await page.getByRole("option", { name: "Анна Ковалёва" }).waitFor({ state: "detached" });
  await page.getByRole("option", { name: "Борис Лебедев" }).waitFor();
  assert.equal(await page.getByRole("dialog").count(), 1);
});

test("saved messages: a chat with oneself", { skip }, async () => {
  await page.keyboard.press("Control+n");
  await page.getByRole("option", { name: "Сохранённые сообщения" }).click();
  await openedChat("Сохранённые сообщения");
});

test("without a network the search says so, and tries again", { skip }, async () => {
  const wire = await startWire(server);
  const person = await newPerson(browser, server, `offline${serial}`, { url: wire.url });
  await person.page.keyboard.press("Control+n");
  await person.page.getByRole("searchbox", { name: "Найти пользователя" }).and(person.page.locator(":focus")).waitFor();
  await wire.cut();
  await person.page.keyboard.type("борис");
  const again = person.page.getByRole("dialog").getByRole("button", { name: "Повторить" });
  await again.waitFor();
  await look(person.page, "dialog-new-chat-offline");
  await wire.restore();
  await again.click();
  await person.page.getByRole("option", { name: "Борис Лебедев" }).waitFor();
  assertNoErrors(person);
});

test(
  "Esc closes the topmost, the focus returns to the opener, a click beside closes what is harmless",
  { skip },
  async () => {
    const opener = page.getByRole("button", { name: "Новый чат" }).first();
    await opener.click();
    await dialog("Новый чат").waitFor();
    await page.keyboard.press("Escape");
    await dialog("Новый чат").waitFor({ state: "detached" });
    await becomes(focused, /^Новый чат/);
    await opener.click();
    await dialog("Новый чат").waitFor();
    await page.mouse.click(5, 5);
    await dialog("Новый чат").waitFor({ state: "detached" });
    await page.keyboard.press("Control+Shift+n");
    await dialog("Новая группа").waitFor();
    await page.mouse.click(5, 5);
    await page.keyboard.press("Tab");
    await drawn(page);
    assert.equal(await dialog("Новая группа").count(), 1, "what was typed must not be lost by a click");
  },
);

test("a group: a title is needed, people are ticked and dropped, it is made", { skip }, async () => {
  await page.keyboard.press("Control+Shift+n");
  await dialog("Новая группа").waitFor();
  const title = page.getByLabel("Название");
  await becomes(() => title.evaluate((element) => element === document.activeElement), true);
  await page.getByRole("button", { name: "Создать" }).click();
  await page.getByText("Введите название").waitFor();
  await becomes(() => title.getAttribute("aria-invalid"), "true");
  await title.fill("Переезд на Литейный");
  const box = page.getByRole("searchbox", { name: "Добавить участников" });
  for (const [query, name] of [
    ["ан", "Анна Ковалёва"],
    ["борис", "Борис Лебедев"],
    ["воскр", LONG_NAME],
    ["mallory", "Мэллори"],
  ]) {
    await box.fill(query);
    await page.getByRole("checkbox", { name }).check();
  }
  await page.getByText("Участников: 5, считая вас").waitFor();
  await box.fill("ан");
  await page.getByRole("checkbox", { name: "Анатолий Жданов" }).waitFor();
  await look(page, "dialog-new-group");
  await assertInside(page);
  await page.getByRole("button", { name: "Убрать: ⁨Борис Лебедев⁩" }).click();
  await page.getByText("Участников: 4, считая вас").waitFor();
  await page.getByRole("button", { name: "Создать" }).click();
  await openedChat("Переезд на Литейный");
  const { chats } = await server.call(vera.account, "GET", "/api/chats");
  const chat = await server.call(vera.account, "GET", `/api/chats/${chats[0].id}`);
  assert.equal(chat.members.length, 4);
  assertNoErrors(vera);
});

test("an admin adds, makes admin, renames and removes; each is seen at once", { skip }, async () => {
  const id = await server.group(vera.account, "Маяк 2.4 — релиз", accounts["anna.k"], accounts.boris, accounts.katya);
  await page.getByText("Маяк 2.4 — релиз").first().click();
  await openedChat("Маяк 2.4 — релиз");
  await page.locator(".topbar__peer").click();
  const info = dialog("О группе");
  await info.getByText("4 участника").waitFor();
  await look(page, "dialog-group-info");
  await assertInside(page);

  await info.getByRole("button", { name: /Борис Лебедев/ }).click();
  await page.getByRole("menu", { name: "Борис Лебедев" }).waitFor();
  await look(page, "dialog-group-info-menu");
  await page.getByRole("menuitem", { name: "Сделать администратором" }).click();
  await info.getByRole("button", { name: /Борис Лебедев.*администратор/ }).waitFor();
  await becomes(focused, /Борис Лебедев/, "the focus is back where the menu was opened");

  await info.getByRole("button", { name: "Добавить" }).click();
  await page.getByRole("searchbox", { name: "Добавить участников" }).fill("timur");
  await page.getByRole("checkbox", { name: "Тимур Гайнутдинов" }).check();
  await look(page, "dialog-add-members");
  await page.getByRole("button", { name: "Добавить 1 человека" }).click();
  await info.getByText("5 участников").waitFor();

  await info.getByRole("button", { name: "Изменить" }).click();
  await page.getByLabel("Название").fill("Маяк 2.5");
  await page.keyboard.press("Enter");
  await info.getByText("Маяк 2.5").waitFor();

  await info.getByRole("button", { name: /Анна Ковалёва/ }).click();
  await page.getByRole("menuitem", { name: "Исключить" }).click();
  await page.getByRole("dialog", { name: /Исключить из группы/ }).waitFor();
  await becomes(focused, "Отмена", "what is safe has the focus");
  await look(page, "dialog-confirm");
  await page.getByRole("button", { name: "Исключить", exact: true }).click();
  await info.getByText("4 участника").waitFor();
  const chat = await server.call(vera.account, "GET", `/api/chats/${id}`);
  assert.deepEqual(
    chat.members.map((/** @type {any} */ { user, role }) => `${user.username} ${role}`).sort(),
    [`${vera.name} admin`, "boris admin", "katya member", "timur member"].sort(),
  );
  assert.equal(chat.title, "Маяк 2.5");
  assertNoErrors(vera);
});

test("where only admins write, the others read and react, until an admin lets them write", { skip }, async () => {
  const id = await server.group(accounts["anna.k"], "Объявления", vera.account, accounts.boris);
  await server.call(accounts["anna.k"], "POST", `/api/chats/${id}/messages`, { content: "Завтра в десять" });
  await page.getByText("Объявления").first().click();
  await openedChat("Объявления");
  await page.locator("#compose").fill("начато");
  await server.call(accounts["anna.k"], "PATCH", `/api/chats/${id}`, { writers: "admins" });
  await page.getByText("Здесь пишут только администраторы").waitFor();
  await page.getByText("Анна Ковалёва разрешил(а) писать только администраторам").waitFor();
  assert.equal(await page.locator("#compose").count(), 0);
  const message = page.locator(".msg", { hasText: "Завтра в десять" });
  await message.locator('[aria-label="Добавить реакцию"]').waitFor({ state: "attached" });
  assert.equal(await message.locator('[aria-label="Ответить"]').count(), 0);
  await look(page, "chat-admins-write");
  await assertInside(page);

  await server.call(accounts["anna.k"], "PATCH", `/api/chats/${id}/members/${vera.account.user.id}`, { role: "admin" });
  await becomes(() => page.locator("#compose").inputValue(), "начато", "what was begun is there again");
  await page.locator(".topbar__peer").click();
  const toggle = dialog("О группе").getByRole("button", { name: "Пишут админы" });
  await becomes(() => toggle.getAttribute("aria-pressed"), "true", "an admin sees that it is on");
  await toggle.click();
  await becomes(() => toggle.getAttribute("aria-pressed"), "false", "and turns it off");
  const chat = await server.call(accounts.boris, "GET", `/api/chats/${id}`);
  assert.equal(chat.writers, "all");
  assertNoErrors(vera);
});

test("a member may leave and no more; who left sees it and can only hide it", { skip }, async () => {
  await server.group(accounts.boris, "Дежурная смена", vera.account, accounts["anna.k"]);
  await page.getByText("Дежурная смена").first().click();
  await openedChat("Дежурная смена");
  await page.locator(".topbar__peer").click();
  const info = dialog("О группе");
  await info.getByText("3 участника").waitFor();
  assert.equal(await info.getByRole("button", { name: "Добавить" }).count(), 0);
  assert.equal(await info.getByRole("button", { name: "Изменить" }).count(), 0);
  await info.getByRole("button", { name: /Анна Ковалёва/ }).click();
  const menu = page.getByRole("menu", { name: "Анна Ковалёва" });
  await menu.waitFor();
  await becomes(
    async () => (await menu.getByRole("menuitem").allTextContents()).map((one) => one.trim()),
    ["Написать"],
  );
  await page.keyboard.press("Escape");
  await menu.waitFor({ state: "detached" });
  await drawn(page);
  assert.equal(await info.count(), 1, "Esc closed the menu, not the dialog");
  await info.getByRole("button", { name: "Покинуть" }).click();
  await dialog("Покинуть группу «⁨Дежурная смена⁩»?").getByRole("button", { name: "Покинуть" }).click();
  await info.waitFor({ state: "detached" });
  await page.locator(".topbar__peer").click();
  await info.getByText("Вы больше не в этой группе").waitFor();
  assert.equal(await info.getByRole("button", { name: "Покинуть" }).count(), 0);
  await look(page, "dialog-group-info-former");
  assertNoErrors(vera);
});

test("about a person, with mute and favourite", { skip }, async () => {
  await server.send(accounts.katya, await server.direct(vera.account, accounts.katya), "Здравствуйте");
  await page.getByText(LONG_NAME).first().click();
  await openedChat(LONG_NAME);
  await page.locator(".topbar__peer").click();
  const info = dialog("О пользователе");
  await info.getByText("@katya").waitFor();
  await info.getByRole("button", { name: "Без звука" }).click();
  await info.getByRole("button", { name: "Без звука", pressed: true }).waitFor();
  await info.getByRole("button", { name: "Закрепить чат" }).click();
  await info.getByRole("button", { name: "Закрепить чат", pressed: true }).waitFor();
  await look(page, "dialog-person-info");
  await assertInside(page);
  await becomes(async () => {
    const { chats } = await server.call(vera.account, "GET", "/api/chats");
    return [chats[0].muted, chats[0].favourite];
  }, [true, true]);
  assertNoErrors(vera);
});

test("at 360 x 480 and with the largest text everything is within the window", { skip }, async () => {
  await page.setViewportSize({ width: 360, height: 480 });
  await page.keyboard.press("Control+n");
  await page.getByRole("searchbox", { name: "Найти пользователя" }).fill("воскр");
  await page.getByRole("option", { name: LONG_NAME }).waitFor();
  await assertInside(page);
  await page.evaluate(() => (document.documentElement.dataset.size = "xl"));
  await assertInside(page);
  await look(page, "dialog-new-chat-360");
  await page.getByRole("button", { name: "Создать группу" }).click();
  await dialog("Новая группа").waitFor();
  await assertInside(page);
  await eventually(async () => {
    const create = await page.getByRole("button", { name: "Создать" }).boundingBox();
    return create && create.y + create.height <= 480;
  }, "what the dialog is for is in sight");
  await look(page, "dialog-new-group-360");
});

test("admins choose how long a group keeps its messages; everybody reads it in the log", { skip }, async () => {
  const id = await server.group(accounts["anna.k"], "На неделю", vera.account, accounts.boris);
  const direct = await server.direct(accounts.boris, vera.account);
  await server.send(accounts.boris, direct, "До завтра");
  await page.getByText("На неделю").first().click();
  await openedChat("На неделю");
  await page.locator(".topbar__peer").click();
  const info = dialog("О группе");
  await info.getByText("3 участника").waitFor();
  assert.equal(await info.getByRole("button", { name: "Срок хранения" }).count(), 0, "not for members");
  await page.keyboard.press("Escape");
  await info.waitFor({ state: "detached" });
  await server.call(accounts["anna.k"], "PATCH", `/api/chats/${id}/members/${vera.account.user.id}`, { role: "admin" });
  await keepsForAWeek(page, "retention");
  await becomes(async () => (await server.call(accounts.boris, "GET", `/api/chats/${id}`)).retention_days, 7);
  await look(page, "chat-retention");
  await forgetsWithTime(server, page, { group: id, direct }, accounts.boris, "chat-forgotten");
  await server.call(accounts["anna.k"], "PATCH", `/api/chats/${id}`, { retention_days: 0 });
  await page.getByText("Анна Ковалёва отключил(а) удаление старых сообщений").waitFor();
  await page.locator(".log").getByText("Сообщения старше 30 дней удаляются").waitFor(); // the server's time holds
  assertNoErrors(vera);
});
