/** Messages are found by their words: from the list of chats and from within a chat, by keys, and gone to. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  launchChromium,
  messageRow,
  newPerson,
  noChromium,
  openChat,
  startServer,
} from "../harness/harness.js";
import { assertInside, look } from "./look.js";

const skip = noChromium();

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
});

test("a word in another form is found in any chat, by keys, and gone to far up in the log", { skip }, async () => {
  const account = await server.register("vera", { display_name: "Вера Соколова" });
  const boris = await server.register("boris", { display_name: "Борис Лебедев" });
  const direct = await server.direct(account, boris);
  const group = await server.group(account, "Маяк 2.4", boris);
  await server.send(boris, group, "Договорились о встрече у маяка");
  for (let n = 0; n < 120; n += 1) await server.send(boris, group, `Сообщение ${n}`);
  await server.send(boris, direct, "Встречу перенесли");
  const vera = await newPerson(browser, server, "vera", { account });
  const { page } = vera;
  await openChat(page, direct);
  await messageRow(page, "Встречу перенесли").waitFor();

  await page.getByRole("searchbox", { name: "Поиск" }).fill("встреча");
  const all = page.getByRole("button", { name: "Искать «встреча» в сообщениях" });
  await all.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Поиск по сообщениям" });
  const results = dialog.getByRole("option");
  await becomes(() => results.count(), 2);
  assert.deepEqual(await results.locator("mark").allTextContents(), ["Встречу", "встрече"]);
  await assertInside(page);
  await look(page, "find-messages");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await becomes(() => dialog.count(), 0);
  await messageRow(page, "Договорились о встрече у маяка").waitFor();
  await becomes(() => page.locator(".msg.is-found").getByText("Договорились о встрече у маяка").count(), 1);

  await page.keyboard.press("Control+F");
  await page.getByRole("searchbox", { name: "Найти в чате" }).fill("перенесли");
  await page.getByRole("button", { name: "Во всей переписке" }).click();
  await dialog.getByText("Ничего не найдено").waitFor();
  await dialog.getByRole("button", { name: /Искать во всех чатах/ }).click();
  await becomes(() => results.count(), 1);
  const field = dialog.getByRole("combobox", { name: "Слова из сообщения" });
  await field.fill("!?");
  await dialog.getByText("Введите хотя бы одно слово").waitFor();
  await page.keyboard.press("Escape");
  await becomes(() => dialog.count(), 0);
  assertNoErrors(vera);
});

test("many results come in parts", { skip }, async () => {
  const account = await server.register("anna", { display_name: "Анна Ковалёва" });
  const other = await server.register("oleg", { display_name: "Олег" });
  const chat = await server.group(account, "Отчёты", other);
  for (let n = 0; n < 25; n += 1) await server.send(other, chat, `Отчёт номер ${n}`);
  const anna = await newPerson(browser, server, "anna", { account });
  await openChat(anna.page, chat);
  await anna.page.getByRole("searchbox", { name: "Поиск" }).fill("отчёты");
  await anna.page.getByRole("button", { name: "Искать «отчёты» в сообщениях" }).click();
  const results = anna.page.getByRole("dialog").getByRole("option");
  await becomes(() => results.count(), 20);
  await anna.page.getByRole("button", { name: "Показать ещё" }).click();
  await becomes(() => results.count(), 25);
  assertNoErrors(anna);
});
