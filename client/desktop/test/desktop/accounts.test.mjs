/**
 * What people do with accounts, in the app, with a real mail server: one start of the app, one test a flow, in their order.
 * The pages that letters lead to open in a browser, as they do for people.
 */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  chatRow,
  composer,
  launchChromium,
  launchElectron,
  messageRow,
  newPage,
  newPerson,
  newProfile,
  noChromium,
  noElectron,
  openChat,
  say,
  signIn,
  startPost,
  startServer,
} from "../harness/harness.js";
import {
  forgetsWithTime,
  groupLinks,
  hidesAndShows,
  keepsForAWeek,
  settings as openSettings,
  toldOfLogIns,
} from "../harness/accounts.js";
import { assertInside, look } from "../web/look.js";

const skip = noElectron() || noChromium();
const PASSWORD = "correct horse battery";
const NEW = "a new long password";

/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;
/** @type {Awaited<ReturnType<typeof startPost>>} */
let post;
/** @type {Awaited<ReturnType<typeof launchElectron>>} */
let it;
/** @type {import("playwright-core").Page} */
let page;
/** An invitation to the server, for as many as come. */
let invite = "";
/** Somebody who uses another program. @type {import("../harness/server.js").Account} */
let vera;

before(async () => {
  if (skip) return;
  post = await startPost();
  server = await startServer({ env: { ...post.env, VESTNIK_REGISTRATION: "invite" } });
  const [, code] = (await server.setupLink()).split("#");
  it = await launchElectron({ server, args: [`vestnik://setup/${code}`] });
  page = it.page;
});

/** @param {import("playwright-core").Page} from @param {string} name */
const box = (from, name) => from.getByRole("textbox", { name, exact: true });
/** @param {import("playwright-core").Page | import("playwright-core").Locator} from @param {string} name */
const button = (from, name) => from.getByRole("button", { name, exact: true });
/** @param {string | RegExp} name */
const dialog = (name) => page.getByRole("dialog", { name });

/** A link in another program, which starts the app again. @param {string} link */
const follow = (link) => it.app.evaluate(({ app }, to) => void app.emit("second-instance", {}, ["vestnik", to]), link);

/** @param {number} width @param {number} height */
async function resize(width, height) {
  await it.app.evaluate(
    ({ BrowserWindow }, [w, h]) => BrowserWindow.getAllWindows()[0].setContentSize(w, h),
    /** @type {const} */ ([width, height]),
  );
  // a window system may give a pixel less
  await becomes(() => page.evaluate((wanted) => Math.abs(innerWidth - wanted) <= 1, width), true);
}

/** @param {string} tab */
const settings = (tab) => openSettings(page, tab);
/** What was copied last. */
const copied = () => it.app.evaluate(({ clipboard }) => /** @type {any} */ (clipboard).readText());

