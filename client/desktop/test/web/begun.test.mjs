/** An answer and a change that are being written outlive a reload, are in the other windows, and go with their message. */

import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  composer,
  launchChromium,
  messageRow,
  newPage,
  newPerson,
  noChromium,
  openChat,
  say,
  startServer,
  startWire,
} from "../harness/harness.js";
import { lookWideAndNarrow } from "./look.js";

const skip = noChromium();

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;
/** @type {import("../harness/browser.js").Person} */
let vera;
/** @type {import("../harness/server.js").Account} */
let boris;
/** @type {import("../harness/wire.js").Wire} */
let wire;
let chatId = 0;
let serial = 0;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
});

/** Vera and Boris, who asked something and whom she told something. */
beforeEach(async () => {
  if (skip) return;
  serial += 1;
  const account = await server.register(`vera${serial}`, { display_name: "Вера Соколова" });
  boris = await server.register(`boris${serial}`, { display_name: "Борис Лебедев" });
  chatId = await server.direct(account, boris);
  await server.send(boris, chatId, "Вопрос");
  wire = await startWire(server);
  vera = await newPerson(browser, server, account.username, { account, url: wire.url, remember: true });
  await openChat(vera.page, chatId);
  await say(vera.page, "Моё");
  await messageRow(vera.page, "Моё").locator("xpath=self::*[@data-seq]").waitFor();
});

/** @typedef {import("playwright-core").Page} Page */
/** @param {Page} page @param {string} text @param {string} name of an item of its menu */
async function choose(page, text, name) {
  await messageRow(page, text).locator("article").click({ button: "right" });
  await page.getByRole("menuitem", { name, exact: true }).click();
}
/** Above the field. @param {Page} page @param {string} text */
const strip = (page, text) => page.locator(".strip", { hasText: text });
/** @param {Page} page @param {string} text */
const written = (page, text) => becomes(() => composer(page).inputValue(), text);
/** On the disk: of what a page writes while it goes a browser may lose the last. @param {Page} page @param {string} text */
const isKept = (page, text) => becomes(async () => (await page.evaluate(draftsKept)).includes(text), true);
/** @param {Page} page */
async function reload(page) {
  await page.reload();
  await openChat(page, chatId);
}

test("an answer is one after a reload, and one when it is sent from another window", { skip }, async () => {
  const { page } = vera;
  await choose(page, "Вопрос", "Ответить");
  await strip(page, "Борис Лебедев").waitFor();
  await composer(page).fill("Ответ");
  await isKept(page, "Ответ");
  await reload(page);
  await strip(page, "Борис Лебедев").getByText("Вопрос").waitFor();
  await written(page, "Ответ");
  await lookWideAndNarrow(page, "begun-answer");

  const { page: second, errors } = await newPage(vera.context);
  await second.goto(wire.url);
  await openChat(second, chatId);
  await strip(second, "Борис Лебедев").waitFor();
  await written(second, "Ответ");
  await composer(second).press("Enter");
  await strip(page, "Борис Лебедев").waitFor({ state: "detached" });
  await messageRow(second, "Ответ").locator("xpath=self::*[@data-seq]").waitFor();
  const items = await server.items(vera.account, chatId);
  assert.equal(items.at(-1)?.reply_to, items.find(({ content }) => content === "Вопрос")?.seq);
  await reload(page);
  await messageRow(page, "Ответ").waitFor();
  assert.equal(await strip(page, "Борис Лебедев").count(), 0);
  assertNoErrors(vera, { name: "the other window", errors });
});

test("a change is one after a reload, also in another window, and the draft beside it stays", { skip }, async () => {
  const { page } = vera;
  await composer(page).fill("черновик");
  await choose(page, "Моё", "Изменить");
  await written(page, "Моё");
  await composer(page).fill("Моё, но иначе");
  await isKept(page, "Моё, но иначе");
  await reload(page);
  await strip(page, "Изменение сообщения").getByText("Моё").waitFor();
  await written(page, "Моё, но иначе");

  const { page: second, errors } = await newPage(vera.context);
  await second.goto(wire.url);
  await openChat(second, chatId);
  await strip(second, "Изменение сообщения").waitFor();
  await written(second, "Моё, но иначе");
  await composer(second).press("Enter");
  await messageRow(page, "Моё, но иначе").waitFor();
  await strip(page, "Изменение сообщения").waitFor({ state: "detached" });
  for (const one of [page, second]) await written(one, "черновик");
  await reload(page);
  await written(page, "черновик");
  assert.equal(await strip(page, "Изменение сообщения").count(), 0);
  const last = (await server.items(vera.account, chatId)).filter(({ event }) => event === "edited");
  assert.equal(last.length, 1);
  assertNoErrors(vera, { name: "the other window", errors });
});

test("a change of a message that is on its way outlives a reload, and the way", { skip }, async () => {
  const { page } = vera;
  await wire.cut();
  await say(page, "Едет");
  await messageRow(page, "Едет").waitFor();
  await composer(page).press("ArrowUp");
  await written(page, "Едет");
  await composer(page).fill("Едет, но иначе");
  await isKept(page, "Едет, но иначе");
  // the page can be loaded anew, but nothing else goes through
  let blocked = true;
  await vera.context.routeWebSocket(/\/ws$/u, (socket) => void (blocked ? socket.close() : socket.connectToServer()));
  await vera.context.route("**/api/**", (route) => (blocked ? route.abort() : route.fallback()));
  await wire.restore();
  await reload(page);
  await strip(page, "Изменение сообщения").getByText("Едет").waitFor();
  await written(page, "Едет, но иначе");
  blocked = false;
  await messageRow(page, "Едет").locator("xpath=self::*[@data-seq]").waitFor();
  await reload(page);
  await written(page, "Едет, но иначе");
  await composer(page).press("Enter");
  await messageRow(page, "Едет, но иначе").waitFor();
  await becomes(async () => (await server.items(vera.account, chatId)).at(-1)?.event, "edited");
  assertNoErrors(vera);
});

test(
  "a change of a message that was deleted meanwhile does not come back, and its text is kept nowhere",
  { skip },
  async () => {
    const { page } = vera;
    const secret = "код-от-сейфа-5512";
    await choose(page, "Моё", "Изменить");
    await composer(page).fill(`Моё ${secret}`);
    const kept = () => page.evaluate(draftsKept);
    await becomes(async () => (await kept()).includes(secret), true);
    const other = await server.login(vera.account);
    const [mine] = (await server.items(other, chatId)).filter(({ content }) => content === "Моё");
    await page.goto("about:blank");
    await server.call(other, "DELETE", `/api/chats/${chatId}/messages/${mine.seq}`);
    await page.goto(wire.url);
    await openChat(page, chatId);
    await messageRow(page, "Сообщение удалено").waitFor();
    await written(page, "");
    await strip(page, "Изменение сообщения").waitFor({ state: "detached" });
    await becomes(async () => (await kept()).includes(secret), false);
    await reload(page);
    await messageRow(page, "Сообщение удалено").waitFor();
    await written(page, "");
    assertNoErrors(vera);
  },
);

/** Runs in the page: what the profile keeps of what is being written. */
async function draftsKept() {
  const names = (await indexedDB.databases()).map(({ name }) => name ?? "");
  const name = names.find((one) => one.startsWith("vestnik http") && !/ (?:aside|moved|previews)$/u.test(one));
  const asked = (/** @type {IDBRequest} */ request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const database = await asked(indexedDB.open(name ?? ""));
  const all = await asked(database.transaction("drafts").objectStore("drafts").getAll());
  database.close();
  return JSON.stringify(all);
}
