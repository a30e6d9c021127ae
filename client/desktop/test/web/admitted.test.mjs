/** What a page says before anybody fills in a form: who may register on this server, and how. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertNoErrors,
  launchChromium,
  newPage,
  newProfile,
  noChromium,
  signIn,
  startServer,
} from "../harness/harness.js";
import { assertInside, look } from "./look.js";

const skip = noChromium();
const PASSWORD = "correct horse battery";

/** @param {import("playwright-core").Page} page @param {string} name */
const button = (page, name) => page.getByRole("button", { name, exact: true });

/** @param {import("playwright-core").Page} page @param {string} name of the pictures, here and on the smallest window */
async function lookAtBoth(page, name) {
  await look(page, name);
  await page.setViewportSize({ width: 360, height: 480 });
  await assertInside(page);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  await look(page, `${name}-360`);
  await page.setViewportSize({ width: 1280, height: 800 });
}

/** @param {Awaited<ReturnType<typeof startServer>>} server */
async function visit(server) {
  const { page, errors } = await newPage(await newProfile(await launchChromium()));
  await page.goto(server.url);
  return { page, errors };
}

test("an empty server sends people to the link of the first start, and has a log-in after it", { skip }, async () => {
  const server = await startServer();
  const { page, errors } = await visit(server);
  await page.getByRole("heading", { name: "Добро пожаловать" }).waitFor();
  await page.getByText("На этом сервере ещё никого нет").waitFor();
  assert.equal(await page.locator("form").count(), 0);
  await lookAtBoth(page, "empty-server");
  await button(page, "English").click();
  await page.getByText("Nobody is on this server yet").waitFor();
  await look(page, "empty-server-en");
  await button(page, "Русский").click();

  const first = await newPage(await newProfile(await launchChromium()));
  await first.page.goto(await server.setupLink());
  await first.page.locator("#auth-username").fill("root");
  await first.page.locator("#auth-display_name").fill("Ольга Котова");
  await first.page.locator("#auth-password").fill(PASSWORD);
  await first.page.keyboard.press("Enter");
  await button(first.page, "Новый чат").first().waitFor();

  await button(page, "Войти").click();
  await button(page, "Регистрация").click(); // there is somebody now, and the mode is open
  await page.locator("#auth-username").waitFor();
  await button(page, "Войти").click();
  await signIn(page, { username: "root", password: PASSWORD });
  for (const one of [
    { name: "page", errors },
    { name: "first", errors: first.errors },
  ]) {
    assertNoErrors(one);
  }
});

test("where one comes by invitation there is no form but with one", { skip }, async () => {
  const server = await startServer({ env: { VESTNIK_REGISTRATION: "invite" } });
  const [, code] = (await server.setupLink()).split("#");
  const root = await server.register("root", { invite: code });
  const invite = await server.call(root, "POST", "/api/invites", {});
  const { page, errors } = await visit(server);
  await page.locator("#auth-login").waitFor();
  await button(page, "Регистрация").click();
  await page.getByText("На этом сервере регистрируются по приглашению").waitFor();
  assert.equal(await page.locator("input").count(), 0);
  await lookAtBoth(page, "register-invite");
  await button(page, "Войти").click();
  await page.locator("#auth-login").waitFor();
  await page.goto(`${server.url}/join#${invite.code}`);
  await page.getByText("Вас пригласили").waitFor();
  await lookAtBoth(page, "join");
  await page.locator("#auth-username").fill("vera");
  await page.locator("#auth-display_name").fill("Вера");
  await page.locator("#auth-password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await button(page, "Новый чат").first().waitFor();
  assertNoErrors({ name: "page", errors });
});

test("where registration is closed it says whom to ask, by an invitation too", { skip }, async () => {
  const server = await startServer({ env: { VESTNIK_REGISTRATION: "closed" } });
  const [, code] = (await server.setupLink()).split("#");
  const root = await server.register("root", { invite: code });
  const invite = await server.call(root, "POST", "/api/invites", {});
  const { page, errors } = await visit(server);
  await button(page, "Регистрация").click();
  await page.getByText("Регистрация на этом сервере закрыта").waitFor();
  assert.equal(await page.locator("input").count(), 0);
  await lookAtBoth(page, "register-closed");
  const { page: other, errors: faults } = await newPage(await newProfile(await launchChromium()));
  await other.goto(`${server.url}/join#${invite.code}`);
  await other.getByText("Регистрация на этом сервере закрыта").waitFor();
  await button(other, "Войти").click();
  await other.locator("#auth-login").waitFor();
  for (const one of [
    { name: "page", errors },
    { name: "other", errors: faults },
  ]) {
    assertNoErrors(one);
  }
});
