/** Settings: each takes effect at once and stays; profile, password and sessions with the real server. */

import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  eventually,
  launchChromium,
  newPerson,
  noChromium,
  startServer,
  startWire,
} from "../harness/harness.js";
import { assertInside, look } from "./look.js";

const skip = noChromium();
const NEW_PASSWORD = "другой длинный пароль";

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;
let serial = 0;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
});

/** @type {import("../harness/browser.js").Person} */
let vera;
/** @type {import("playwright-core").Page} */
let page;
beforeEach(async () => {
  if (skip) return;
  serial += 1;
  vera = await newPerson(browser, server, `vera${serial}`, { displayName: "Вера Соколова", remember: true });
  page = vera.page;
  await page.getByRole("button", { name: "Новый чат" }).first().waitFor();
});

/** @param {string} name of the tab */
async function openTab(name) {
  if ((await page.getByRole("dialog", { name: "Настройки" }).count()) === 0) await page.keyboard.press("Control+,");
  await page.getByRole("tab", { name }).click();
  await page.getByRole("tabpanel", { name }).waitFor();
}

test("tabs are walked by arrows, and each pane is sound", { skip }, async () => {
  await page.keyboard.press("Control+,");
  await page.getByRole("dialog", { name: "Настройки" }).waitFor();
  const names = ["Профиль", "Оформление", "Уведомления", "Клавиатура", "Приватность", "Сеансы", "Приложение"];
  for (const [at, name] of names.entries()) {
    await page.getByRole("tab", { name, selected: true }).waitFor();
    await page.getByRole("tabpanel", { name }).waitFor();
    if (name === "Приватность") await page.getByText("Никто не заблокирован").waitFor();
    if (name === "Сеансы") await page.getByText("этот сеанс").waitFor();
    await look(page, `settings-${at + 1}`);
    await assertInside(page);
    await page.keyboard.press("ArrowDown");
  }
  await page.getByRole("tab", { name: names[0], selected: true }).waitFor();
  assertNoErrors(vera);
});

test("theme, size and language at once, and after a reload", { skip }, async () => {
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const fontSize = () => page.evaluate(() => getComputedStyle(document.documentElement).fontSize);
  const light = await background();
  await openTab("Оформление");
  await page.getByRole("radio", { name: "Тёмная" }).check();
  await page.waitForFunction((was) => getComputedStyle(document.body).backgroundColor !== was, light);
  await page.getByRole("radio", { name: "20" }).check();
  await page.waitForFunction(() => getComputedStyle(document.documentElement).fontSize === "20px");
  await assertInside(page);
  await page.getByLabel("Язык").selectOption("en");
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  await becomes(() => page.evaluate(() => document.documentElement.lang), "en");
  await look(page, "settings-en-xl");
  await page.reload();
  await page.getByRole("button", { name: "New chat" }).first().waitFor();
  await becomes(fontSize, "20px");
  await eventually(async () => (await background()) !== light, "it is dark again");
  assertNoErrors(vera);
});

test("switches: notifications, sounds, the key that sends, pictures", { skip }, async () => {
  await openTab("Уведомления");
  await page.getByRole("switch", { name: "Показывать уведомления" }).click();
  await page.getByRole("switch", { name: /Имя и текст/, disabled: true }).waitFor();
  await page.getByRole("switch", { name: "Звук" }).click();
  await openTab("Клавиатура");
  await page.getByRole("switch", { name: /Отправлять по Enter/ }).click();
  await page.getByRole("button", { name: "Показать" }).click();
  const help = page.getByRole("dialog", { name: "Сочетания клавиш" });
  await help
    .locator("div", { has: page.getByText("Отправить", { exact: true }) })
    .getByText("Ctrl")
    .first()
    .waitFor();
  await page.keyboard.press("Escape");
  await openTab("Оформление");
  await page.getByRole("switch", { name: /Картинки с других сайтов/ }).click();
  await page.reload();
  await page.getByRole("button", { name: "Новый чат" }).first().waitFor();
  await openTab("Уведомления");
  await page.getByRole("switch", { name: "Показывать уведомления", checked: false }).waitFor();
  await page.getByRole("switch", { name: "Звук", checked: false }).waitFor();
  await openTab("Оформление");
  await page.getByRole("switch", { name: /Картинки с других сайтов/, checked: true }).waitFor();
  await openTab("Клавиатура");
  await page.getByRole("switch", { name: /Отправлять по Enter/, checked: false }).waitFor();
  assertNoErrors(vera);
});

