/** The page for those who keep the server, and links into a group: by mouse and by keyboard, with the real server. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertNoErrors,
  launchChromium,
  newPage,
  newPerson,
  newProfile,
  noChromium,
  signIn,
  startServer,
} from "../harness/harness.js";
import { groupLinks } from "../harness/accounts.js";
import { assertInside, look } from "./look.js";

const skip = noChromium();

test("the first one keeps the server: people, invitations, what was done, how much there is", { skip }, async () => {
  const [server, browser] = await Promise.all([
    startServer({ env: { VESTNIK_REGISTRATION: "invite" } }),
    launchChromium(),
  ]);
  const profile = await newProfile(browser, { permissions: ["clipboard-read", "clipboard-write"] });
  const { page, errors } = await newPage(profile);
  await page.goto(await server.setupLink());
  await page.getByRole("heading", { name: "Добро пожаловать" }).waitFor();
  await page.getByText("Вы станете первым администратором").waitFor();
  await look(page, "admin-first");
  await page.locator("#auth-username").fill("root");
  await page.locator("#auth-display_name").fill("Ольга Котова");
  await page.locator("#auth-password").fill("correct horse battery");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Новый чат" }).first().waitFor();

  await page.keyboard.press("Control+,");
  await page.getByRole("tab", { name: "Управление" }).click();
  const pane = page.getByRole("tabpanel", { name: "Управление" });

  // an invitation: made by mouse, it is on the clipboard; one comes by it
  await pane.getByRole("radio", { name: "Приглашения" }).check();
  await pane.getByLabel("Сколько человек").selectOption("10");
  await pane.getByRole("button", { name: "Создать ссылку" }).click();
  const link = await pane.getByLabel("Ссылка", { exact: true }).inputValue();
  assert.match(link, /^http:\/\/127\.0\.0\.1:\d+\/join#[\w-]{22}$/);
  await page.waitForFunction((text) => navigator.clipboard.readText().then((found) => found === text), link);
  const invite = link.split("#")[1];
  const boris = await server.register("boris", { display_name: "Борис Лебедев", invite });
  await server.register("vera", { display_name: "Вера Соколова", invite });
  await pane.getByText("использовано 0 из 10").waitFor();
  await look(page, "admin-invites");
  await assertInside(page);
  await pane.getByRole("button", { name: "Отозвать: Приглашение № 1" }).click();
  await page.getByRole("dialog", { name: "Отозвать приглашение?" }).getByRole("button", { name: "Отозвать" }).click();
  await pane.getByText("отозвано").waitFor();
  await assert.rejects(server.register("eve", { invite }), /invite_invalid/);

  // people: found as one types, and shut out by the keyboard alone
  await pane.getByRole("radio", { name: "Люди" }).check();
  await pane.getByRole("button", { name: /Вера Соколова/ }).waitFor();
  await look(page, "admin-people");
  await pane.getByRole("searchbox").fill("борис");
  await pane.getByRole("button", { name: /Вера Соколова/ }).waitFor({ state: "detached" });
  const row = pane.getByRole("button", { name: /Борис Лебедев/ });
  await server.login(boris);
  await row.click();
  await page.getByRole("menuitem", { name: "Сеансы", exact: true }).click();
  const sessions = page.getByRole("dialog", { name: /Сеансы: .Борис Лебедев/ });
  await sessions.getByRole("listitem").nth(1).waitFor();
  await look(page, "admin-sessions");
  await assertInside(page);
  await sessions
    .getByRole("button", { name: /Завершить сеанс/ })
    .first()
    .click();
  const one = page.getByRole("dialog", { name: "Завершить этот сеанс?" });
  await one.getByText(/Борис Лебедев.*придётся войти заново/).waitFor();
  await one.getByRole("button", { name: "Завершить", exact: true }).press("Enter");
  await sessions.getByRole("listitem").nth(1).waitFor({ state: "detached" });
  await page.setViewportSize({ width: 360, height: 640 });
  await assertInside(page);
  await look(page, "admin-sessions-360");
  await page.setViewportSize({ width: 1280, height: 800 });
  await sessions.getByRole("button", { name: "Завершить все сеансы" }).click();
  await page
    .getByRole("dialog", { name: /Завершить все сеансы: / })
    .getByRole("button", { name: "Завершить все сеансы" })
    .click();
  await sessions.getByText("Ни на одном устройстве входа нет").waitFor();
  await assert.rejects(server.call(boris, "GET", "/api/auth/me"), /revoked/);
  await page.keyboard.press("Escape");
  await row.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menu", { name: "Борис Лебедев" }).waitFor();
  await look(page, "admin-menu");
  await page.getByRole("menuitem", { name: "Закрыть доступ" }).focus();
  await page.keyboard.press("Enter");
  const question = page.getByRole("dialog", { name: /Закрыть доступ/ });
  await question.getByRole("button", { name: "Закрыть доступ" }).press("Enter");
  await row.getByText("доступ закрыт").waitFor();
  await assert.rejects(server.login(boris), /account_disabled/);
  await pane.getByRole("radio", { name: "Администраторы" }).check();
  await row.waitFor({ state: "detached" });
  await pane.getByRole("searchbox").fill("");
  await pane.getByRole("button", { name: /Ольга Котова/ }).click();
  await page.getByRole("menuitem", { name: "Снять права администратора" }).click();
  await page
    .getByRole("dialog", { name: /Снять права/ })
    .getByRole("button", { name: "Снять права" })
    .click();
  await page.locator(".toast").getByText("Больше никто не управляет сервером").waitFor(); // nobody else keeps the server
  await pane.getByRole("radio", { name: "Все" }).check();
  await pane.getByRole("button", { name: /Вера Соколова/ }).click();
  await page.getByRole("menuitem", { name: "Удалить учётную запись" }).click();
  const deletion = page.getByRole("dialog", { name: /Удалить учётную запись: .Вера Соколова/ });
  await look(page, "admin-delete");
  await assertInside(page);
  await deletion.getByRole("button", { name: "Удалить навсегда" }).click();
  await pane.getByRole("button", { name: /Вера Соколова/ }).waitFor({ state: "detached" });

  // what was done, and how much there is
  await pane.getByRole("radio", { name: "Журнал" }).check();
  await pane.getByText(/Доступ закрыт: .Борис Лебедев/).waitFor();
  await pane.getByText(/Учётная запись удалена: .Удалённый пользователь/).waitFor();
  await pane.getByText("Отозвано приглашение № 1").waitFor();
  await pane.getByText(/Завершён сеанс: .Борис Лебедев/).waitFor();
  await pane.getByText(/Завершены все сеансы: .Борис Лебедев/).waitFor();
  await look(page, "admin-audit");
  await pane.getByRole("radio", { name: "Объём" }).check();
  await pane.getByText("доступ закрыт: 1").waitFor();
  await look(page, "admin-sizes");
  await page.setViewportSize({ width: 360, height: 640 });
  for (const [name, picture] of [
    ["Люди", "people"],
    ["Приглашения", "invites"],
    ["Журнал", "audit"],
  ]) {
    await pane.getByRole("radio", { name }).check();
    await pane.getByRole("list", { name }).getByRole("listitem").first().waitFor();
    await assertInside(page);
    await look(page, `admin-${picture}-360`);
  }
  assertNoErrors({ name: "root", errors });
});

test(
  "who is shut out while they look at the page is sent to the door, and told why they cannot come in",
  { skip },
  async () => {
    const [server, browser] = await Promise.all([startServer(), launchChromium()]);
    const [, invite] = (await server.setupLink()).split("#");
    const root = await server.register("root", { invite });
    const { page, account } = await newPerson(browser, server, "boris", { displayName: "Борис Лебедев" });
    await server.call(root, "PATCH", `/api/admin/users/${account.user.id}`, { disabled: true });
    await page.getByRole("alert").filter({ hasText: "Сеанс завершён" }).waitFor();
    await page.getByLabel("Имя пользователя или почта").fill("boris");
    await page.getByLabel("Пароль", { exact: true }).fill(account.password);
    await page.getByRole("button", { name: "Войти", exact: true }).click();
    await page.getByRole("alert").filter({ hasText: "Учётная запись отключена" }).waitFor();
    await look(page, "admin-shut-out");
  },
);

test(
  "who keeps no server has no such page; who keeps a group makes links into it, and takes them back",
  { skip },
  async () => {
    const [server, browser] = await Promise.all([startServer(), launchChromium()]);
    const anna = await server.register("anna", { display_name: "Анна Белова" });
    const vera = await newPerson(browser, server, "vera", { displayName: "Вера Соколова" });
    const chatId = await server.group(vera.account, "Поход", anna);
    const { page } = vera;
    await page.keyboard.press("Control+,");
    await page.getByRole("tab", { name: "Сеансы" }).waitFor();
    assert.equal(await page.getByRole("tab", { name: "Управление" }).count(), 0);
    await page.keyboard.press("Escape");
    const links = await groupLinks(page, chatId, "Поход");
    const link = await links.made();
    await look(page, "group-invites");
    await assertInside(page);
    const boris = await newPerson(browser, server, "boris");
    await boris.page.goto(link);
    await boris.page.locator(`nav.side [data-chat="${chatId}"][aria-current=true]`).waitFor();
    await links.takenBack();
    await look(page, "group-invites-revoked");
    await server.call(boris.account, "DELETE", `/api/chats/${chatId}/members/${boris.id}`);
    await boris.page.goto(link);
    await boris.page.getByText("Приглашение не действует").waitFor();
    assertNoErrors(vera, boris);
  },
);

test(
  "a link for a new password is shown, also where the clipboard is shut; who was shut out comes in again",
  { skip },
  async () => {
    const server = await startServer();
    const [, invite] = (await server.setupLink()).split("#");
    const root = await server.register("root", { invite });
    const boris = await server.register("boris", { display_name: "Борис Лебедев" });
    await server.call(root, "PATCH", `/api/admin/users/${boris.user.id}`, { disabled: true });
    const browser = await launchChromium();
    const { page, errors } = await newPage(await newProfile(browser));
    await page.addInitScript(() => {
      Object.defineProperty(navigator, "clipboard", { value: { writeText: () => Promise.reject(new Error("shut")) } });
      document.execCommand = () => false;
    });
    await page.goto(server.url);
    await signIn(page, root);
    await page.keyboard.press("Control+,");
    await page.getByRole("tab", { name: "Управление" }).click();
    const pane = page.getByRole("tabpanel", { name: "Управление" });
    await pane.getByRole("radio", { name: "Люди" }).check();
    const row = pane.getByRole("button", { name: /Борис Лебедев/ });
    await row.click();
    await page.getByRole("menuitem", { name: "Открыть доступ" }).click();
    await row.getByText("доступ закрыт").waitFor({ state: "detached" });
    await row.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: "Ссылка для нового пароля" }).press("Enter");
    const dialog = page.getByRole("dialog", { name: /Новый пароль: .Борис Лебедев/ });
    const link = await dialog.getByLabel("Ссылка", { exact: true }).inputValue();
    assert.match(link, /^http:\/\/127\.0\.0\.1:\d+\/reset#[\w-]{22}$/);
    await dialog.getByRole("button", { name: "Копировать ссылку" }).click();
    await page.locator(".toast").waitFor();
    assert.equal(await page.locator(".toast").getByText(link.split("#")[1]).count(), 0, "no toast holds the secret");
    await look(page, "admin-reset-link");
    await page.setViewportSize({ width: 360, height: 480 });
    await assertInside(page);
    await look(page, "admin-reset-link-360");
    await dialog.getByRole("button", { name: "Готово" }).click();
    await dialog.waitFor({ state: "detached" });

    const { page: theirs, errors: faults } = await newPage(await newProfile(browser));
    await theirs.goto(link);
    await theirs.getByRole("textbox", { name: "Новый пароль", exact: true }).fill("a new long password");
    await theirs.getByRole("textbox", { name: "Новый пароль ещё раз" }).fill("a new long password");
    await theirs.getByRole("button", { name: "Задать пароль" }).click();
    await theirs.getByText("Новый пароль задан").waitFor();
    await server.login({ username: "boris", password: "a new long password" });
    for (const one of [
      { name: "root", errors },
      { name: "theirs", errors: faults },
    ]) {
      assertNoErrors(one);
    }
  },
);
