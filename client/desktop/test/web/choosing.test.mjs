/** Choosing several messages, links to messages, and names after `@`: by mouse and by keys. */

import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  chatRow,
  composer,
  launchChromium,
  messageRow,
  messageRows,
  newPerson,
  noChromium,
  openChat,
  startServer,
  startWire,
} from "../harness/harness.js";
import { png } from "../harness/made-files.js";
import { assertInside, look, lookWideAndNarrow } from "./look.js";

const skip = noChromium();

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;
/** @type {import("../harness/browser.js").Person} */
let vera;
/** @type {import("../harness/server.js").Account} */
let boris;
let chatId = 0;
let serial = 0;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
});

beforeEach(async () => {
  if (skip) return;
  serial += 1;
  const account = await server.register(`vera${serial}`, { display_name: "Вера Соколова" });
  boris = await server.register(`boris${serial}`, { display_name: "Борис Лебедев" });
  const anna = await server.register(`anna${serial}`, { display_name: "Анна Ковалёва" });
  chatId = await server.group(account, "Маяк 2.4", boris, anna);
  for (const text of ["Первое", "Второе", "Третье"]) await server.send(boris, chatId, text);
  const options = { permissions: ["clipboard-read", "clipboard-write"] };
  vera = await newPerson(browser, server, account.username, { account, options });
  await openChat(vera.page, chatId);
  await messageRow(vera.page, "Третье").waitFor();
});

const copied = () => vera.page.evaluate(() => navigator.clipboard.readText());
/** @param {string} text */
const body = (text) => messageRow(vera.page, text).locator("article");
/** @param {string} name */
const item = (name, page = vera.page) => page.getByRole("menuitem", { name, exact: true });

test("several are chosen by mouse, copied with names and times, and deleted", { skip }, async () => {
  const { page } = vera;
  await body("Первое").click({ button: "right" });
  await item("Выбрать сообщения").click();
  const bar = page.getByRole("toolbar", { name: "Выбранные сообщения" });
  await bar.getByText("Выбрано: 1").waitFor();
  await body("Третье").click({ modifiers: ["Shift"] });
  await bar.getByText("Выбрано: 3").waitFor();
  await messageRow(page, "Второе").getByRole("checkbox").click();
  await bar.getByText("Выбрано: 2").waitFor();
  await look(page, "choosing");
  await bar.getByRole("button", { name: "Копировать" }).click();
  await becomes(copied, /^\[\d\d\.\d\d\.\d{4}, \d\d:\d\d\] Борис Лебедев: Первое\n\[.*\] Борис Лебедев: Третье$/u);
  await bar.waitFor({ state: "detached" });

  await page.setViewportSize({ width: 360, height: 640 });
  await body("Первое").click({ button: "right" });
  await item("Выбрать сообщения").click();
  await body("Второе").click();
  await look(page, "choosing-360");
  await bar.getByRole("button", { name: "Удалить" }).click();
  await page.getByRole("dialog", { name: "Удалить 2 сообщения?" }).waitFor();
  await page.getByRole("button", { name: "Удалить у всех" }).click();
  await becomes(() => messageRow(page, "Сообщение удалено").count(), 2);
  await becomes(async () => {
    const items = await server.items(boris, chatId);
    return items.filter(({ deleted }) => deleted).length;
  }, 2);
  assertNoErrors(vera);
});

test("several are chosen by keys alone: Space, arrows, Ctrl+C, Esc", { skip }, async () => {
  const { page } = vera;
  const { keyboard } = page;
  await page.getByRole("log").focus();
  await keyboard.press("ArrowUp");
  await keyboard.press("Space");
  await page.locator("[data-said]", { hasText: "Выбрано: 1" }).waitFor({ state: "attached" });
  await keyboard.press("ArrowUp");
  await keyboard.press("Space");
  await page.getByText("Выбрано: 2").first().waitFor();
  await keyboard.press("Control+c");
  await becomes(copied, /Второе\n.*Третье$/u);
  await page.getByRole("log").focus();
  await keyboard.press("ArrowUp");
  await keyboard.press("Space");
  await page.getByRole("toolbar", { name: "Выбранные сообщения" }).waitFor();
  await keyboard.press("Escape");
  await page.getByRole("toolbar", { name: "Выбранные сообщения" }).waitFor({ state: "detached" });
  assertNoErrors(vera);
});

