/** Messages are found by their words: everywhere and in one chat, narrowed by chips and words, by mouse and by keys. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  chatRow,
  eventually,
  launchChromium,
  messageRow,
  newPerson,
  noChromium,
  openChat,
  startServer,
  startWire,
} from "../harness/harness.js";
import { assertInside, look } from "./look.js";

/** @typedef {import("playwright-core").Page} Page */

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

/** @param {Page} page */
const dialog = (page) => page.getByRole("dialog", { name: "Поиск по сообщениям" });
/** @param {Page} page */
const field = (page) => dialog(page).getByRole("combobox", { name: "Слова из сообщения" });
/** The messages that were found, as they stand. @param {Page} page */
const results = (page) => dialog(page).getByRole("group", { name: "Сообщения" }).getByRole("option");
/** @param {Page} page */
const chips = (page) => dialog(page).getByRole("list", { name: "Условия поиска" }).getByRole("listitem");
/** The texts of results. @param {Page} page */
const found = (page) => results(page).locator(".row__preview > bdi").allTextContents();

/** What searches without a link is here: the browser could not load it then. @param {Page} page */
async function loadedAhead(page) {
  await eventually(() => page.workers().length > 0, "the worker is there ahead");
  for (const worker of page.workers()) {
    await worker.evaluate(() => import(new URL("scan.js", location.href).href).then(() => null));
  }
}

/** Runs in the page: whether elements stand within the log. @param {Element[]} elements */
function inSight(elements) {
  return elements.map((element) => {
    const log = element.closest("[role=log]")?.getBoundingClientRect();
    const { top, bottom } = element.getBoundingClientRect();
    return log !== undefined && top >= log.top && bottom <= log.bottom;
  });
}

test(
  "a word in another form is found in any chat, by keys, and gone to far up; Back leads to the results",
  { skip },
  async () => {
    const account = await server.register("vera", { display_name: "Вера Соколова" });
    const boris = await server.register("boris", { display_name: "Борис Лебедев" });
    const direct = await server.direct(account, boris);
    const group = await server.group(account, "Маяк 2.4", boris);
    await server.send(boris, group, "Договорились о встрече у маяка");
    for (let n = 0; n < 120; n += 1) await server.send(boris, group, `Сообщение ${n}`);
    await server.send(boris, direct, "Встречу перенесли, см. https://example.com/plan");
    await server.send(account, group, "Маяк включили");
    const vera = await newPerson(browser, server, "vera", { account });
    const { page } = vera;
    await openChat(page, direct);

    await page.keyboard.press("Control+Shift+F");
    await field(page).and(page.locator(":focus")).waitFor();
    await page.keyboard.type("встреча");
    await becomes(() => results(page).locator("mark").allTextContents(), ["Встречу", "встрече"]);
    await assertInside(page);
    await look(page, "find-messages");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await becomes(() => dialog(page).count(), 0);
    await becomes(() => messageRow(page, "Договорились о встрече у маяка").evaluateAll(inSight), [true]);
    await page.keyboard.press("Alt+ArrowLeft");
    await becomes(() => found(page).then((all) => all.length), 2, "Back shows the results as they were");
    assert.equal(await field(page).inputValue(), "встреча");
    await becomes(() => results(page).nth(1).getAttribute("aria-selected"), "true");
    await page.keyboard.press("Escape");
    await becomes(() => dialog(page).count(), 0);
    await chatRow(page, direct).and(page.locator("[aria-current=true]")).waitFor();

    // chips by the mouse: a person, a chat, a link
    await page.keyboard.press("Control+Shift+F");
    await field(page).and(page.locator(":focus")).waitFor();
    await dialog(page).getByRole("button", { name: "От кого" }).click();
    await becomes(() => field(page).inputValue(), "от:");
    await dialog(page).getByRole("option", { name: "Борис Лебедев" }).click();
    await becomes(() => chips(page).count(), 1);
    await page.keyboard.type("маяк");
    await becomes(() => found(page), ["Договорились о встрече у маяка"]);
    await dialog(page)
      .getByRole("button", { name: /Убрать условие: от/u })
      .click();
    await becomes(() => found(page), ["Маяк включили", "Договорились о встрече у маяка"]);
    await becomes(() => dialog(page).getByRole("group", { name: "Чаты и люди" }).getByRole("option").allTextContents().then((all) => all.length), 1); // prettier-ignore

    // the same by words and by keys alone
    await field(page).fill("в:маяк встречу ");
    await becomes(() => chips(page).allTextContents().then((all) => all.map((one) => one.replace(/\s+/gu, " ").trim())), ["в чате Маяк 2.4"]); // prettier-ignore
    await becomes(() => field(page).inputValue(), "встречу ");
    await becomes(() => found(page), ["Договорились о встрече у маяка"]);
    await field(page).fill("");
    await page.keyboard.press("Backspace");
    await becomes(() => chips(page).count(), 0);
    await page.keyboard.type("встреча есть:с");
    await page.keyboard.press("Enter");
    await becomes(() => chips(page).count(), 1);
    await becomes(() => found(page).then(([first = ""]) => first.slice(0, 7)), "Встречу");
    await becomes(() => results(page).count(), 1);
    await page.keyboard.type("до:вчера ");
    await dialog(page).getByText("Ничего не найдено").waitFor();
    await look(page, "find-chips");
    await field(page).fill("от:никто ");
    await dialog(page).getByText("Кто «никто», непонятно").waitFor();
    await field(page).fill("!?");
    await dialog(page).getByText("Введите хотя бы одно слово").waitFor();
    await page.keyboard.press("Escape");
    assertNoErrors(vera);
  },
);

