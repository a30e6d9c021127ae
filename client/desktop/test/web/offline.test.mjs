/** Without a network: what is told and when, what is written meanwhile, and what becomes of it. */

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
  say,
  startServer,
  startWire,
} from "../harness/harness.js";
import { look } from "./look.js";

const skip = noChromium();

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;
/** @type {import("../harness/server.js").Account} */
let boris;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
  boris = await server.register("boris", { display_name: "Борис Лебедев" });
});

/** Somebody behind a cable of their own, with a chat that is open. @param {string} name */
async function behindWire(name) {
  const wire = await startWire(server);
  const account = await server.register(name, { display_name: "Анна Ковалёва" });
  const chat = await server.direct(account, boris);
  await server.send(boris, chat, "Привет");
  const person = await newPerson(browser, server, name, { account, url: wire.url });
  await openChat(person.page, chat);
  await messageRow(person.page, "Привет").waitFor();
  return { ...person, wire, chat };
}

/** @param {import("playwright-core").Page} page @param {string} text @param {string} state */
const isIn = (page, text, state) =>
  page.getByRole("article").filter({ hasText: text }).filter({ hasText: state }).waitFor();

/** By the button, unless the link is back before it can be pressed. @param {import("playwright-core").Page} page */
async function retryNow(page) {
  const button = page.getByRole("button", { name: "Повторить сейчас", exact: true });
  const pressed = button.click({ timeout: 5_000 }).catch(() => {});
  await Promise.race([pressed, page.locator(".banner").waitFor({ state: "detached" })]);
  await pressed; // not later, in the middle of something else
}

test(
  "an outage is told once, with a countdown for the eyes; what was written goes out in order",
  { skip },
  async () => {
    const { page, wire, chat, account, errors, context } = await behindWire("anna");
    const told = page.getByRole("status").filter({ hasText: "Нет соединения" });
    await wire.cut();
    await told.waitFor();
    await becomes(() => told.innerText(), /Нет соединения\. Повтор через \d+ с/u);
    const spoken = () =>
      told.evaluate((element) => {
        const copy = /** @type {Element} */ (element.cloneNode(true));
        for (const hidden of copy.querySelectorAll("[aria-hidden=true]")) hidden.remove();
        return copy.textContent?.replace(/\s+/gu, " ").trim();
      });
    await becomes(spoken, "Нет соединения Повторить сейчас", "no number that would be read out each second");
    await page.getByPlaceholder("Отправим, когда появится связь").waitFor();
    for (const text of ["раз", "два", "три"]) await say(page, text);
    await isIn(page, "три", "В очереди");
    await page.locator(".row", { hasText: "три" }).getByText("В очереди").waitFor({ state: "attached" });
    await look(page, "offline");
    const waiting = await page.getByRole("article").filter({ hasText: "два" }).elementHandle();
    await wire.restore();
    await retryNow(page);
    for (const text of ["раз", "два", "три"]) await isIn(page, text, "Отправлено");
    await told.waitFor({ state: "detached" });
    assert.equal(await waiting?.evaluate((row) => row.isConnected), true, "put in anew it would be read out again");
    assert.deepEqual(
      (await server.items(account, chat)).map((item) => item.content),
      ["Привет", "раз", "два", "три"],
    );
    await becomes(() => page.getByRole("article").count(), 4, "no echo is left beside its message");
    assertNoErrors({ name: "anna", errors });
    await context.close();
  },
);

test("a blip of less than two seconds is silent", { skip }, async () => {
  const { page, wire, chat, account, errors, context } = await behindWire("blip");
  await page.evaluate(() => {
    const seen = /** @type {string[]} */ ([]);
    Object.assign(window, { seen });
    const banner = /** @type {Element} */ (document.querySelector(".app__banner"));
    new MutationObserver(() => banner.textContent?.trim() && seen.push(banner.textContent)).observe(banner, {
      childList: true,
      subtree: true,
    });
  });
  // on a busy machine the link may be gone for longer, and that is told: then the next one has to be short
  for (let blip = 1, lasted = Infinity; blip <= 10 && lasted > 1_500; blip += 1) {
    await page.locator(".banner").waitFor({ state: "detached" });
    await page.evaluate(() => /** @type {any} */ (window).seen.splice(0));
    const began = Date.now();
    wire.reset();
    await server.send(boris, chat, `после обрыва ${blip}`);
    await messageRow(page, `после обрыва ${blip}`).waitFor();
    lasted = Date.now() - began;
    if (lasted <= 1_500) assert.deepEqual(await page.evaluate(() => /** @type {any} */ (window).seen), []);
  }
  await say(page, "ответ");
  await isIn(page, "ответ", "Отправлено");
  assert.equal((await server.items(account, chat)).at(-1).content, "ответ");
  assertNoErrors({ name: "blip", errors });
  await context.close();
});