test("what was chosen stays chosen when the log shows another part of the chat", { skip }, async () => {
  const { page } = vera;
  for (let count = 0; count < 540; count += 20) {
    const texts = Array.from({ length: 20 }, (_, at) => `Между ${count + at}`);
    await Promise.all(texts.map((text) => server.send(boris, chatId, text)));
  }
  for (const text of ["Предпоследнее", "Последнее"]) await server.send(boris, chatId, text);
  await chatRow(page, chatId).getByText("Последнее").waitFor();
  await page.evaluate((id) => (location.hash = `#chat/${id}/1`), chatId);
  await becomes(() => page.evaluate(() => document.activeElement?.closest("li")?.dataset.seq), "1");
  await page.keyboard.press("Space");
  const bar = page.getByRole("toolbar", { name: "Выбранные сообщения" });
  await bar.getByText("Выбрано: 1").waitFor();
  await page.evaluate((id) => (location.hash = `#chat/${id}/545`), chatId);
  await becomes(() => page.evaluate(() => document.activeElement?.closest("li")?.dataset.seq), "545");
  assert.equal(await messageRow(page, "Первое").count(), 0, "it is not there any more");
  await page.keyboard.press("Space");
  await bar.getByText("Выбрано: 2").waitFor();
  await bar.getByRole("button", { name: "Копировать" }).click();
  await becomes(copied, /Борис Лебедев: Первое\n.*Борис Лебедев: Последнее$/u);

  await page.keyboard.press("Escape");
  await body("Последнее").click({ button: "right" });
  await item("Выбрать сообщения").click();
  await body("Предпоследнее").click();
  await bar.getByText("Выбрано: 2").waitFor();
  await server.call(boris, "DELETE", `/api/chats/${chatId}/messages/544`);
  await bar.getByText("Выбрано: 1").waitFor();
  assertNoErrors(vera);
});

test(
  "a hundred messages are chosen at most: the next one is refused with words, and none leaves for it",
  { skip },
  async () => {
    const { page } = vera;
    await Promise.all(Array.from({ length: 101 }, (_, at) => server.send(boris, chatId, `Много ${at}`)));
    await page.evaluate((id) => (location.hash = `#chat/${id}/4`), chatId);
    const focused = () => page.evaluate(() => document.activeElement?.closest("li")?.dataset.seq);
    await becomes(focused, "4");
    await page.keyboard.press("Space");
    const bar = page.getByRole("toolbar", { name: "Выбранные сообщения" });
    await bar.getByText("Выбрано: 1").waitFor();
    const row = (/** @type {number} */ seq) => page.locator(`.log li[data-seq="${seq}"]`);
    while ((await row(104).count()) === 0) {
      const seq = Number(await page.locator(".log li[data-seq]").last().getAttribute("data-seq"));
      await row(seq).scrollIntoViewIfNeeded();
      await row(Math.min(seq + 1, 104)).waitFor();
    }
    const told = page.getByText("Выбрать можно не больше 100 сообщений").waitFor(); // from now on: for seconds only
    await row(104)
      .getByRole("article")
      .click({ modifiers: ["Shift"] });
    await bar.getByText("Выбрано: 100").waitFor();
    await told;
    await becomes(() => row(104).getByRole("checkbox").isChecked(), false);
    await becomes(() => row(103).getByRole("checkbox").isChecked(), true);
    await page.getByText("Выбрать можно не больше 100 сообщений").waitFor({ state: "detached" });
    await row(104).getByRole("checkbox").click();
    await page.getByText("Выбрать можно не больше 100 сообщений").waitFor();
    await look(page, "choosing-full");
    await becomes(() => row(104).getByRole("checkbox").isChecked(), false);
    await server.call(boris, "DELETE", `/api/chats/${chatId}/messages/103`);
    await bar.getByText("Выбрано: 99").waitFor();
    await row(104).getByRole("checkbox").click();
    await bar.getByText("Выбрано: 100").waitFor();
    await bar.getByRole("button", { name: "Копировать" }).click();
    await becomes(async () => (await copied()).split("\n").length, 100);
    assert.match(await copied(), /^\[.*\] Борис Лебедев: Много \d/u);
    assertNoErrors(vera);
  },
);

