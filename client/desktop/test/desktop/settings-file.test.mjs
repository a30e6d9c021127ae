/** Settings in the real window: what the system lacks is said, what it has can be switched, and both last. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { becomes, launchElectron, newUserData, noElectron, signIn, startServer } from "../harness/harness.js";
import { look } from "../web/look.js";

const skip = noElectron();

/** @param {import("playwright-core").Page} page @param {string} name */
async function openTab(page, name) {
  if ((await page.getByRole("dialog", { name: "Настройки" }).count()) === 0) await page.keyboard.press("Control+,");
  await page.getByRole("tab", { name }).click();
  await page.getByRole("tabpanel", { name }).waitFor();
}

test("what the system lacks is said, and what it has is kept", { skip }, async () => {
  const server = await startServer();
  const account = await server.register("vera", { display_name: "Вера Соколова" });
  const userData = newUserData();
  const first = await launchElectron({ server, userData });
  const { page } = first;
  await signIn(page, account);
  await page.getByRole("button", { name: "Новый чат" }).first().waitFor();
  const info = await page.evaluate(() => window.vestnik?.info());
  assert.ok(info);

  await openTab(page, "Приложение");
  await page.getByText("Этот компьютер").waitFor();
  const said = (/** @type {string} */ text) => async () => (await page.getByText(text).count()) > 0;
  await becomes(said("В этой системе нет хранилища паролей"), !info.keyring);
  await becomes(said("В этой системе нет области уведомлений"), !info.tray);
  await becomes(said("Эта система не даёт приложению запускаться самому"), !info.autostart);
  await becomes(() => page.getByRole("switch", { name: /Закрывать в область/ }).isDisabled(), !info.tray);
  await becomes(() => page.getByText(info.version, { exact: true }).count(), 1);
  await look(page, "desktop-settings");
  const spelling = page.getByRole("switch", { name: /Проверять правописание/ });
  const before = await spelling.isChecked();
  await spelling.click();
  await page.getByRole("switch", { name: /Проверять правописание/, checked: !before }).waitFor();
  await openTab(page, "Уведомления");
  await becomes(said("Эта система не показывает уведомлений"), !info.notifications);
  await look(page, "desktop-settings-notices");
  await openTab(page, "Оформление");
  await page.getByRole("radio", { name: "Тёмная" }).check();
  await page.waitForFunction(() => document.documentElement.dataset.theme === "dark");
  await look(page, "desktop-settings-chosen");
  await becomes(() => page.evaluate(async () => (await window.vestnik?.loadSettings())?.theme), "dark"); // it is written
  assert.deepEqual(first.errors, []);
  await first.app.close();

  const again = await launchElectron({ server, userData });
  await again.page.waitForFunction(() => document.documentElement.dataset.theme === "dark");
  const kept = await again.page.evaluate(() => window.vestnik?.loadSettings());
  assert.deepEqual([kept?.theme, kept?.spellcheck], ["dark", !before]);
  await again.app.close();
});
