/** One log-in after another in the same page: what belongs to the first goes with it, what was kept and for how long. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  assertNoErrors,
  becomes,
  chatRow,
  composer,
  launchChromium,
  messageRow,
  newPage,
  newPerson,
  newProfile,
  noChromium,
  openChat,
  say,
  signIn,
  startServer,
  startWire,
} from "../harness/harness.js";
import { assertInside, look } from "./look.js";

const skip = noChromium();

/** @param {import("playwright-core").Page} page */
async function signOut(page) {
  await page.keyboard.press("Control+,");
  await page.getByRole("button", { name: "Выйти", exact: true }).click();
  await page.locator("input[autocomplete=username]").waitFor();
}

/** What the browser keeps of people: profiles, and rows of the platform's own stores. @param {import("playwright-core").Page} page */
const keptOfPeople = (page) =>
  page.evaluate(async () => {
    const found = [];
    for (const { name = "" } of await indexedDB.databases()) {
      if (name !== "vestnik") found.push(name);
      const database = await new Promise((done, failed) => {
        const opening = indexedDB.open(name);
        opening.onsuccess = () => done(opening.result);
        opening.onerror = () => failed(opening.error);
      });
      for (const store of database.objectStoreNames) {
        const all = database.transaction(store).objectStore(store).getAll();
        const rows = await new Promise((done) => (all.onsuccess = () => done(all.result)));
        if (rows.length) found.push(`${name} ${store}`);
      }
      database.close();
    }
    return found;
  });

test("signed out and in again, the face begins anew", { skip }, async () => {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const boris = await server.register("boris", { display_name: "Борис" });
  const vera = await newPerson(browser, server, "vera");
  const { page, account } = vera;
  const chatId = await server.group(boris, "Поход", account);
  await server.send(boris, chatId, "идём в среду");
  await openChat(page, chatId);
  await page.getByText("2 участника").waitFor();
  await messageRow(page, "идём в среду").locator("article").focus();
  await page.keyboard.press("KeyR");
  await page.locator(".composer .strip, .composer [class*=strip]").first().waitFor();
  await page.keyboard.press("Control+F");
  await page.locator(".find input").fill("среду");
  await page.locator(".side__search input").fill("похо");

  await signOut(page);
  await signIn(page, account);
  assert.equal(await page.locator(".side__search input").inputValue(), "", "the search of the list is empty");
  await openChat(page, chatId);
  await page.getByText("2 участника").waitFor();
  assert.equal(await page.locator(".find").count(), 0, "nothing is being looked for");
  assert.equal(await page.locator(".composer [class*=strip]").count(), 0, "nothing is being answered");
  assertNoErrors(vera);
});

test("people download their own data", { skip }, async () => {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const anna = await newPerson(browser, server, "anna", { displayName: "Анна Белова" });
  const { page } = anna;
  const boris = await server.register("boris");
  const chatId = await server.direct(anna.account, boris);
  await server.send(boris, chatId, "слово Бориса");
  await page.keyboard.press("Control+,");
  await page.getByRole("tab", { name: "Профиль" }).click();
  await look(page, "export-row");
  await page.getByRole("button", { name: "Скачать мои данные" }).click();
  const dialog = page.getByRole("dialog", { name: "Скачать мои данные" });
  await look(page, "export");
  await page.setViewportSize({ width: 360, height: 640 });
  await assertInside(page);
  await look(page, "export-360");
  const password = dialog.getByLabel("Текущий пароль");
  await page.keyboard.press("Enter");
  await dialog.getByText("Заполните это поле").waitFor();
  await password.fill("не тот пароль");
  await page.keyboard.press("Enter");
  await dialog.getByText("Неверный текущий пароль").waitFor();
  await password.fill(anna.account.password);
  const coming = page.waitForEvent("download");
  const told = page.getByText("Архив скачивается").waitFor(); // from now on: it stands there for seconds only
  await page.keyboard.press("Enter");
  const got = await coming;
  assert.match(got.suggestedFilename(), /^vestnik-\d{4}-\d\d-\d\d\.zip$/u);
  const bytes = readFileSync(await got.path());
  assert.equal(bytes.subarray(0, 4).toString("latin1"), "PK\u0003\u0004");
  assert.ok(bytes.includes(`chats/${chatId}/messages.jsonl`));
  assert.equal(bytes.subarray(-22, -18).toString("latin1"), "PK\u0005\u0006", "to its end");
  await told;
  await becomes(() => dialog.count(), 0);

  for (let times = 0; times < 2; times += 1) {
    await server.call(anna.account, "POST", "/api/auth/me/export", { password: anna.account.password });
  }
  await page.getByRole("button", { name: "Скачать мои данные" }).click();
  await password.fill(anna.account.password);
  await page.keyboard.press("Enter");
  await dialog.getByText("Слишком много попыток. Подождите").waitFor();
  await look(page, "export-refused");
  assertNoErrors(anna);
});