test("a link to a message leads there, and says where one may not go", { skip }, async () => {
  const { page } = vera;
  await body("Первое").click({ button: "right" });
  await item("Копировать ссылку").click();
  await becomes(copied, `${server.url}/#chat/${chatId}/1`);
  for (let count = 0; count < 60; count += 1) await server.send(boris, chatId, `Ещё ${count}`);
  await page.getByText("Ещё 59", { exact: true }).first().waitFor();
  await page.evaluate((id) => (location.hash = `#chat/${id}/1`), chatId);
  await becomes(() => page.evaluate(() => document.activeElement?.closest("li")?.dataset.seq), "1");
  await becomes(() => page.evaluate(() => location.hash), "");
  await page.evaluate((id) => (location.hash = `#chat/${id}/9999`), chatId);
  await page.getByText("Сообщение не найдено").waitFor();
  await page.evaluate(() => (location.hash = "#chat/999999/1"));
  await page.getByText("Чат не найден, или вы в нём не состоите").waitFor();
  assertNoErrors(vera);
});

test("a name is completed after @, by keys and by mouse; Esc closes the list and nothing else", { skip }, async () => {
  const { page } = vera;
  const { keyboard } = page;
  const list = page.getByRole("listbox", { name: "Кого упомянуть" });
  await composer(page).focus();
  await keyboard.type("@");
  await list.waitFor();
  await becomes(() => list.getByRole("option").count(), 3);
  await look(page, "mentions");
  await assertInside(page);
  await keyboard.press("ArrowDown");
  await becomes(() => composer(page).getAttribute("aria-activedescendant"), "mention-1");
  await keyboard.press("Enter");
  await becomes(() => composer(page).inputValue(), `@boris${serial} `);
  await list.waitFor({ state: "detached" });
  await keyboard.type("и @anna");
  await list.getByRole("option", { name: /Анна/u }).click();
  await becomes(() => composer(page).inputValue(), `@boris${serial} и @anna${serial} `);
  await becomes(() => page.evaluate(() => document.activeElement?.id), "compose");
  await keyboard.type("@v");
  await keyboard.press("Backspace");
  await list.waitFor();
  await keyboard.press("Escape");
  await list.waitFor({ state: "detached" });
  await becomes(() => composer(page).inputValue(), `@boris${serial} и @anna${serial} @`);
  await keyboard.press("Backspace");
  await keyboard.press("Enter");
  await becomes(async () => (await server.items(boris, chatId)).at(-1).content, `@boris${serial} и @anna${serial}`);
  assertNoErrors(vera);
});

