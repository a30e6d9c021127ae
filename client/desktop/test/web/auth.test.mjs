/** Log-in and registration as people meet them, by the names that their scripts use too. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertNoErrors,
  becomes,
  launchChromium,
  newPage,
  newProfile,
  noChromium,
  startServer,
  startWire,
} from "../harness/harness.js";
import { look } from "./look.js";

const skip = noChromium();
const PASSWORD = "correct horse battery";

/** @param {import("playwright-core").Page} page @param {string} name */
const box = (page, name) => page.getByRole("textbox", { name, exact: true });
/** @param {import("playwright-core").Page} page @param {string} name */
const button = (page, name) => page.getByRole("button", { name, exact: true });
/** What is said about a field. @param {import("playwright-core").Locator} field */
const note = (field) =>
  field.evaluate((element) => {
    const id = element.getAttribute("aria-describedby");
    return (id && document.getElementById(id)?.textContent?.trim()) ?? "";
  });

test("somebody registers; each mistake is told beside its field", { skip }, async () => {
  const server = await startServer();
  await server.register("taken");
  const profile = await newProfile(await launchChromium());
  const { page, errors } = await newPage(profile);
  await page.goto(server.url);
  await button(page, "Войти").waitFor();
  assert.equal(await page.getByText("Сервер", { exact: true }).count(), 0, "the server of the web face is fixed");
  await look(page, "auth-login");
  await button(page, "Регистрация").click();
  await look(page, "auth-register");

  await button(page, "Зарегистрироваться").click();
  await becomes(() => note(box(page, "Имя пользователя")), "Заполните это поле");
  await becomes(() => box(page, "Имя пользователя").evaluate((field) => field === document.activeElement), true);

  await box(page, "Имя пользователя").fill("вера");
  await box(page, "Имя для показа").fill("Вера Соколова");
  await box(page, "Пароль").fill("short");
  await button(page, "Зарегистрироваться").click();
  await page.getByText(/От 3 до 32 символов/u).waitFor();
  await becomes(() => note(box(page, "Имя пользователя")), /латиница/u);
  assert.equal(await box(page, "Имя пользователя").getAttribute("aria-invalid"), "true");
  await becomes(() => note(box(page, "Пароль")), /Не меньше 8 символов/u);
  await look(page, "auth-register-wrong");

  await box(page, "Имя пользователя").fill("taken");
  await box(page, "Пароль").fill(PASSWORD);
  await page.locator("input[name=password][aria-invalid=false]").waitFor(); // what is being corrected is not wrong
  await button(page, "Зарегистрироваться").click();
  await page.getByText("Это имя пользователя уже занято").waitFor();
  await becomes(() => note(box(page, "Имя пользователя")), "Это имя пользователя уже занято");

  await box(page, "Имя пользователя").fill("vera.sokolova");
  await box(page, "Почта").fill("vera@example.org");
  await box(page, "Пароль").press("Enter");
  await page.getByRole("navigation", { name: "Чаты", exact: true }).waitFor();
  await page.getByText("Вера Соколова").waitFor();
  assertNoErrors({ name: "vera", errors });
});

test("a wrong password is refused in words; by name or by mail, both log in", { skip }, async () => {
  const server = await startServer();
  await server.register("vera", { email: "vera@example.org" });
  const browser = await launchChromium();
  for (const login of ["vera", "vera@example.org", " VERA "]) {
    const profile = await newProfile(browser);
    const { page, errors } = await newPage(profile);
    await page.goto(server.url);
    await box(page, "Имя пользователя или почта").fill(login);
    await box(page, "Пароль").fill("not the password");
    await button(page, "Войти").click();
    await page.getByRole("alert").filter({ hasText: "Неверное имя пользователя или пароль" }).waitFor();
    if (login === "vera") await look(page, "auth-login-wrong");
    assert.equal(await box(page, "Имя пользователя или почта").inputValue(), login, "what was typed stays");
    await box(page, "Пароль").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByRole("navigation", { name: "Чаты", exact: true }).waitFor();
    assertNoErrors({ name: login, errors });
    await profile.close();
  }
});

