/** Each page, opened by everybody that there is: what is theirs is shown, and nothing of what is not. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  chatRow,
  composer,
  launchChromium,
  newPage,
  newPerson,
  newProfile,
  noChromium,
  startServer,
} from "../harness/harness.js";

const skip = noChromium();
const CODE = "A".repeat(22);
const SECRET = "Тайный совет";

/** @typedef {"stranger" | "member" | "former" | "blocked" | "admin"} Role */

/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;
/** @type {Awaited<ReturnType<typeof launchChromium>>} */
let browser;
/** @type {import("../harness/server.js").Account} */
let owner;
/** @type {import("../harness/server.js").Account} */
let root;
let group = 0;

before(async () => {
  if (skip) return;
  [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const [, invite] = (await server.setupLink()).split("#");
  root = await server.register("root", { invite });
  owner = await server.register("owner", { display_name: "Ольга" });
  group = await server.group(owner, SECRET);
  await server.send(owner, group, "только для своих");
});

/** Which of these pages shows a chat's name or a text of it. @param {import("playwright-core").Page} page */
async function assertNothingShown(page) {
  for (const text of [SECRET, "только для своих"]) assert.equal(await page.getByText(text).count(), 0, text);
}

test("nobody: the pages of links ask who comes, and codes that are none open nothing", { skip }, async () => {
  const { page, errors } = await newPage(await newProfile(browser));
  const box = (/** @type {string} */ name) => page.getByRole("textbox", { name, exact: true });
  for (const [path, what] of [
    ["/", "#auth-login"],
    [`/#chat/${group}`, "#auth-login"],
    [`/join#${CODE}`, "#auth-username"],
    [`/setup#${CODE}`, "#auth-username"],
  ]) {
    await page.goto("about:blank");
    await page.goto(server.url + path);
    await page.locator(what).waitFor();
    await assertNothingShown(page);
  }
  await page.locator("#auth-username").fill("eve");
  await page.locator("#auth-display_name").fill("Ева");
  await page.locator("#auth-password").fill("correct horse battery");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "Приглашение" }).waitFor(); // on a server that is there for all
  await page.goto(`${server.url}/confirm#${CODE}`);
  await page.getByRole("button", { name: "Подтвердить" }).click();
  await page.getByRole("alert").waitFor();
  await page.goto(`${server.url}/reset#${CODE}`);
  await box("Новый пароль").fill("a new long password");
  await box("Новый пароль ещё раз").fill("a new long password");
  await page.getByRole("button", { name: "Задать пароль" }).click();
  await page.getByRole("alert").waitFor();
  await assert.rejects(server.login({ username: "eve", password: "correct horse battery" }), /invalid_credentials/);
  assertNoErrors({ name: "nobody", errors });
});

/** @type {Record<Role, {reads: boolean, writes: boolean, keeps: boolean}>} */
const MAY = {
  stranger: { reads: false, writes: false, keeps: false },
  member: { reads: true, writes: true, keeps: false },
  former: { reads: true, writes: false, keeps: false },
  blocked: { reads: true, writes: true, keeps: false }, // in the group; the direct chat: blocks.test.mjs
  admin: { reads: false, writes: false, keeps: true },
};

for (const role of /** @type {Role[]} */ (Object.keys(MAY))) {
  test(`${role}: the chat, its card, the settings, and links with codes`, { skip }, async () => {
    const account = role === "admin" ? root : await server.register(role);
    const { reads, writes, keeps } = MAY[role];
    const members = `/api/chats/${group}/members`;
    if (reads) await server.call(owner, "POST", members, { user_ids: [account.user.id] });
    if (role === "former") await server.call(owner, "DELETE", `${members}/${account.user.id}`);
    if (role === "blocked") await server.call(owner, "PUT", `/api/users/${account.user.id}/block`);
    const { page, errors } = await newPerson(browser, server, role, { account });
    await page.evaluate((id) => (location.hash = `#chat/${id}`), group);
    if (reads) {
      await page.getByRole("log").getByText("только для своих").waitFor();
      await becomes(async () => (await composer(page).count()) === 1, writes);
      await page.locator(".topbar__peer").click();
      const info = page.getByRole("dialog", { name: "О группе" });
      await info.getByRole("button", { name: /Ольга/ }).waitFor();
      for (const name of ["Добавить", "Изменить", "Пригласить", "Срок хранения", "Пишут админы"]) {
        assert.equal(await info.getByRole("button", { name }).count(), 0, name);
      }
      await page.keyboard.press("Escape");
    } else {
      await page.getByText("Чат не найден, или вы в нём не состоите").waitFor();
      assert.equal(await chatRow(page, group).count(), 0);
      await assertNothingShown(page);
    }
    await page.keyboard.press("Control+,");
    await page.getByRole("tab", { name: "Сеансы" }).waitFor();
    assert.equal(await page.getByRole("tab", { name: "Управление" }).count(), keeps ? 1 : 0);
    if (keeps) {
      await page.getByRole("tab", { name: "Управление" }).click();
      const pane = page.getByRole("tabpanel", { name: "Управление" });
      for (const part of ["Люди", "Приглашения", "Журнал", "Объём"]) {
        await pane.getByRole("radio", { name: part }).check();
        await pane.locator("[aria-busy=true]").waitFor({ state: "detached" });
        await assertNothingShown(page);
      }
    }
    for (const path of [`/join#${CODE}`, `/setup#${CODE}`]) {
      await page.goto("about:blank");
      await page.goto(server.url + path);
      await page.locator("nav.side").waitFor();
      if (path.startsWith("/join")) await page.locator(".toast").waitFor();
      await becomes(() => page.evaluate(() => location.pathname + location.hash), "/");
    }
    const me = await server.call(account, "GET", "/api/auth/me");
    assert.equal(me.role, keeps ? "admin" : undefined);
    assertNoErrors({ name: role, errors });
  });
}

test("who is shut out: each page is the door", { skip }, async () => {
  const account = await server.register("disabled");
  await server.call(owner, "POST", `/api/chats/${group}/members`, { user_ids: [account.user.id] });
  const { page, errors } = await newPerson(browser, server, "disabled", { account, remember: true });
  await server.call(root, "PATCH", `/api/admin/users/${account.user.id}`, { disabled: true });
  await page.getByRole("alert").filter({ hasText: "Сеанс завершён" }).waitFor();
  for (const path of ["/", `/#chat/${group}`, `/join#${CODE}`, `/setup#${CODE}`]) {
    await page.goto("about:blank");
    await page.goto(server.url + path);
    await page.locator("#auth-login, #auth-username").waitFor();
    await assertNothingShown(page);
  }
  assertNoErrors({ name: "disabled", errors });
});