test("a name that was completed is taken back by Ctrl+Z, and then what was typed", { skip }, async () => {
  const { page } = vera;
  const { keyboard } = page;
  const list = page.getByRole("listbox", { name: "Кого упомянуть" });
  await composer(page).focus();
  await keyboard.type("да @ и");
  for (const key of ["ArrowLeft", "ArrowLeft"]) await keyboard.press(key);
  await keyboard.type("bor");
  await list.waitFor();
  await keyboard.press("Enter");
  await becomes(() => composer(page).inputValue(), `да @boris${serial} и`);
  await list.waitFor({ state: "detached" });
  await keyboard.type("я");
  await becomes(() => composer(page).inputValue(), `да @boris${serial} яи`);
  for (const text of [`да @boris${serial} и`, "да @bor и"]) {
    await keyboard.press("Control+z");
    await becomes(() => composer(page).inputValue(), text);
  }
  await keyboard.press("Control+a");
  await keyboard.press("Delete");
  assertNoErrors(vera);
});

test("messages are forwarded to several chats, found by name", { skip }, async () => {
  const { page } = vera;
  const direct = await server.direct(vera.account, boris);
  await server.send(boris, direct, "Здравствуйте");
  await page.locator("nav.side .row", { hasText: "Борис Лебедев" }).waitFor();
  await body("Второе").click({ button: "right" });
  await item("Переслать").click();
  const dialog = page.getByRole("dialog", { name: "Переслать" });
  await dialog.getByRole("searchbox").fill("бор");
  await dialog.getByRole("searchbox").press("Enter");
  await lookWideAndNarrow(page, "forward");
  await assertInside(page);
  await dialog.getByRole("button", { name: "Переслать", exact: true }).click();
  await page.getByText("Переслано 1 сообщение").waitFor();
  await becomes(async () => (await server.items(boris, direct)).at(-1).content, "Второе");
  await openChat(page, direct);
  await messageRow(page, "Второе").getByText("Переслано: ").waitFor();
  await lookWideAndNarrow(page, "forwarded");
  await openChat(page, chatId);

  const saved = await server.direct(vera.account, vera.account);
  await page.locator("nav.side .row", { hasText: "Сохранённые" }).waitFor();
  await body("Первое").click({ button: "right" });
  await item("Выбрать сообщения").click();
  await body("Третье").click();
  await page.getByRole("toolbar", { name: "Выбранные сообщения" }).getByRole("button", { name: "Переслать" }).click();
  for (const title of ["Борис Лебедев", "Сохранённые сообщения"]) await dialog.getByText(title).click();
  await dialog.getByRole("button", { name: "Переслать в 2 чата" }).click();
  await page.getByText("Переслано 2 сообщения").waitFor();
  for (const id of [direct, saved]) {
    await becomes(async () => {
      const last = (await server.items(vera.account, id)).slice(-2);
      return last.map(({ content, forwarded }) => [content, forwarded?.display_name]);
    }, [["Первое", "Борис Лебедев"], ["Третье", "Борис Лебедев"]]); // prettier-ignore
  }
  assertNoErrors(vera);
});