/** @param {{username: string, name: string}} who */
async function register({ username, name }) {
  await page.locator("#auth-username").fill(username);
  await page.locator("#auth-display_name").fill(name);
  await page.locator("#auth-password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await button(page, "Новый чат").first().waitFor();
}

/** A letter's link, opened in a browser. @param {string} path */
async function browse(path) {
  const opened = await newPage(await newProfile(await launchChromium()));
  await opened.page.goto(server.url + path);
  return opened;
}

test("a link of the first start opens the app, and whoever registers by it keeps the server", { skip }, async () => {
  await page.getByRole("heading", { name: "Добро пожаловать" }).waitFor();
  await page.getByText("Вы станете первым администратором").waitFor();
  await look(page, "desktop-first");
  await register({ username: "root", name: "Ольга Котова" });
  const pane = await settings("Управление");
  await pane.getByRole("radio", { name: "Приглашения" }).check();
  await pane.getByLabel("Сколько человек").selectOption("10");
  await button(pane, "Создать ссылку").click();
  const link = await pane.getByLabel("Ссылка", { exact: true }).inputValue();
  invite = link.split("#")[1];
  await becomes(copied, link);
  vera = await server.register("vera", { display_name: "Вера Соколова", invite });
  const boris = await server.register("boris", { display_name: "Борис Лебедев", invite });

  await pane.getByRole("radio", { name: "Люди" }).check();
  const row = (/** @type {RegExp} */ name) => pane.getByRole("button", { name });
  await row(/Борис Лебедев/).click();
  await page.getByRole("menuitem", { name: "Сеансы", exact: true }).click();
  await dialog(/Сеансы: .Борис Лебедев/)
    .getByRole("listitem")
    .first()
    .waitFor();
  await look(page, "desktop-admin-sessions");
  await page.keyboard.press("Escape");
  await row(/Борис Лебедев/).click();
  await page.getByRole("menuitem", { name: "Закрыть доступ" }).click();
  await button(dialog(/Закрыть доступ/), "Закрыть доступ").click();
  await row(/Борис Лебедев/)
    .getByText("доступ закрыт")
    .waitFor();
  await assert.rejects(server.login(boris), /account_disabled/);
  await row(/Вера Соколова/).click();
  await page.getByRole("menuitem", { name: "Сделать администратором" }).click();
  await dialog(/Сделать администратором/)
    .locator("footer .btn:not(.btn--plain)")
    .click();
  await becomes(async () => (await server.call(vera, "GET", "/api/auth/me")).role, "admin");
  await look(page, "desktop-admin-people");

  await pane.getByRole("radio", { name: "Журнал" }).check();
  await pane.getByText(/Доступ закрыт: .Борис Лебедев/).waitFor();
  await pane.getByRole("radio", { name: "Объём" }).check();
  await pane.getByText("доступ закрыт: 1").waitFor();
  await resize(360, 640);
  for (const [name, picture] of [
    ["Люди", "people"],
    ["Приглашения", "invites"],
    ["Журнал", "audit"],
  ]) {
    await pane.getByRole("radio", { name }).check();
    await pane.getByRole("list", { name }).getByRole("listitem").first().waitFor();
    await assertInside(page);
    await look(page, `desktop-admin-${picture}-360`);
  }
  await resize(1280, 800);
  await page.keyboard.press("Escape");
});

test("an admin lets somebody in again by a link, signs them out, and takes back what was given", { skip }, async () => {
  const pane = await settings("Управление");
  const boris = { username: "boris", password: "one that boris chose" };
  const act = async (/** @type {RegExp} */ name, /** @type {string} */ item) => {
    await pane.getByRole("button", { name }).click();
    await page.getByRole("menuitem", { name: item, exact: true }).click();
  };
  const agree = (/** @type {RegExp} */ title) => dialog(title).locator("footer .btn:not(.btn--plain)").click();
  await act(/Борис Лебедев/, "Открыть доступ");
  await pane
    .getByRole("button", { name: /Борис Лебедев/ })
    .getByText("доступ закрыт")
    .waitFor({ state: "detached" });
  await act(/Борис Лебедев/, "Ссылка для нового пароля");
  const handed = dialog(/Новый пароль: .Борис Лебедев/);
  const link = await handed.getByLabel("Ссылка", { exact: true }).inputValue();
  await button(handed, "Копировать ссылку").click();
  await becomes(copied, link);
  await look(page, "desktop-reset-link");
  await page.keyboard.press("Escape");
  const { page: theirs, errors } = await browse(new URL(link).pathname + new URL(link).hash);
  await box(theirs, "Новый пароль").fill(boris.password);
  await box(theirs, "Новый пароль ещё раз").fill(boris.password);
  await button(theirs, "Задать пароль").click();
  await theirs.getByText("Новый пароль задан").waitFor();
  const again = await server.login(boris);
  await act(/Борис Лебедев/, "Завершить все сеансы");
  await agree(/Завершить все сеансы: /);
  await becomes(() => server.call(again, "GET", "/api/auth/me").then(String, String), /revoked/);
  await act(/Вера Соколова/, "Снять права администратора");
  await agree(/Снять права/);
  await becomes(async () => (await server.call(vera, "GET", "/api/auth/me")).role, undefined);
  await act(/Борис Лебедев/, "Удалить учётную запись");
  await agree(/Удалить учётную запись: /);
  await pane.getByRole("button", { name: /Борис Лебедев/ }).waitFor({ state: "detached" });
  await assert.rejects(server.login(boris), /invalid_credentials/);
  await page.keyboard.press("Escape");
  assertNoErrors({ name: "theirs", errors });
});

test(
  "a link into a group is made and another one taken back; one registers, and the first alone opens",
  { skip },
  async () => {
    const root = await server.login({ username: "root", password: PASSWORD });
    const hike = await server.group(root, "Поход", vera);
    const links = await groupLinks(page, hike, "Поход");
    const good = await links.made();
    await becomes(copied, good);
    const bad = await links.made();
    await links.takenBack();
    await look(page, "desktop-group-invites");
    await page.keyboard.press("Escape");
    await links.dialog.waitFor({ state: "detached" });
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });

    await settings("Профиль");
    await button(page, "Выйти").click();
    await page.locator("#auth-login").waitFor();
    await follow(`vestnik://join/${invite}`);
    await page.getByText("Вас пригласили").waitFor();
    await look(page, "desktop-invited");
    await register({ username: "anna", name: "Анна Белова" });
    await follow(`vestnik://join/${bad.split("#")[1]}`);
    await page.locator(".toast").getByText("Приглашение не действует").waitFor();
    assert.equal(await chatRow(page, hike).count(), 0);
    await follow(`vestnik://join/${good.split("#")[1]}`);
    await page.locator(`nav.side [data-chat="${hike}"][aria-current=true]`).waitFor();
    await server.call(root, "PATCH", `/api/chats/${hike}`, { writers: "admins" });
    await page.getByText("Здесь пишут только администраторы").waitFor();
    assert.equal(await composer(page).count(), 0);
    await look(page, "desktop-announcements");
  },
);

