/** Pictures in messages: albums, places of the right size, what is asked for and when, what is seen without a link. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  composer,
  drawn,
  launchChromium,
  newPerson,
  noChromium,
  openChat,
  startServer,
  startWire,
  twoPeople,
} from "../harness/harness.js";
import { png } from "../harness/made-files.js";
import { assertInside, look } from "./look.js";

const skip = noChromium();

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer({ env: { VESTNIK_LIMIT_UPLOADS: "1000" } });
});

/**
 * A message with so many pictures, each of colours of its own.
 * @param {import("../harness/server.js").Account} from @param {number} chatId @param {number} count
 * @param {{text?: string, size?: [number, number], more?: any[]}} [how]
 */
async function album(from, chatId, count, { text = "", size = [480, 320], more = [] } = {}) {
  const files = [];
  for (let at = 0; at < count; at += 1) {
    files.push(await server.upload(from, `вид ${at + 1}.png`, png(size[0], size[1], 20 * at)));
  }
  const attachments = [...files, ...more].map(({ id }) => id);
  return server.send(from, chatId, text, { attachments });
}

/** @param {import("playwright-core").Page} page */
const albums = (page) => page.getByRole("log").locator(".album");
/** How many pictures of the log are here. @param {import("playwright-core").Page} page */
const loaded = (page) =>
  page
    .locator(".log .media img")
    .evaluateAll((found) => found.filter((img) => /** @type {HTMLImageElement} */ (img).naturalWidth > 0).length);
/** Where messages and pictures stand in the log, however it is scrolled. @param {import("playwright-core").Page} page */
const places = (page) =>
  page.evaluate(() => {
    const top = document.querySelector(".log__list")?.getBoundingClientRect().top ?? 0;
    return [...document.querySelectorAll(".log .msg, .log .media")].map((element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return [x, y - top, width, height].map(Math.round);
    });
  });

test("albums are tidy, and nothing moves when their pictures come", { skip }, async () => {
  const { vera, boris, chatId } = await twoPeople(server);
  const pdf = await server.upload(boris, "Смета на ремонт кухни.pdf", Buffer.from("%PDF-1.4\n%%EOF\n"));
  for (const count of [2, 3, 5]) await album(boris, chatId, count);
  await album(boris, chatId, 7, { text: "Всё с выставки", more: [pdf] });
  await album(vera, chatId, 4, { size: [320, 480] });
  await album(vera, chatId, 10);
  await album(boris, chatId, 1, { text: "Одна", size: [900, 500] });
  const person = await newPerson(browser, server, vera.username, { account: vera });
  const { page } = person;
  /** @type {(() => void)[]} */
  const held = [];
  let holding = true;
  await page.route("**/preview?*", async (route) => {
    if (holding) await new Promise((go) => held.push(() => go(null)));
    await route.continue();
  });
  await openChat(page, chatId);
  await becomes(() => albums(page).count(), 7);
  await becomes(() => held.length > 0, true);
  await drawn(page);
  const empty = await places(page);
  assert.equal(empty.length, 7 + 32);
  assert.ok(empty.every(([, , width, height]) => width > 40 && height > 40));
  holding = false;
  for (const go of held) go();
  for (let at = 6; at >= 0; at -= 1) await albums(page).nth(at).scrollIntoViewIfNeeded();
  await becomes(() => loaded(page), 32);
  await drawn(page);
  assert.deepEqual(await places(page), empty);
  for (const [at, rows] of [
    [0, [2]],
    [1, [1, 2]],
    [2, [2, 3]],
    [3, [2, 2, 3]],
    [4, [2, 2]],
    [5, [2, 2, 3, 3]],
  ]) {
    const counts = await albums(page).nth(/** @type {number} */ (at)).locator(".album__row").evaluateAll((found) => found.map((row) => row.children.length)); // prettier-ignore
    assert.deepEqual(counts, rows);
  }
  await look(page, "albums");
  await albums(page).nth(3).scrollIntoViewIfNeeded();
  await look(page, "albums-caption");
  await page.setViewportSize({ width: 360, height: 640 });
  await albums(page).nth(3).scrollIntoViewIfNeeded();
  await assertInside(page);
  await look(page, "albums-360");
  assertNoErrors(person);
});