test("a picture without words is named, and can be done with, as any other message", { skip }, async () => {
  const { page, account } = vera;
  const named = "Изображение: вид.png";
  const files = [await server.upload(account, "вид.png", png(480, 320)), await server.upload(account, "ещё.png", png(480, 320, 9))]; // prettier-ignore
  await server.send(account, chatId, "", { attachments: [files[0].id] });
  await server.send(account, chatId, "", { attachments: [files[1].id] });
  const picture = messageRows(page).filter({ has: page.getByRole("button", { name: "вид.png" }) });
  const menuOf = () => picture.locator("article").click({ button: "right" });

  await menuOf();
  await item("Ответить").click();
  await page.locator(".strip").getByText(named).waitFor();
  await page.keyboard.press("Escape");
  await menuOf();
  await item("Закрепить").click();
  await page.locator(".pinbar").getByText(named).waitFor();
  await messageRows(page).filter({ has: page.getByRole("button", { name: "ещё.png" }) }).locator("article").click({ button: "right" }); // prettier-ignore
  await item("Закрепить").click();
  await page.getByRole("button", { name: "Все: 2" }).click();
  await page.getByRole("dialog", { name: "Закреплённые сообщения" }).getByText(named).waitFor();
  await look(page, "pins-files");
  await page.keyboard.press("Escape");

  await menuOf();
  await item("Выбрать сообщения").click();
  const bar = page.getByRole("toolbar", { name: "Выбранные сообщения" });
  await messageRows(page).getByRole("button", { name: "ещё.png" }).click(); // which opens nothing now
  await bar.getByText("Выбрано: 2").waitFor();
  await bar.getByRole("button", { name: "Копировать" }).click();
  await becomes(copied, /Вера Соколова: \[вид\.png, .*\]\n\[.*\] Вера Соколова: \[ещё\.png, .*\]$/u);

  await menuOf();
  await item("Изменить").click();
  await page.locator(".strip").getByText(named).waitFor();
  await look(page, "editing-file");
  await page.keyboard.type("Подпись");
  await page.keyboard.press("Enter");
  await picture.getByText("Подпись", { exact: true }).waitFor();
  await becomes(async () => (await server.items(boris, chatId)).find(({ content }) => content === "Подпись")?.attachments.length, 1); // prettier-ignore
  // Up leads to the last one of one's own, which has no words either
  await composer(page).focus();
  await page.keyboard.press("ArrowUp");
  await page.locator(".strip").getByText("Изображение: ещё.png").waitFor();
  await page.keyboard.press("Escape");
  assertNoErrors(vera);
});

test("what is forwarded while there is no link shows its files and whose it is", { skip }, async () => {
  const direct = await server.direct(vera.account, boris);
  await server.send(boris, direct, "Здравствуйте");
  const { id } = await server.upload(boris, "вид.png", png(480, 320));
  await server.send(boris, chatId, "", { attachments: [id] });
  const secret = await server.send(boris, chatId, "Лишнее слово");
  const wire = await startWire(server);
  const away = await newPerson(browser, server, vera.name, { account: vera.account, url: wire.url });
  const { page } = away;
  await openChat(page, direct);
  await messageRow(page, "Здравствуйте").waitFor();
  await openChat(page, chatId);
  const picture = messageRows(page).filter({ has: page.getByRole("button", { name: "вид.png" }) });
  await picture.locator("img").waitFor();
  await wire.cut();
  await page.getByRole("status").filter({ hasText: "Нет соединения" }).waitFor();
  await picture.locator("article").click({ button: "right" });
  await item("Переслать", page).click();
  const dialog = page.getByRole("dialog", { name: "Переслать" });
  await dialog.getByText("Изображение: вид.png").waitFor();
  await dialog.getByText("Борис Лебедев").click();
  await dialog.getByRole("button", { name: "Переслать", exact: true }).click();
  await page.locator(`nav.side [data-chat="${direct}"]`).getByText("Изображение: вид.png").waitFor();
  await openChat(page, direct);
  await picture
    .filter({ hasText: "В очереди" })
    .getByText(/Переслано: .*Борис Лебедев/u)
    .waitFor();
  await picture.locator("img").waitFor(); // as it is here already
  await lookWideAndNarrow(page, "forwarded-waits");
  await openChat(page, chatId);
  await messageRow(page, "Лишнее слово").locator("article").click({ button: "right" });
  await item("Переслать", page).click();
  await dialog.getByText("Борис Лебедев").click();
  await dialog.getByRole("button", { name: "Переслать", exact: true }).click();
  await page.locator(`nav.side [data-chat="${direct}"]`).getByText("Лишнее слово").waitFor();
  await openChat(page, direct);
  await messageRow(page, "Лишнее слово").filter({ hasText: "В очереди" }).waitFor();
  await server.call(boris, "DELETE", `/api/chats/${chatId}/messages/${secret.seq}`);
  await wire.restore();
  await becomes(async () => (await server.items(boris, direct)).at(-1).attachments.length, 1);
  await becomes(() => picture.filter({ hasText: "В очереди" }).count(), 0);
  await becomes(() => picture.count(), 1);
  const lost = messageRow(page, "Сообщение удалено");
  await lost.filter({ hasText: "Не отправлено" }).waitFor(); // without the text that nobody is to read any more
  await becomes(() => page.getByText("Лишнее слово").count(), 0);
  await lost.locator("article").click({ button: "right" });
  assert.deepEqual(await page.getByRole("menuitem").allInnerTexts(), ["Удалить\nDel"]);
  await lookWideAndNarrow(page, "forwarded-lost");
  assertNoErrors(away);
});

