/** The log-in of the desktop app: the server's address is tried before it is kept, and what was typed stays. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { becomes, launchElectron, noElectron, openChat, say, startServer } from "../harness/harness.js";
import { look } from "../web/look.js";

test("another server is chosen, tried and kept; then one logs in there", { skip: noElectron() }, async () => {
  const server = await startServer();
  const anna = await server.register("anna", { display_name: "Анна Ковалёва" });
  const { page, userData, app, errors } = await launchElectron();
  /** @param {string} name */
  const box = (name) => page.getByRole("textbox", { name, exact: true });
  await page.getByText("http://localhost:8000").waitFor();
  await page.getByRole("button", { name: "Изменить", exact: true }).click();
  await box("Адрес сервера").fill("no such address");
  await page.getByRole("button", { name: "Проверить", exact: true }).click();
  await page.getByText("Адрес сервера выглядит как").waitFor();
  await look(page, "desktop-server-wrong");

  await box("Адрес сервера").fill(server.url.replace("http://", ""));
  await box("Имя пользователя или почта").fill("anna");
  await box("Пароль").fill(anna.password);
  const anew = page.waitForEvent("load");
  await page.getByRole("button", { name: "Войти", exact: true }).click();
  await anew;
  await page.getByText(server.url).waitFor();
  await becomes(() => box("Имя пользователя или почта").inputValue(), "anna");
  await becomes(() => box("Пароль").inputValue(), "");
  await page.getByText("вход сохранится в обычном файле").waitFor();
  await look(page, "desktop-login");
  await box("Пароль").fill(anna.password);
  await page.getByRole("button", { name: "Войти", exact: true }).click();
  await page.getByRole("navigation", { name: "Чаты", exact: true }).waitFor();

  const chat = await server.direct(anna, anna);
  await openChat(page, chat);
  await say(page, "себе");
  await page.getByRole("article").filter({ hasText: "Отправлено" }).waitFor();
  await look(page, "desktop-main");
  assert.deepEqual(errors, []);
  await app.close();

  const again = await launchElectron({ userData });
  await again.page.getByText(server.url).waitFor();
});