test("what the server refuses for good says so and can be discarded; the next ones go on", { skip }, async () => {
  const { page, wire, account, context } = await behindWire("refused");
  const group = await server.group(boris, "Группа", account);
  await server.send(boris, group, "тут");
  await openChat(page, group);
  await messageRow(page, "тут").waitFor();
  await wire.cut();
  await page.getByRole("status").filter({ hasText: "Нет соединения" }).waitFor();
  await say(page, "уже поздно");
  await isIn(page, "уже поздно", "В очереди");
  await server.call(boris, "DELETE", `/api/chats/${group}/members/${account.user.id}`);
  await wire.restore();
  await isIn(page, "уже поздно", "Не отправлено");
  const article = page.getByRole("article").filter({ hasText: "уже поздно" });
  await article.getByRole("button", { name: "Повторить", exact: true }).waitFor();
  await look(page, "offline-failed");
  await article.getByRole("button", { name: "Удалить", exact: true }).click();
  await article.waitFor({ state: "detached" });
  await context.close();
});

test(
  "history that cannot be had says so, and comes when the link is back, or when it is asked for",
  { skip },
  async () => {
    const wire = await startWire(server);
    const account = await server.register("history");
    const chat = await server.direct(account, boris);
    for (let n = 1; n <= 320; n += 1) await server.send(boris, chat, `старое ${n}`);
    await server.call(account, "POST", `/api/chats/${chat}/read`, {});
    const { page, errors, context } = await newPerson(browser, server, "history", { account, url: wire.url });
    await openChat(page, chat);
    await messageRow(page, "старое 320").waitFor();
    await wire.cut();
    await page.getByRole("status").filter({ hasText: "Нет соединения" }).waitFor();
    await page.mouse.move(800, 400);
    const problem = page.getByText("Не удалось загрузить переписку.");
    for (let turns = 0; turns < 30 && !(await problem.count()); turns += 1) {
      await page.mouse.wheel(0, -1500);
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
    }
    await problem.waitFor();
    await look(page, "offline-history");
    await wire.restore();
    await retryNow(page);
    await page.getByRole("status").filter({ hasText: "Нет соединения" }).waitFor({ state: "detached" });
    await problem.waitFor({ state: "detached" });

    const other = await server.direct(account, await server.register("history.other"));
    await server.send(account, other, "не сразу");
    await context.route(/\/messages\?/, (route) => route.fulfill({ status: 500, json: { code: "internal" } }));
    await openChat(page, other);
    await problem.waitFor();
    await context.unroute(/\/messages\?/);
    await page.getByRole("log").getByRole("button", { name: "Повторить", exact: true }).click();
    await messageRow(page, "не сразу").waitFor();
    await problem.waitFor({ state: "detached" });

    await page.evaluate((id) => (location.hash = `#chat/${id}/20`), chat);
    await messageRow(page, "старое 20").waitFor();
    await context.route(/\/messages\?/, (route) => route.fulfill({ status: 500, json: { code: "internal" } }));
    for (let turns = 0; turns < 30 && !(await problem.count()); turns += 1) {
      await page.mouse.wheel(0, 1500);
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
    }
    await page.locator("section + .log__problem").waitFor(); // below what there is
    await look(page, "history-newer-failed");
    await context.unroute(/\/messages\?/);
    const rows = await page.locator(".log li[data-seq]").count();
    await page.getByRole("log").getByRole("button", { name: "Повторить", exact: true }).click();
    await problem.waitFor({ state: "detached" });
    await becomes(async () => (await page.locator(".log li[data-seq]").count()) > rows, true);
    assertNoErrors({ name: "history", errors });
    await context.close();
  },
);

test(
  "that the network is gone is shown when the browser says so, not when the link has been silent",
  { skip },
  async () => {
    const { page, context } = await behindWire("offline.said");
    // the link stays open: nobody but the browser knows; the bound is below the silence that ends a link
    await page.evaluate(() => window.dispatchEvent(new Event("offline")));
    await page.locator("nav.side .me__state--warn").waitFor({ timeout: 15_000 });
    await context.close();
  },
);

test("where the picker of emoji could not be had yet it says so, and comes when it can", { skip }, async () => {
  const { page, context, errors, chat } = await behindWire("offline.emoji");
  await context.route("**/emoji.json", (route) => route.abort());
  await page.reload();
  await openChat(page, chat);
  const emoji = page.getByRole("button", { name: "Эмодзи", exact: true });
  await emoji.click();
  await page.locator(".toast", { hasText: "Нет соединения" }).waitFor();
  await context.unroute("**/emoji.json");
  await emoji.click();
  await page.getByRole("dialog", { name: "Эмодзи" }).locator("[data-cell]").first().waitFor();
  assertNoErrors({ name: "offline.emoji", errors });
  await context.close();
});