test("an address is confirmed and changed; a log-in elsewhere is told by a letter and ended", { skip }, async () => {
  await settings("Профиль");
  await box(page, "Почта").fill("anna@example.org");
  await button(page, "Сохранить").click();
  const asked = await post.next();
  assert.equal(asked.to, "anna@example.org");
  const confirming = await browse(asked.link);
  await button(confirming.page, "Подтвердить").click();
  await confirming.page.getByRole("status").filter({ hasText: "Почта подтверждена" }).waitFor();
  await page.keyboard.press("Escape");
  const account = await server.login({ username: "anna", password: PASSWORD });
  await post.next(); // of this one
  const elsewhere = async (/** @type {string} */ userAgent) => {
    const other = await server.login({ username: "anna", password: PASSWORD }, { "User-Agent": userAgent });
    return () => assert.rejects(server.call(other, "GET", "/api/auth/me"), /revoked/);
  };
  await toldOfLogIns(server, post, { page, account }, elsewhere, "desktop-sessions");

  await settings("Профиль");
  await box(page, "Почта").fill("new@example.org");
  await button(page, "Сохранить").click();
  const letters = [await post.next(), await post.next()];
  const [old, fresh] = ["anna@example.org", "new@example.org"].map((to) => letters.find((one) => one.to === to));
  assert.equal(old?.link, "", "a word, and nothing to open");
  const again = await browse(fresh?.link ?? "");
  await button(again.page, "Подтвердить").click();
  await again.page.getByRole("status").filter({ hasText: "Почта подтверждена" }).waitFor();
  await page.keyboard.press("Escape");
  assertNoErrors({ name: "confirming", errors: [...confirming.errors, ...again.errors] });
});

