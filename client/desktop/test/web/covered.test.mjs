/** What lies over a chat: it hides the chat, and makes way for another. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  launchChromium,
  messageRow,
  noChromium,
  openChat,
  startServer,
  veraAndBoris,
} from "../harness/harness.js";
import { png } from "../harness/made-files.js";
import { article } from "../harness/ways.js";

const skip = noChromium();

/** @typedef {import("playwright-core").Page} Page */
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
});

/** Notices of a page are kept, to be clicked. @param {Page} page */
const watch = (page) =>
  page.evaluate(() => {
    const notes = /** @type {Told[]} */ ([]);
    class Told extends EventTarget {
      static permission = "granted";
      onclick = () => {};
      /** @param {string} _title @param {any} options */
      constructor(_title, { body }) {
        super();
        this.body = body;
        notes.push(this);
      }
      close() {}
    }
    Object.assign(window, { notes, Notification: Told });
  });
/** @param {Page} page @returns {Promise<string[]>} */
const told = (page) =>
  page.evaluate(() => /** @type {any} */ (window).notes.map((/** @type {any} */ { body }) => body));
/** @param {Page} page */
const clickNotice = (page) => page.evaluate(() => /** @type {any} */ (window).notes.at(-1).onclick());
/** @param {Page} page */
const dialogs = (page) => page.getByRole("dialog").count();
/** What comes before is part of the first list, and no news. @param {Page} page */
const online = (page) => page.locator("nav.side").getByText("В сети").waitFor();
/** @param {Page} page @param {string} title */
const isIn = (page, title) => page.getByRole("region", { name: `Чат: ${title}` }).waitFor();

test("under a picture nothing is read, and what comes is told", { skip }, async () => {
  const { vera, boris, chatId } = await veraAndBoris(browser, server);
  const { page } = vera;
  await online(page);
  const { id } = await server.upload(boris, "море.png", png(64, 48));
  await server.send(boris, chatId, "", { attachments: [id] });
  await watch(page);
  const unread = async () => (await server.call(vera.account, "GET", `/api/chats/${chatId}`)).unread_count;
  await becomes(unread, 0);
  await page.getByRole("button", { name: "Открыть изображение море.png" }).click();
  await page.locator("dialog.viewer").waitFor();
  await server.send(boris, chatId, "Смотрите?");
  await becomes(() => told(page), ["Смотрите?"]);
  assert.equal(await unread(), 1);
  await page.keyboard.press("Escape");
  await becomes(unread, 0);
  assertNoErrors(vera);
});

test(
  "a notice that is clicked leads to its chat through what is open, but for what is not saved",
  { skip },
  async () => {
    const { vera, boris, chatId } = await veraAndBoris(browser, server);
    const { page } = vera;
    const other = await server.group(boris, "Маяк", vera.account);
    await server.call(vera.account, "PATCH", `/api/chats/${other}`, { muted: false });
    await online(page);
    await watch(page);
    const send = async (/** @type {string} */ text) => {
      await server.send(boris, other, text);
      await becomes(async () => (await told(page)).at(-1)?.endsWith(text), true);
    };
    await send("раз");
    await article(page, "Пришлите отчёт").click({ button: "right" });
    await page.getByRole("menu").waitFor();
    await clickNotice(page);
    await isIn(page, "Маяк");
    await page.getByRole("menu").waitFor({ state: "detached" });

    await openChat(page, chatId);
    await send("два");
    await page.keyboard.press("Control+,");
    await page.getByRole("dialog", { name: "Настройки" }).waitFor();
    await clickNotice(page);
    await isIn(page, "Маяк");
    await becomes(() => dialogs(page), 0);

    await openChat(page, chatId);
    await send("три");
    await page.keyboard.press("Control+,");
    await page.getByRole("dialog", { name: "Настройки" }).getByLabel("Имя для показа").fill("Вера Иванова");
    await clickNotice(page);
    await messageRow(page, "три").waitFor();
    await becomes(() => dialogs(page), 1);
    assertNoErrors(vera);
  },
);

test("a picture among the files of a chat leads to its message through both", { skip }, async () => {
  const { vera, boris, chatId } = await veraAndBoris(browser, server);
  const { page } = vera;
  await online(page);
  const { id } = await server.upload(boris, "море.png", png(64, 48));
  const { seq } = await server.send(boris, chatId, "", { attachments: [id] });
  await page.getByRole("button", { name: "Меню чата" }).click();
  await page.getByRole("menuitem", { name: "Файлы чата" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Открыть изображение море.png" }).click();
  await page.locator("dialog.viewer").getByRole("button", { name: "Показать сообщение" }).click();
  await becomes(() => dialogs(page), 0);
  await becomes(() => page.evaluate(() => document.activeElement?.closest("li")?.dataset.seq), String(seq));
  assertNoErrors(vera);
});