test("with the link cut all of it goes on by keys, and comes to the other one once", { skip }, async () => {
  const direct = await server.direct(vera.account, boris);
  await server.send(boris, direct, "Здравствуйте");
  const wire = await startWire(server);
  const away = await newPerson(browser, server, vera.name, { account: vera.account, url: wire.url });
  const other = await newPerson(browser, server, boris.user.username, { account: boris });
  await openChat(other.page, direct);
  const { page } = away;
  const { keyboard } = page;
  await openChat(page, chatId);
  await messageRow(page, "Третье").waitFor();
  await page.locator("nav.side .row", { hasText: "Борис Лебедев" }).waitFor();
  await wire.cut();
  await page.getByRole("status").filter({ hasText: "Нет соединения" }).waitFor();

  await page.getByRole("log").focus();
  for (const key of ["ArrowUp", "Space", "ArrowUp", "Space"]) await keyboard.press(key);
  const bar = page.getByRole("toolbar", { name: "Выбранные сообщения" });
  await bar.getByText("Выбрано: 2").waitFor();
  await bar.getByRole("button", { name: "Переслать" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "Переслать" });
  await dialog.getByRole("searchbox").fill("бор");
  await dialog.getByRole("searchbox").press("Enter");
  const forward = dialog.getByRole("button", { name: "Переслать", exact: true });
  await becomes(() => forward.isEnabled(), true); // somebody is chosen with the next frame
  await forward.press("Enter");
  await page.getByText("Переслано 2 сообщения").waitFor();
  await bar.waitFor({ state: "detached" });

  // what is here can be gone to, and somebody be named, without a link
  await page.evaluate((id) => (location.hash = `#chat/${id}/1`), chatId);
  await becomes(() => page.evaluate(() => document.activeElement?.closest("li")?.dataset.seq), "1");
  await composer(page).focus();
  await keyboard.type("@bor");
  await page.getByRole("listbox", { name: "Кого упомянуть" }).waitFor();
  await keyboard.press("Enter");
  await becomes(() => composer(page).inputValue(), `@${boris.user.username} `);
  await keyboard.press("Enter");
  await messageRows(page).filter({ hasText: "В очереди" }).waitFor();
  assert.equal(await messageRow(other.page, "Третье").count(), 0, "nothing has come there yet");

  await wire.restore();
  for (const text of ["Второе", "Третье"]) await messageRow(other.page, text).waitFor();
  await other.page
    .locator("nav.side .row", { hasText: "Маяк" })
    .getByText("Упоминаний: 1")
    .waitFor({ state: "attached" });
  const contents = async (/** @type {number} */ id) => (await server.items(boris, id)).map(({ content }) => content);
  assert.deepEqual(await contents(direct), ["Здравствуйте", "Второе", "Третье"]);
  assert.equal((await contents(chatId)).filter((text) => text === `@${boris.user.username}`).length, 1);
  await messageRows(page)
    .filter({ hasText: "Отправлено" })
    .or(messageRows(page).filter({ hasText: "Доставлено" }))
    .waitFor();
  assertNoErrors(away, other);
});