test("only pictures that come near are asked for", { skip }, async () => {
  const { vera, boris, chatId } = await twoPeople(server);
  await album(boris, chatId, 1);
  for (let at = 0; at < 40; at += 1) await server.send(boris, chatId, `Строка ${at}\n\n\n\n\nи ещё`);
  await album(boris, chatId, 1);
  await server.call(vera, "POST", `/api/chats/${chatId}/read`, {}); // what is read opens at its end
  const person = await newPerson(browser, server, vera.username, { account: vera });
  const { page } = person;
  /** @type {string[]} */
  const asked = [];
  page.on("request", (request) => request.url().includes("/preview?") && asked.push(request.url()));
  await openChat(page, chatId);
  await becomes(() => loaded(page), 1);
  assert.equal(new Set(asked).size, 1);
  await becomes(async () => {
    await albums(page).first().scrollIntoViewIfNeeded();
    return loaded(page);
  }, 2);
  assert.equal(new Set(asked).size, 2);
  assertNoErrors(person);
});

test(
  "pictures that were seen are there without a link; they go with their message, and with the log-in",
  { skip },
  async () => {
    const { vera, boris, chatId } = await twoPeople(server);
    const wire = await startWire(server);
    const first = await album(boris, chatId, 2, { text: "Первые" });
    await album(boris, chatId, 1, { text: "Вторая" });
    const how = { account: vera, url: wire.url, remember: true };
    const person = await newPerson(browser, server, vera.username, how);
    const { page } = person;
    await openChat(page, chatId);
    await becomes(() => loaded(page), 3);
    await becomes(() => keptHere(page), { pictures: 3, counted: true });
    await wire.cut();
    await page.context().route("**/*", (route) => {
      // pages come from what the browser has: it has no copy of them where the server is gone
      return route.request().isNavigationRequest() || !route.request().url().includes("/api/") ? route.continue() : route.abort(); // prettier-ignore
    });
    await wire.restore();
    await page.reload();
    await composer(page).waitFor();
    await becomes(() => loaded(page), 3);
    await page.context().unroute("**/*");
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await server.call(boris, "DELETE", `/api/chats/${chatId}/messages/${first.seq}`);
    await page.getByText("Сообщение удалено").waitFor();
    await becomes(() => keptHere(page), { pictures: 1, counted: true });
    await page.getByRole("button", { name: "Настройки" }).first().click();
    await page.getByRole("button", { name: "Выйти" }).click();
    await page.getByRole("button", { name: "Войти" }).waitFor();
    await becomes(
      () => page.evaluate(async () => (await indexedDB.databases()).filter(({ name }) => name?.includes("previews")).length),
      0,
    ); // prettier-ignore
    assertNoErrors(person);
  },
);

/** What is kept of pictures, and whether it is counted rightly. @param {import("playwright-core").Page} page */
function keptHere(page) {
  return page.evaluate(async () => {
    const name = (await indexedDB.databases()).find((one) => one.name?.includes("previews"))?.name;
    if (!name) return null;
    /** @param {IDBRequest<any>} request @returns {Promise<any>} */
    const done = (request) =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await done(indexedDB.open(name));
    try {
      const stores = database.transaction(["entries", "bytes", "meta"]);
      const [entries, bytes, counted] = await Promise.all([
        done(stores.objectStore("entries").getAll()),
        done(stores.objectStore("bytes").getAll()),
        done(stores.objectStore("meta").get("bytes")),
      ]);
      const sum = bytes.reduce((/** @type {number} */ all, /** @type {ArrayBuffer} */ one) => all + one.byteLength, 0);
      return { pictures: entries.length, counted: counted === sum && entries.length === bytes.length };
    } finally {
      database.close();
    }
  });
}