test("the profile: what is wrong stands at its field, what is right is kept by the server", { skip }, async () => {
  await server.register(`other${serial}`, { email: `taken${serial}@example.org` });
  await openTab("Профиль");
  const [name, email, photo] = ["Имя для показа", "Почта", "Адрес фото"].map((label) => page.getByLabel(label));
  const save = page.getByRole("button", { name: "Сохранить" });
  await becomes(() => save.isDisabled(), true);
  await name.fill("   ");
  await photo.fill("ftp://example.org/a.png");
  await save.click();
  await page.getByText("Введите имя").waitFor();
  await page.getByText("Нужен адрес картинки, начинающийся с https://").waitFor();
  await becomes(() => name.evaluate((element) => element === document.activeElement), true);
  await look(page, "settings-profile-errors");
  await name.fill("Вера Ивановна Соколова");
  await photo.fill("");
  await email.fill(`taken${serial}@example.org`);
  await save.click();
  await page.getByText("Эта почта уже занята").waitFor();
  await email.fill(`vera${serial}@example.org`);
  await page.keyboard.press("Enter");
  await page.getByText("Сохранено").waitFor();
  const me = await server.call(vera.account, "GET", "/api/auth/me");
  assert.deepEqual([me.display_name, me.email], ["Вера Ивановна Соколова", `vera${serial}@example.org`]);
  assertNoErrors(vera);
});

test("another password: checked here and there; it ends the other sessions", { skip }, async () => {
  const other = await server.login(vera.account);
  await openTab("Профиль");
  await page.getByRole("button", { name: "Сменить" }).click();
  const dialog = page.getByRole("dialog", { name: "Смена пароля" });
  const submit = dialog.getByRole("button", { name: "Сменить пароль" });
  await submit.click();
  await dialog.getByText("Заполните это поле").waitFor();
  await dialog.getByText("Не меньше 8 символов", { exact: true }).waitFor();
  await look(page, "dialog-password");
  await dialog.getByLabel("Текущий пароль").fill("не тот пароль");
  await dialog.getByLabel("Новый пароль", { exact: true }).fill(NEW_PASSWORD);
  await dialog.getByLabel("Новый пароль ещё раз").fill(`${NEW_PASSWORD}?`);
  await submit.click();
  await dialog.getByText("Пароли не совпадают").waitFor();
  await dialog.getByLabel("Новый пароль ещё раз").fill(NEW_PASSWORD);
  await submit.click();
  await dialog.getByText("Неверный текущий пароль").waitFor();
  await dialog.getByLabel("Текущий пароль").fill(vera.account.password);
  await submit.click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText("Пароль изменён. Остальные сеансы завершены").waitFor();
  await assert.rejects(server.call(other, "GET", "/api/auth/me"), /revoked/);
  await server.login({ ...vera.account, password: NEW_PASSWORD });
  assertNoErrors(vera);
});

test("sessions: one is ended, then all others", { skip }, async () => {
  const others = [await server.login(vera.account), await server.login(vera.account), vera.account];
  await openTab("Сеансы");
  const list = page.getByRole("list", { name: "Сеансы" });
  await list.getByRole("listitem").nth(3).waitFor();
  await becomes(() => list.getByRole("listitem").count(), 4);
  await becomes(() => list.getByText("этот сеанс").count(), 1);
  await becomes(() => list.getByText("127.0.0.1", { exact: true }).count(), 4);
  await becomes(() => list.getByText("Chrome · Linux", { exact: true }).count(), 1);
  await look(page, "settings-sessions");
  await list
    .getByRole("button", { name: /Завершить сеанс/ })
    .first()
    .click();
  await page.getByRole("dialog", { name: "Завершить этот сеанс?" }).getByRole("button", { name: "Завершить" }).click();
  await list.getByRole("listitem").nth(3).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Завершить все остальные" }).click();
  const question = page.getByRole("dialog", { name: "Завершить все остальные сеансы?" });
  await question.getByText("На 2 устройствах придётся войти заново").waitFor();
  await question.getByRole("button", { name: "Завершить все остальные" }).click();
  await list.getByRole("listitem").nth(1).waitFor({ state: "detached" });
  for (const account of others) await assert.rejects(server.call(account, "GET", "/api/auth/me"), /revoked/);
  assertNoErrors(vera);
});

