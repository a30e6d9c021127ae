/** A forgotten password and a confirmed address, from the letter of a real SMTP server to the page that its link opens. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertNoErrors,
  becomes,
  launchChromium,
  newPage,
  newPerson,
  newProfile,
  noChromium,
  signIn,
  startPost,
  startServer,
} from "../harness/harness.js";
import { settings, toldOfLogIns } from "../harness/accounts.js";
import { look } from "./look.js";

const skip = noChromium();
const NEW = "a new long password";

/** @param {import("playwright-core").Page} page @param {string} name */
const box = (page, name) => page.getByRole("textbox", { name, exact: true });
/** @param {import("playwright-core").Page} page @param {string} name */
const button = (page, name) => page.getByRole("button", { name, exact: true });

test("a log-in on another device is told by a letter, unless that is switched off", { skip }, async () => {
  const post = await startPost();
  const [server, browser] = await Promise.all([startServer({ env: post.env }), launchChromium()]);
  const anna = await newPerson(browser, server, "anna");
  await anna.page.keyboard.press("Control+,");
  await box(anna.page, "Почта").fill("anna@example.org");
  await button(anna.page, "Сохранить").click();
  const asked = await post.next();
  await anna.page.getByRole("tab", { name: "Сеансы" }).click();
  await anna.page.getByText("Приходит на подтверждённую почту").waitFor();
  const wanted = anna.page.getByRole("switch", { name: /Письмо о новом входе/ });
  await becomes(() => wanted.isChecked(), true);
  await look(anna.page, "login-letters-unconfirmed");

  const { page, errors } = await newPage(await newProfile(browser));
  await page.goto(server.url + asked.link);
  await button(page, "Подтвердить").click();
  await page.getByRole("status").filter({ hasText: "Почта подтверждена" }).waitFor();
  await anna.page.evaluate(() => void window.dispatchEvent(new Event("focus"))); // she looks at it again
  await anna.page.getByText("войдут с незнакомого устройства").waitFor();
  await anna.page.keyboard.press("Escape");

  const others = [{ name: "confirming", errors }];
  await toldOfLogIns(
    server,
    post,
    anna,
    async (userAgent) => {
      const other = await newPage(await newProfile(browser, { userAgent }));
      others.push({ name: userAgent, errors: other.errors });
      await other.page.goto(server.url);
      await signIn(other.page, anna.account);
      return () => other.page.getByRole("alert").filter({ hasText: "Сеанс завершён" }).waitFor();
    },
    "login-letters",
  );
  await anna.page.setViewportSize({ width: 360, height: 640 });
  await settings(anna.page, "Сеансы");
  await look(anna.page, "login-letters-360");
  assertNoErrors(anna, ...others);
});

test("an address is confirmed, a password forgotten and set anew, and the old session is over", { skip }, async () => {
  const post = await startPost();
  const [server, browser] = await Promise.all([startServer({ env: post.env }), launchChromium()]);
  const vera = await newPerson(browser, server, "vera");
  await vera.page.keyboard.press("Control+,");
  await box(vera.page, "Почта").fill("vera@example.org");
  await button(vera.page, "Сохранить").click();
  await vera.page.getByText("Пока не подтверждена").waitFor();
  await look(vera.page, "recovery-settings");
  await post.next();
  await button(vera.page, "Прислать письмо ещё раз").click();
  const asked = await post.next();
  assert.deepEqual([asked.to, asked.text.includes("@vera")], ["vera@example.org", true]);

  const profile = await newProfile(browser);
  const { page, errors } = await newPage(profile);
  await page.goto(server.url + asked.link);
  await button(page, "Подтвердить").waitFor();
  await look(page, "recovery-confirm");
  await button(page, "Подтвердить").click();
  await page.getByRole("status").filter({ hasText: "Почта подтверждена" }).waitFor();
  await look(page, "recovery-confirmed");
  await page.reload();
  await button(page, "Подтвердить").click();
  await page.getByRole("alert").filter({ hasText: "уже использована" }).waitFor();

  await page.goto(server.url);
  await box(page, "Имя пользователя или почта").fill("vera");
  await button(page, "Забыли пароль?").click();
  await becomes(() => box(page, "Имя пользователя или почта").inputValue(), "vera", "what was typed goes along");
  await look(page, "recovery-forgot");
  await button(page, "Прислать ссылку").click();
  await page.getByText("письмо уже в пути").waitFor();
  await look(page, "recovery-sent");

  const letter = await post.next();
  await page.goto(server.url + letter.link);
  await box(page, "Новый пароль").fill("short");
  await button(page, "Задать пароль").click();
  await page.getByText("Не меньше 8 символов").nth(0).waitFor();
  await box(page, "Новый пароль").fill(NEW);
  await box(page, "Новый пароль ещё раз").fill("another one");
  await button(page, "Задать пароль").click();
  await box(page, "Новый пароль ещё раз").and(page.locator("[aria-invalid=true]")).waitFor();
  await look(page, "recovery-reset-wrong");
  await box(page, "Новый пароль ещё раз").fill(NEW);
  await button(page, "Задать пароль").click();
  await page.getByText("Новый пароль задан").waitFor();
  await vera.page.getByRole("alert").filter({ hasText: "Сеанс завершён" }).waitFor();
  await button(page, "Перейти в Вестник").click();
  await signIn(page, { username: "vera", password: NEW });

  await page.goto(server.url + letter.link);
  await page.setViewportSize({ width: 360, height: 640 });
  await box(page, "Новый пароль").fill(NEW);
  await box(page, "Новый пароль ещё раз").fill(NEW);
  await button(page, "Задать пароль").click();
  await page.getByRole("alert").filter({ hasText: "уже использована" }).waitFor();
  await look(page, "recovery-used-360");
  assertNoErrors({ name: "page", errors }, { name: "vera", errors: vera.errors });
});

test("where no letters are sent it is told whom to ask; in English too", { skip }, async () => {
  const server = await startServer();
  await server.register("anna");
  const profile = await newProfile(await launchChromium());
  const { page, errors } = await newPage(profile);
  await page.goto(server.url);
  await page.route("**/api/server", (route) => route.abort()); // the page itself may ask it just now
  await button(page, "Забыли пароль?").click();
  await page.getByRole("alert").waitFor();
  await page.unroute("**/api/server");
  await button(page, "Повторить").click();
  await page.getByText("Обратитесь к администратору").waitFor();
  await look(page, "recovery-no-mail");
  await button(page, "English").click();
  await page.getByText("Turn to its administrator").waitFor();
  await button(page, "Back to sign-in").click();
  await box(page, "Username or email").waitFor();
  assertNoErrors({ name: "page", errors });
});
