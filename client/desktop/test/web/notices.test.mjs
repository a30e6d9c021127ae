/** Notices of new messages: in two windows of one log-in, and how each of them ends. */

import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  chatRow,
  launchChromium,
  newPage,
  newPerson,
  noChromium,
  openChat,
  startServer,
  startWire,
} from "../harness/harness.js";

/** @typedef {import("playwright-core").Page} Page */

const skip = noChromium();

/** @type {import("../harness/server.js").Server} */
let server;
/** @type {import("../harness/wire.js").Wire} */
let wire;
/** @type {import("../harness/server.js").Account} */
let boris;
/** @type {import("../harness/browser.js").Person} */
let vera;
let chatId = 0;
let other = 0;
let serial = 0;

before(async () => {
  if (!skip) server = await startServer();
});

beforeEach(async () => {
  if (skip) return;
  serial += 1;
  const account = await server.register(`vera${serial}`);
  boris = await server.register(`boris${serial}`);
  chatId = await server.group(account, "Маяк", boris);
  other = await server.group(account, "Поход", boris);
  await server.call(account, "PATCH", `/api/chats/${chatId}`, { muted: false });
  wire = await startWire(server);
  vera = await newPerson(await launchChromium(), server, account.username, { account, url: wire.url, remember: true });
  for (const chat of [chatId, other]) await chatRow(vera.page, chat).waitFor();
  await vera.page.locator("nav.side").getByText("В сети").waitFor(); // what comes from here on is news
  await watch(vera.page);
});

/** Notices of a page are written down, with what is in sight; it has no focus. @param {Page} page */
const watch = (page) =>
  page.evaluate(() => {
    const told = /** @type {string[]} */ ([]);
    const inSight = /** @type {Set<string>} */ (new Set());
    class Told extends EventTarget {
      static permission = "granted";
      /** @param {string} _title @param {any} options */
      constructor(_title, { body }) {
        super();
        this.body = body;
        told.push(body);
        inSight.add(body);
        Object.assign(window, { click: () => this.onclick() });
      }
      onclick = () => {};
      close() {
        inSight.delete(this.body);
        this.dispatchEvent(new Event("close"));
      }
    }
    document.hasFocus = () => false;
    Object.assign(window, { told, inSight, Notification: Told });
    window.dispatchEvent(new Event("blur"));
  });
/** As it is behind other tabs: no frame is drawn. @param {Page} page */
const hide = (page) =>
  page.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: true });
    window.requestAnimationFrame = () => 1;
  });
/** @param {Page} page @param {boolean} on */
const focus = (page, on) =>
  page.evaluate((has) => {
    document.hasFocus = () => has;
    window.dispatchEvent(new Event(has ? "focus" : "blur"));
  }, on);
/** @param {Page} page @returns {Promise<string[]>} */
const told = (page) => page.evaluate(() => /** @type {any} */ (window).told);
/** @param {Page} page @returns {Promise<string[]>} */
const inSight = (page) => page.evaluate(() => [.../** @type {any} */ (window).inSight]);

test("what is looked at in another window is not told; what is not, is told once", { skip }, async () => {
  const { page } = vera; // it has the link
  const { page: second } = await newPage(vera.context);
  await second.goto(wire.url);
  await openChat(second, chatId);
  await watch(second);
  await focus(second, true);
  await hide(page);
  await server.send(boris, chatId, "на это смотрят");
  await second.getByRole("log").getByText("на это смотрят").waitFor();
  await becomes(async () => (await server.call(vera.account, "GET", `/api/chats/${chatId}`)).unread_count, 0);
  await server.send(boris, other, "на это не смотрят");
  await becomes(() => told(page), [`boris${serial}: на это не смотрят`]);
  await focus(second, false);
  await server.send(boris, chatId, "никто не смотрит");
  await becomes(() => told(page), [`boris${serial}: на это не смотрят`, `boris${serial}: никто не смотрит`]);
  assert.deepEqual(await told(second), [], "one window tells");

  await becomes(() => page.title(), "(2) Вестник");

  // read in the other window
  await focus(second, true);
  await becomes(() => inSight(page), [`boris${serial}: на это не смотрят`]);
  await openChat(second, other);
  await becomes(() => inSight(page), []);
  assertNoErrors(vera);
});

test("a notice goes with its message, and with the log-in", { skip }, async () => {
  const { page } = vera;
  const { seq } = await server.send(boris, chatId, "лишнее");
  await becomes(() => inSight(page), [`boris${serial}: лишнее`]);
  await server.send(boris, other, "нужное");
  await becomes(() => inSight(page).then((all) => all.length), 2);
  await server.call(boris, "DELETE", `/api/chats/${chatId}/messages/${seq}`);
  await becomes(() => inSight(page), [`boris${serial}: нужное`]);
  const { sessions } = await server.call(vera.account, "GET", "/api/auth/sessions");
  for (const one of sessions.filter((/** @type {any} */ { current }) => !current)) {
    await server.call(vera.account, "DELETE", `/api/auth/sessions/${one.id}`);
  }
  await page.locator("input[autocomplete=current-password]").waitFor();
  await becomes(() => inSight(page), []);
});

test("the summary of what was caught up goes when all that it tells of is read", { skip }, async () => {
  const { page } = vera;
  const unread = await server.direct(vera.account, boris);
  await server.send(boris, unread, "давно не прочитано");
  await becomes(() => inSight(page), ["давно не прочитано"]);
  await wire.cut();
  await page.getByRole("status").filter({ hasText: "Нет соединения" }).waitFor();
  for (const chat of [chatId, other]) await server.send(boris, chat, "пока не было связи");
  await wire.restore();
  await becomes(() => inSight(page).then((all) => all.length), 2);
  for (const chat of [chatId, other]) {
    assert.ok(
      (await inSight(page)).some((text) => text.includes("2 ")),
      "some of it is not read yet",
    );
    await server.call(vera.account, "POST", `/api/chats/${chat}/read`, {});
    await chatRow(page, chat).locator(".badge").waitFor({ state: "detached" });
  }
  await becomes(() => inSight(page), ["давно не прочитано"]);

  // a click on it leads to no chat
  /** @type {string[]} */
  const asked = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.evaluate(() => /** @type {any} */ (window).click());
  await openChat(page, chatId);
  await page.getByRole("log").getByText("пока не было связи").waitFor();
  assert.ok(!asked.some((path) => path.startsWith("/api/chats/0")), asked.join());
});