test("signing out with nothing to lose asks nothing", { skip }, async () => {
  await page.keyboard.press("Control+,");
  await page.getByRole("button", { name: "Выйти" }).click();
  await page.locator("input[autocomplete=current-password]").waitFor();
  assert.equal(await page.getByRole("dialog").count(), 0);
});

test("signing out with unsent messages asks first, and what is safe has the focus", { skip }, async () => {
  const wire = await startWire(server);
  const peer = await server.register(`peer${serial}`, { display_name: "Борис" });
  const person = await newPerson(browser, server, `offline${serial}`, { url: wire.url });
  page = person.page;
  await server.send(peer, await server.direct(person.account, peer), "Здравствуйте");
  await page.getByText("Борис").first().click();
  await page.locator("textarea").waitFor();
  await wire.cut();
  await page.locator("textarea").fill("пока не ушло");
  await page.keyboard.press("Enter");
  await page.getByText("пока не ушло").first().waitFor();
  await page.keyboard.press("Control+,");
  await page.getByRole("button", { name: "Выйти" }).click();
  const question = page.getByRole("dialog", { name: "Выйти, не дождавшись отправки?" });
  await question.getByText("1 сообщение не отправлено и будет удалено с этого компьютера").waitFor();
  await becomes(() => page.evaluate(() => document.activeElement?.textContent?.trim()), "Отмена");
  await look(page, "dialog-sign-out");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Настройки" }).waitFor();
  await page.getByRole("button", { name: "Выйти" }).click();
  await question.getByRole("button", { name: "Выйти и удалить" }).click();
  await page.locator("input[autocomplete=current-password]").waitFor();
  assertNoErrors(person);
});

test("in a narrow window every pane fits", { skip }, async () => {
  await page.setViewportSize({ width: 360, height: 480 });
  await page.evaluate(() => document.querySelector("[aria-label^='Настройки']")?.scrollIntoView());
  for (const name of ["Профиль", "Оформление", "Уведомления", "Клавиатура", "Приватность", "Сеансы", "Приложение"]) {
    await openTab(name);
    await assertInside(page);
  }
  await openTab("Оформление");
  await look(page, "settings-360");
});

test("in English, with the largest text, in the smallest window: everything fits", { skip }, async () => {
  const options = { locale: "ru-RU", viewport: { width: 360, height: 480 } };
  const person = await newPerson(browser, server, `english${serial}`, { options });
  page = person.page;
  await page.getByRole("button", { name: "Новый чат" }).first().waitFor();
  await page.keyboard.press("Control+,");
  await page.getByRole("tab", { name: "Оформление" }).click();
  await page.getByLabel("Язык").selectOption("en");
  await page.getByRole("tab", { name: "Appearance" }).click();
  await page.getByRole("radio", { name: "20" }).check();
  await page.waitForFunction(() => getComputedStyle(document.documentElement).fontSize === "20px");
  for (const name of ["Profile", "Appearance", "Notifications", "Keyboard", "Privacy", "Sessions", "Application"]) {
    await page.getByRole("tab", { name }).click();
    await page.getByRole("tabpanel", { name }).waitFor();
    await assertInside(page);
  }
  await look(page, "settings-en-360");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  for (const keys of ["Control+n", "Control+Shift+n", "Control+k", "Control+/"]) {
    await page.keyboard.press(keys);
    await page.getByRole("dialog").waitFor();
    await assertInside(page);
    const cyrillic = () => page.getByRole("dialog").evaluate((dialog) => /[а-яё]/i.test(dialog.textContent ?? ""));
    await becomes(cyrillic, false, keys);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }
  assertNoErrors(person);
});