test("a server that is away is told, and the same form goes through when it is back", { skip }, async () => {
  const server = await startServer();
  await server.register("vera");
  const wire = await startWire(server);
  const profile = await newProfile(await launchChromium());
  const { page, errors } = await newPage(profile);
  await page.goto(wire.url);
  await box(page, "Имя пользователя или почта").fill("vera");
  await box(page, "Пароль").fill(PASSWORD);
  await wire.cut();
  await button(page, "Войти").click();
  await page.getByRole("alert").filter({ hasText: "Нет соединения" }).waitFor();
  await look(page, "auth-login-offline");
  await wire.restore();
  await button(page, "Войти").click();
  await page.getByRole("navigation", { name: "Чаты", exact: true }).waitFor();
  assertNoErrors({ name: "vera", errors });
});

test("while it is asked nothing can be asked twice, and it is seen that something goes on", { skip }, async () => {
  const server = await startServer();
  await server.register("vera");
  const wire = await startWire(server);
  const profile = await newProfile(await launchChromium());
  const { page, errors } = await newPage(profile);
  let asked = 0;
  page.on("request", (request) => (asked += Number(request.url().endsWith("/api/auth/login"))));
  await page.goto(wire.url);
  await box(page, "Имя пользователя или почта").fill("vera");
  await box(page, "Пароль").fill(PASSWORD);
  wire.freeze();
  await button(page, "Войти").click();
  await button(page, "Входим…").waitFor();
  assert.equal(await box(page, "Пароль").evaluate((field) => /** @type {HTMLInputElement} */ (field).readOnly), true);
  await look(page, "auth-login-busy");
  await box(page, "Пароль").press("Enter");
  await button(page, "Входим…").click();
  wire.thaw();
  await page.getByRole("navigation", { name: "Чаты", exact: true }).waitFor();
  assert.equal(asked, 1);
  assertNoErrors({ name: "vera", errors });
});

test(
  "when many people log in it waits for its turn and says for how long; so does a new password",
  { skip },
  async () => {
    const server = await startServer();
    const vera = await server.register("vera");
    const { page, errors } = await newPage(await newProfile(await launchChromium()));
    await page.goto(server.url);
    /** Refused twice; the third time it goes on when `goOn` says so. @param {string} path @param {Promise<unknown>} goOn */
    const refusedTwice = async (path, goOn) => {
      let asked = 0;
      await page.route(`**${path}`, async (route) => {
        asked += 1;
        if (asked > 2) {
          await goOn;
          return route.continue();
        }
        const body = JSON.stringify({ code: "busy", status: 503, retry_after_ms: 4_000 });
        return route.fulfill({ status: 503, contentType: "application/problem+json", body });
      });
      return () => asked;
    };
    let seen = () => {};
    const goOn = /** @type {Promise<void>} */ (new Promise((resolve) => (seen = resolve)));
    const logins = await refusedTwice("/api/auth/login", goOn);
    await box(page, "Имя пользователя или почта").fill("vera");
    await box(page, "Пароль").fill(PASSWORD);
    const told = page
      .getByRole("status")
      .filter({ hasText: /Попробуем снова через [1-6] с/u })
      .waitFor(); // from now on: it stands there for seconds only
    await button(page, "Войти").click();
    await told;
    await button(page, "Входим…").waitFor();
    await look(page, "auth-waits");
    seen();
    await page.getByRole("navigation", { name: "Чаты", exact: true }).waitFor();
    assert.equal(logins(), 3);

    const changes = await refusedTwice("/api/auth/password", goOn);
    await page.keyboard.press("Control+,");
    await button(page, "Сменить").click();
    await box(page, "Текущий пароль").fill(PASSWORD);
    await box(page, "Новый пароль").fill("a new long password");
    await box(page, "Новый пароль ещё раз").fill("a new long password");
    await page.keyboard.press("Enter");
    await page.getByText("Пароль изменён").waitFor();
    await server.login({ ...vera, password: "a new long password" });
    assert.equal(changes(), 3);
    assert.deepEqual(
      errors.filter((error) => !error.includes("503")),
      [],
    );
  },
);