test("in a chat one steps through the whole of its history, by keys", { skip }, async () => {
  const account = await server.register("gleb", { display_name: "Глеб" });
  const other = await server.register("inna", { display_name: "Инна" });
  const chat = await server.group(account, "Отчёты", other);
  for (let n = 0; n < 130; n += 1) await server.send(other, chat, n % 5 ? `Сообщение ${n}` : `Отчётом номер ${n}`);
  const gleb = await newPerson(browser, server, "gleb", { account });
  const { page } = gleb;
  await openChat(page, chat);
  await page.keyboard.press("Control+F");
  const find = page.getByRole("searchbox", { name: "Найти в чате" });
  await find.fill("отчёты");
  await find.press("Enter");
  await page.getByText("1 из 20+").waitFor();
  /** @param {string} text */
  const there = (text) => becomes(() => page.getByText(text, { exact: true }).evaluateAll(inSight), [true], text);
  await there("Отчётом номер 125");
  await becomes(() => page.getByText("Отчётом номер 125", { exact: true }).locator("mark").textContent(), "Отчётом");
  await look(page, "find-in-chat");
  await find.press("Enter");
  await there("Отчётом номер 120");
  await find.press("Shift+Enter");
  await there("Отчётом номер 125");
  await page.getByRole("log").focus();
  await page.keyboard.press("F3");
  await there("Отчётом номер 120");
  await page.keyboard.press("Shift+F3");
  await there("Отчётом номер 125");
  for (let at = 2; at <= 26; at += 1) {
    await page.getByRole("button", { name: "К более старому" }).click();
    await page.getByText(new RegExp(`^${at} из (20\\+|26)$`, "u")).waitFor();
  }
  await there("Отчётом номер 0");
  await page.getByRole("button", { name: "Во всех чатах" }).click();
  await becomes(() => results(page).count(), 20);
  await results(page).last().scrollIntoViewIfNeeded();
  await becomes(() => results(page).count(), 26, "further ones come as one scrolls");
  await page.keyboard.press("Escape");
  assertNoErrors(gleb);
});

test("without a link this machine is searched and says so; with the link all is searched again", { skip }, async () => {
  const account = await server.register("dina", { display_name: "Дина" });
  const other = await server.register("egor", { display_name: "Егор" });
  const chat = await server.group(account, "Походы", other);
  await server.send(other, chat, "Собираемся на встречу, ёлки рядом");
  await server.send(other, chat, "встречи отменены: https://example.com");
  const wire = await startWire(server);
  const options = { viewport: { width: 360, height: 640 } };
  const dina = await newPerson(browser, server, "dina", { account, url: wire.url, remember: true, options });
  const { page } = dina;
  await chatRow(page, chat).click();
  await messageRow(page, "Собираемся на встречу, ёлки рядом").waitFor();
  await loadedAhead(page);
  await wire.cut();
  await page.keyboard.press("Control+Shift+F");
  await field(page).and(page.locator(":focus")).waitFor();
  await page.keyboard.type("встреча");
  await dialog(page).getByText("Нет связи: найдено только").waitFor();
  await becomes(() => results(page).locator("mark").allTextContents(), ["встречи", "встречу"]);
  await assertInside(page);
  await look(page, "find-offline-360");
  await page.keyboard.type(" елк");
  await becomes(() => results(page).locator("mark").allTextContents(), ["встречу", "ёлки"]);
  await field(page).fill("есть:ссылка встреч");
  await becomes(() => results(page).locator("mark").allTextContents(), ["встречи"]);
  await server.send(other, chat, "встреча снова: https://example.com");
  await wire.restore();
  await becomes(() => results(page).locator("mark").allTextContents(), ["встреча", "встречи"]);
  await becomes(() => dialog(page).getByText("Нет связи").count(), 0);
  assertNoErrors(dina);
});