test(
  "a mention has a badge of its own, and a chat is told to be silent for a while or but for mentions",
  { skip },
  async () => {
    const { page } = vera;
    const other = await server.direct(vera.account, boris);
    await server.send(boris, other, "Здравствуйте");
    await openChat(page, other);
    const { seq } = await server.send(boris, chatId, `@${vera.account.username}, посмотрите`);
    const row = page.locator("nav.side .row", { hasText: "Маяк 2.4" });
    await row.getByText("Упоминаний: 1").waitFor({ state: "attached" });
    const edit = (/** @type {string} */ content) =>
      server.call(boris, "PATCH", `/api/chats/${chatId}/messages/${seq}`, { content });
    await edit("Посмотрите");
    await row.getByText("Упоминаний: 1").waitFor({ state: "detached" });
    await edit(`Посмотрите, @${vera.account.username}`);
    await row.getByText("Упоминаний: 1").waitFor({ state: "attached" });
    await look(page, "mention-badge");

    await row.click({ button: "right" });
    await item("Уведомления").click();
    await page.getByRole("menuitemradio", { name: "Обо всех сообщениях", checked: true }).waitFor();
    await look(page, "notify-menu");
    await assertInside(page);
    await page.getByRole("menuitemradio", { name: "Только об упоминаниях" }).click();
    const flags = () => server.call(vera.account, "GET", `/api/chats/${chatId}`);
    await becomes(async () => (await flags()).notify, "mentions");
    await row.focus();
    await page.keyboard.press("Shift+F10");
    await item("Уведомления").waitFor();
    await page.keyboard.press("ArrowDown");
    for (
      let presses = 0;
      presses < 8 && !(await item("Уведомления").evaluate((one) => one === document.activeElement));
      presses += 1
    ) {
      await page.keyboard.press("ArrowDown");
    }
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: /Без звука на 1 час/u }).waitFor();
    await becomes(() => page.evaluate(() => document.activeElement?.closest("[role=menu]") !== null), true);
    for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "Enter"]) await page.keyboard.press(key);
    await becomes(async () => (await flags()).muted, true);
    const minutes = (Date.parse((await flags()).muted_until) - Date.now()) / 60_000;
    assert.ok(minutes > 55 && minutes <= 60, String(minutes));
    await row.getByText("Без звука").waitFor({ state: "attached" });
    await openChat(page, chatId);
    await row.getByText("Упоминаний: 1").waitFor({ state: "detached" });
    assertNoErrors(vera);
  },
);

test(
  "of a muted chat a mention alone is told, and its end counts what is unread without any news",
  { skip },
  async () => {
    const { page, account } = vera;
    await page.evaluate(() => {
      const told = /** @type {string[]} */ ([]);
      class Told extends EventTarget {
        static permission = "granted";
        /** @param {string} _title @param {any} options */
        constructor(_title, options) {
          super();
          told.push(options.body);
        }
        close() {}
      }
      Object.assign(window, { told, Notification: Told });
    });
    const told = () => page.evaluate(() => /** @type {any} */ (window).told);
    await page.locator("nav.side").getByText("В сети").waitFor(); // what comes from here on is news
    const other = await server.direct(account, boris);
    await server.send(account, other, "на это смотрят");
    await openChat(page, other);
    await server.call(account, "POST", `/api/chats/${chatId}/read`, {});
    await becomes(() => page.title(), "Вестник");
    const until = new Date(Date.now() + 3_600_000).toISOString();
    await server.call(account, "PATCH", `/api/chats/${chatId}`, { muted: true, muted_until: until });
    await chatRow(page, chatId).getByText("Без звука").waitFor({ state: "attached" });
    await server.send(boris, chatId, "не для тебя");
    await server.send(boris, chatId, `@${account.username} для тебя`);
    await becomes(told, [`Борис Лебедев: @${account.username} для тебя`]);
    await becomes(() => page.title(), "(1) Вестник");
    // an hour later by the clock of this machine
    await page.evaluate(() => {
      const now = Date.now;
      Date.now = () => now() + 3_700_000;
    });
    await becomes(() => page.title(), "(2) Вестник");
    assertNoErrors(vera);
  },
);
