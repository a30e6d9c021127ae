/** A link of an invitation that names another server than the app's: it asks, and the code goes there alone. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertNoErrors, becomes, launchElectron, noElectron, signIn, startServer } from "../harness/harness.js";
import { look } from "../web/look.js";

test("an invitation of another server is asked about, and leads there", { skip: noElectron() }, async () => {
  const [here, there] = await Promise.all([startServer(), startServer({ env: { VESTNIK_REGISTRATION: "invite" } })]);
  const anna = await here.register("anna");
  const [, first] = (await there.setupLink()).split("#");
  const root = await there.register("root", { invite: first });
  const { code } = await there.call(root, "POST", "/api/invites", {});
  const { page, app, errors } = await launchElectron({ server: here });
  /** Where the code was sent. @type {string[]} */
  const sent = [];
  page.on("request", (request) => {
    if (`${request.url()} ${request.postData() ?? ""}`.includes(code)) sent.push(new URL(request.url()).origin);
  });
  const follow = () =>
    app.evaluate(
      ({ app: it }, link) => void it.emit("second-instance", {}, ["vestnik", link]),
      `vestnik://join/${code}?server=${encodeURIComponent(there.url)}`,
    );
  const dialog = page.getByRole("dialog", { name: "Приглашение на другой сервер" });

  await signIn(page, anna);
  await follow();
  await dialog.getByText("выйдите и откройте ссылку ещё раз").waitFor();
  await look(page, "desktop-elsewhere-signed-in");
  await dialog.getByRole("button", { name: "Понятно" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.keyboard.press("Control+,");
  await page.getByRole("button", { name: "Выйти", exact: true }).click();
  await page.locator("#auth-login").waitFor();
  const sessions = async () => (await here.call(anna, "GET", "/api/auth/sessions")).sessions.length;
  await becomes(sessions, 1, "the registration's: the server was told");
  await follow();
  await dialog.getByText(there.url).first().waitFor();
  await look(page, "desktop-elsewhere");
  await dialog.getByRole("button", { name: "Отмена" }).click();
  await dialog.waitFor({ state: "detached" });
  assert.equal(await page.getByText("Вас пригласили").count(), 0);

  await follow();
  const anew = page.waitForEvent("load");
  await dialog.getByRole("button", { name: "Перейти" }).click();
  await anew;
  await page.getByText("Вас пригласили").waitFor();
  await page.getByText(there.url).waitFor();
  assert.deepEqual(sent, []);
  await page.locator("#auth-username").fill("vera");
  await page.locator("#auth-display_name").fill("Вера");
  await page.locator("#auth-password").fill("correct horse battery");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Новый чат" }).first().waitFor();
  await there.login({ username: "vera", password: "correct horse battery" });
  assert.deepEqual([...new Set(sent)], [there.url]);
  assertNoErrors({ name: "app", errors });
});