test("remembered where one wished it, and shown why when the session was ended elsewhere", { skip }, async () => {
  const server = await startServer();
  const vera = await server.register("vera");
  const browser = await launchChromium();
  /** @param {boolean} remember */
  const enter = async (remember) => {
    const profile = await newProfile(browser);
    const { page } = await newPage(profile);
    await page.goto(server.url);
    const remembered = page.getByRole("checkbox", { name: "Запомнить меня", exact: true });
    await becomes(() => remembered.isChecked(), false, "in a browser nothing is kept without consent");
    await page.getByText("Вход сохранится в этом браузере").waitFor();
    if (remember) await remembered.check();
    await box(page, "Имя пользователя или почта").fill("vera");
    await box(page, "Пароль").fill(PASSWORD);
    await button(page, "Войти").click();
    await page.getByRole("navigation", { name: "Чаты", exact: true }).waitFor();
    await page.reload();
    return page;
  };
  const forgotten = await enter(false);
  await forgotten.getByRole("navigation", { name: "Чаты", exact: true }).waitFor();
  const later = await forgotten.context().newPage();
  await forgotten.close();
  await later.goto(server.url);
  await button(later, "Войти").waitFor(); // with the tab it was over
  const kept = await enter(true);
  await kept.getByRole("navigation", { name: "Чаты", exact: true }).waitFor();

  const { sessions } = await server.call(vera, "GET", "/api/auth/sessions");
  for (const session of sessions.filter((/** @type {any} */ one) => !one.current)) {
    await server.call(vera, "DELETE", `/api/auth/sessions/${session.id}`);
  }
  await kept.getByRole("alert").filter({ hasText: "Сеанс завершён на другом устройстве" }).waitFor();
  await look(kept, "auth-ended");
});

test("English and back, and what was typed stays; the password can be looked at", { skip }, async () => {
  const server = await startServer();
  await server.register("anna");
  const profile = await newProfile(await launchChromium());
  const { page, errors } = await newPage(profile);
  await page.goto(server.url);
  await box(page, "Имя пользователя или почта").fill("vera");
  await box(page, "Пароль").fill("secret");
  await button(page, "Показать пароль").click();
  await page.locator("input[name=password][type=text]").waitFor();
  await button(page, "English").click();
  await box(page, "Username or email").waitFor();
  assert.equal(await box(page, "Username or email").inputValue(), "vera");
  await becomes(() => page.evaluate(() => document.documentElement.lang), "en");
  await look(page, "auth-login-en");
  await page.reload();
  await box(page, "Username or email").waitFor();
  await button(page, "Русский").click();
  await box(page, "Имя пользователя или почта").waitFor();
  assertNoErrors({ name: "page", errors });
});

test("at 420 and at 360 x 480 with the largest text the form is whole", { skip }, async () => {
  const server = await startServer();
  await server.register("anna");
  const browser = await launchChromium();
  for (const viewport of [
    { width: 420, height: 800 },
    { width: 360, height: 480 },
  ]) {
    const profile = await newProfile(browser, { viewport });
    const { page } = await newPage(profile);
    await page.goto(server.url);
    await button(page, "Регистрация").click();
    await page.evaluate(() => (document.documentElement.dataset.size = "xl"));
    await look(page, `auth-register-${viewport.width}`);
    await becomes(() => page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
    await button(page, "Зарегистрироваться").click();
    await becomes(() => note(box(page, "Имя пользователя")), "Заполните это поле");
    await profile.close();
  }
});