test("where nothing can be searched a key asks once, and the next key once more", { skip }, async () => {
  const account = await server.register("lena", { display_name: "Лена" });
  const other = await server.register("oleg", { display_name: "Олег" });
  const chat = await server.group(account, "Лыжи", other);
  await server.send(other, chat, "Лыжня у реки");
  const wire = await startWire(server);
  const { page } = await newPerson(browser, server, "lena", { account, url: wire.url });
  let tried = 0;
  await page.route(/\/searching\.js$/, (route) => {
    tried += 1;
    return route.abort(); // as where the link was lost before it came
  });
  await page.reload();
  await openChat(page, chat);
  await messageRow(page, "Лыжня у реки").waitFor();
  await wire.cut();
  await page.getByRole("status").filter({ hasText: "Нет соединения" }).waitFor();
  await page.keyboard.press("Control+F");
  const bar = page.getByRole("search", { name: "Найти в чате" });
  await bar.getByRole("searchbox").fill("лыжня");
  for (let keys = 1; keys <= 2; keys += 1) {
    const until = tried;
    await bar.getByRole("searchbox").press("Enter");
    await eventually(() => tried > until, "it is tried");
    await bar.getByRole("status").filter({ hasText: "Нет соединения" }).waitFor();
    for (let n = 0; n < 20; n += 1) await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => drawn(null)))); // prettier-ignore
    assert.ok(tried - until <= 2, `it was tried ${tried - until} times`);
  }
});

test("in a chat one stays at what was gone to, whatever is found when the link is back", { skip }, async () => {
  const account = await server.register("zoya", { display_name: "Зоя" });
  const other = await server.register("ivan", { display_name: "Иван" });
  const chat = await server.group(account, "Палатки", other);
  for (const word of ["Первая", "Вторая", "Третья"]) await server.send(other, chat, `${word} встреча`);
  const wire = await startWire(server);
  const zoya = await newPerson(browser, server, "zoya", { account, url: wire.url, remember: true });
  const { page } = zoya;
  await openChat(page, chat);
  await messageRow(page, "Третья встреча").waitFor();
  await loadedAhead(page);
  await wire.cut();
  await page.getByRole("status").filter({ hasText: "Нет соединения" }).waitFor();
  await page.keyboard.press("Control+F");
  const bar = page.getByRole("search", { name: "Найти в чате" });
  const find = bar.getByRole("searchbox");
  await find.fill("встреча");
  await find.press("Enter");
  await bar.getByText("1 из 3").waitFor();
  await find.press("Enter");
  await bar.getByText("2 из 3").waitFor();
  await server.send(other, chat, "Четвёртая встреча");
  await wire.restore();
  await bar.getByText("3 из 4").waitFor();
  const third = page.locator(".msg.is-found", { hasText: "Третья" }).waitFor(); // from now on: it is marked for a moment only
  await find.press("Shift+Enter");
  await bar.getByText("2 из 4").waitFor();
  await third;
  // what one stands at is deleted: on from its place
  const [{ seq }] = (await server.items(other, chat)).filter(({ content }) => content === "Третья встреча");
  await server.call(other, "DELETE", `/api/chats/${chat}/messages/${seq}`);
  await bar.getByText("3 сообщения").waitFor();
  const second = page.locator(".msg.is-found", { hasText: "Вторая" }).waitFor();
  await find.press("Enter");
  await bar.getByText("2 из 3").waitFor();
  await second;
  assertNoErrors(zoya);
});