test("an account is deleted: nothing of it stays here, and those who know it see that at once", { skip }, async () => {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const anna = await newPerson(browser, server, "anna", { displayName: "Анна Белова" });
  const boris = await newPerson(browser, server, "boris", { displayName: "Борис Лебедев" });
  const { page } = anna;
  const chatId = await server.direct(anna.account, boris.account);
  const group = await server.group(boris.account, "Поход", anna.account);
  const { seq } = await server.send(anna.account, chatId, "до встречи");
  await server.call(boris.account, "POST", `/api/chats/${group}/messages`, { forward: { chat_id: chatId, seq } });
  await openChat(page, chatId);
  await composer(page).fill("что осталось недописанным");
  await openChat(boris.page, group);
  await boris.page.getByText("Анна Белова").first().waitFor();

  await page.keyboard.press("Control+,");
  await page.getByRole("tab", { name: "Профиль" }).click();
  await page.getByRole("button", { name: "Удалить", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Удалить учётную запись?" });
  await look(page, "account-delete");
  await page.setViewportSize({ width: 360, height: 640 });
  await assertInside(page);
  await look(page, "account-delete-360");
  const password = dialog.getByLabel("Текущий пароль");
  await password.fill("не тот пароль");
  await page.keyboard.press("Enter");
  await dialog.getByText("Неверный текущий пароль").waitFor();
  await password.fill(anna.account.password);
  await page.keyboard.press("Enter");
  await page.getByText("Учётная запись удалена").waitFor();
  await page.locator("input[autocomplete=username]").waitFor();
  await becomes(() => keptOfPeople(page), []);

  await boris.page.getByText(/Переслано: Удалённый пользователь/).waitFor();
  await becomes(() => boris.page.getByText("Анна Белова").count(), 0);
  await chatRow(boris.page, chatId).click();
  await boris.page.getByText("Эта учётная запись удалена").waitFor();
  await look(boris.page, "account-deleted-peer");
  await boris.page.setViewportSize({ width: 360, height: 640 });
  await look(boris.page, "account-deleted-peer-360");
  assertNoErrors(anna, boris);
});

test(
  "not remembered: a reload stays signed in, the browser keeps nothing, a new tab's end is the end",
  { skip },
  async () => {
    const [server, browser] = await Promise.all([startServer(), launchChromium()]);
    const [vera, boris] = [await server.register("vera"), await server.register("boris")];
    const chatId = await server.direct(vera, boris);
    await server.send(boris, chatId, "привет");
    const wire = await startWire(server);
    const context = await newProfile(browser);
    const { page, errors } = await newPage(context);
    await page.goto(wire.url);
    await signIn(page, vera, { remember: false });
    await openChat(page, chatId);
    await page.reload();
    await page.locator("nav.side").waitFor();
    const { sessions } = await server.call(vera, "GET", "/api/auth/sessions");
    assert.equal(sessions.length, 2, "the registration's and this one: a reload is no log-in");

    await openChat(page, chatId);
    await messageRow(page, "привет").waitFor(); // else the log tells that it could not be had
    await wire.cut();
    await say(page, "не отправлено");
    await composer(page).fill("черновик");
    await messageRow(page, "не отправлено").waitFor();
    assert.deepEqual(await keptOfPeople(page), []);
    await wire.restore();
    await page.reload();
    await openChat(page, chatId);
    await becomes(() => composer(page).inputValue(), "черновик");
    await becomes(
      async () => (await server.items(vera, chatId)).map(({ content }) => content),
      ["привет", "не отправлено"],
    );
    assert.deepEqual(await keptOfPeople(page), []);

    // who is signed in in one tab is in the next one too; it goes on when the first is closed
    const next = await newPage(context);
    await next.page.goto(wire.url);
    await openChat(next.page, chatId);
    await page.close();
    await server.send(boris, chatId, "ты здесь?");
    await messageRow(next.page, "ты здесь?").waitFor();
    await next.page.close();
    const last = await newPage(context);
    await last.page.goto(wire.url);
    await last.page.locator("input[autocomplete=username]").waitFor();
    assertNoErrors({ name: "vera", errors: [...errors, ...next.errors, ...last.errors] });
  },
);

/** What stands there in each language, of a server that checks too many passwords, and of one that was asked too often. */
const WORDS = {
  ru: {
    busy: "Сервер сейчас проверяет много паролей. Повторите через 25 с",
    rate_limited: "Слишком много попыток. Подождите 2 мин",
    copy: "Скачать мои данные",
    end: "Удалить",
    reset: "Задать пароль",
  },
  en: {
    busy: "The server is checking many passwords right now. Try again in 25 s",
    rate_limited: "Too many attempts. Wait 2 min",
    copy: "Download my data",
    end: "Delete",
    reset: "Set the password",
  },
};

test("a server that is busy says for how long: to a new password, a copy of one's data, an end", { skip }, async () => {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const anna = await newPerson(browser, server, "anna");
  const { page, account } = anna;
  let code = /** @type {"busy" | "rate_limited"} */ ("busy");
  for (const path of ["/api/auth/me/export", "/api/auth/me", "/api/auth/reset/confirm"]) {
    await page.route(`**${path}`, (route) => {
      if (!["POST", "DELETE"].includes(route.request().method())) return route.continue();
      const [status, retry_after_ms] = code === "busy" ? [503, 25_000] : [429, 100_000];
      const body = JSON.stringify({ code, status, retry_after_ms });
      return route.fulfill({ status, contentType: "application/problem+json", body });
    });
  }
  /** @param {"ru" | "en"} language @param {string} picture */
  const refusedTwice = async (language, picture) => {
    for (code of /** @type {const} */ (["busy", "rate_limited"])) {
      await page.keyboard.press("Enter");
      await page.getByRole("alert").getByText(WORDS[language][code], { exact: true }).waitFor();
    }
    await look(page, `${picture}-${language}`);
  };
  for (const language of /** @type {const} */ (["ru", "en"])) {
    const { copy, end } = WORDS[language];
    await page.keyboard.press("Control+,");
    if (language === "en") {
      await page.getByRole("tab", { name: "Оформление" }).click();
      await page.getByLabel("Язык").selectOption("en");
      await page.getByRole("tab", { name: "Profile" }).click();
    }
    for (const [name, field] of /** @type {const} */ ([
      [copy, "export"],
      [end, "deletion"],
    ])) {
      await page.getByRole("button", { name, exact: true }).click();
      await page.locator(`#${field}-password`).fill(account.password);
      await refusedTwice(language, `busy-${field}`);
      assert.equal(
        await page.locator(`#${field}-password`).inputValue(),
        account.password,
        "it is sent again as it is",
      );
      await page.setViewportSize({ width: 360, height: 640 });
      await assertInside(page);
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.keyboard.press("Escape");
      await page.locator(`#${field}-password`).waitFor({ state: "detached" });
    }
    await page.goto(`${server.url}/reset#${"x".repeat(22)}`);
    for (const name of ["new_password", "again"]) await page.locator(`#door-${name}`).fill("a new long password");
    await page.getByRole("button", { name: WORDS[language].reset, exact: true }).waitFor();
    await refusedTwice(language, "busy-reset");
    await page.setViewportSize({ width: 360, height: 640 });
    await look(page, `busy-reset-${language}-360`);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(server.url);
    await page.locator("nav.side").waitFor();
  }
  await server.login(account); // it is there as before
  assertNoErrors(anna);
});