test("one hides from somebody, who hides nothing, and blocks them", { skip }, async () => {
  const anna = await server.login({ username: "anna", password: PASSWORD });
  const chat = await server.direct(vera, anna);
  await server.send(vera, chat, "Ты здесь?");
  const theirs = await newPerson(await launchChromium(), server, "vera", { account: vera });
  for (const one of [page, theirs.page]) await openChat(one, chat);
  await hidesAndShows(server, chat, { page, account: anna }, theirs, "desktop-hiding");
  assertNoErrors(theirs);
  await theirs.context.close();
  await button(page, "Меню чата").click();
  await page.getByRole("menuitem", { name: "Заблокировать…" }).click();
  await button(dialog(/Заблокировать: /), "Заблокировать").click();
  await page.locator(".composer--closed", { hasText: "Вы заблокировали собеседника" }).waitFor();
  await look(page, "desktop-blocked");
  await assert.rejects(server.send(vera, chat, "Ау"), /forbidden/);
  await button(page, "Разблокировать").click();
  await composer(page).waitFor();
});

test("what is too old goes, after the time of a group and that of the server", { skip }, async () => {
  const anna = await server.login({ username: "anna", password: PASSWORD });
  const [group, direct] = [await server.group(anna, "На неделю", vera), await server.direct(anna, vera)];
  await openChat(page, group);
  await keepsForAWeek(page, "desktop-retention");
  await forgetsWithTime(server, page, { group, direct }, vera, "desktop-forgotten");
  await resize(360, 640);
  await look(page, "desktop-forgotten-360");
  await resize(1280, 800);
  await openChat(page, direct);
});

test("signing out asks where something is unsent; a forgotten password is set anew by a letter", { skip }, async () => {
  const chat = Number(await page.locator("nav.side [aria-current=true]").getAttribute("data-chat"));
  await server.kill();
  await say(page, "Не ушло");
  await messageRow(page, "Не ушло").waitFor();
  await settings("Профиль");
  await button(page, "Выйти").click();
  const question = dialog("Выйти, не дождавшись отправки?");
  await question.getByText("1 сообщение не отправлено и будет удалено с этого компьютера").waitFor();
  await look(page, "desktop-sign-out");
  await button(question, "Выйти и удалить").click();
  await page.locator("#auth-login").waitFor();
  await server.start();
  await box(page, "Имя пользователя или почта").fill("anna");
  await button(page, "Забыли пароль?").click();
  await button(page, "Прислать ссылку").click();
  await page.getByText("письмо уже в пути").waitFor();
  await look(page, "desktop-forgot");
  const letters = [await post.next()];
  while (!letters.at(-1)?.link.startsWith("/reset#")) letters.push(await post.next()); // of log-ins from elsewhere
  assert.equal(letters.at(-1)?.to, "new@example.org");
  const setting = await browse(letters.at(-1)?.link ?? "");
  await box(setting.page, "Новый пароль").fill(NEW);
  await box(setting.page, "Новый пароль ещё раз").fill(NEW);
  await button(setting.page, "Задать пароль").click();
  await setting.page.getByText("Новый пароль задан").waitFor();
  await button(page, "Вернуться ко входу").click();
  await signIn(page, { username: "anna", password: NEW });
  await openChat(page, chat);
  await becomes(async () => (await server.items(vera, chat)).map(({ content }) => content), [`Новое в ${chat}`]);
  assertNoErrors({ name: "setting", errors: setting.errors });
});

test("an account is deleted from the app", { skip }, async () => {
  await settings("Профиль");
  await button(page, "Удалить").click();
  const question = dialog("Удалить учётную запись?");
  await look(page, "desktop-account-delete");
  await question.getByLabel("Текущий пароль").fill(NEW);
  await page.keyboard.press("Enter");
  await page.getByText("Учётная запись удалена").waitFor();
  await assert.rejects(server.login({ username: "anna", password: NEW }), /invalid_credentials/);
  assert.equal(await chatRow(page, 1).count(), 0);
  assertNoErrors({ name: "app", errors: it.errors });
});
