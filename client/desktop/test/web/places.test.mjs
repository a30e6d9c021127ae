/** Where a chat opens and stays: what nobody saw is not read, and who looks into another chat comes back to their place. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  drawn,
  eventually,
  launchChromium,
  logAtRest,
  newPerson,
  noChromium,
  openChat,
  startServer,
  startWire,
} from "../harness/harness.js";

const skip = noChromium();
const UNREAD = 60;

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;
/** @type {import("../harness/server.js").Account} */
let anna;
/** @type {import("../harness/server.js").Account} */
let boris;
let chat = 0;
let other = 0;
let last = 0;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
  anna = await server.register("anna", { display_name: "Анна" });
  boris = await server.register("boris", { display_name: "Борис" });
  const carl = await server.register("carl", { display_name: "Карл" });
  other = await server.direct(carl, boris);
  await server.send(carl, other, "другой чат");
  await server.call(boris, "POST", `/api/chats/${other}/read`, {});
  chat = await server.direct(anna, boris);
  await tell(780);
  await server.call(boris, "POST", `/api/chats/${chat}/read`, {});
});

/** Anna writes so many messages. @param {number} count */
async function tell(count) {
  for (let n = 0; n < count; n += 1) await server.send(anna, chat, `№${(last += 1)} ${"слово ".repeat(last % 20)}`);
}

const unread = async () => (await server.call(boris, "GET", `/api/chats/${chat}`)).unread_count;

/** The divider stands in the log where one sees it. @param {import("playwright-core").Page} page */
const dividerInSight = (page) =>
  page.evaluate(() => {
    const log = document.querySelector(".log")?.getBoundingClientRect();
    const line = document.querySelector(".unread")?.getBoundingClientRect();
    return log !== undefined && line !== undefined && line.top >= log.top && line.bottom <= log.bottom;
  });

/** The first row in sight, and where. @param {import("playwright-core").Page} page */
const place = (page) =>
  page.evaluate(() => {
    const top = document.querySelector(".log")?.getBoundingClientRect().top ?? 0;
    const row = [...document.querySelectorAll(".log li[data-seq]")].find(
      (one) => one.getBoundingClientRect().bottom > top,
    );
    return [Number(row?.getAttribute("data-seq")), Math.round((row?.getBoundingClientRect().top ?? 0) - top)];
  });

/** Wheel up until a row is there. @param {import("playwright-core").Page} page @param {number} seq */
async function wheelUpTo(page, seq) {
  const row = page.locator(`.log li[data-seq="${seq}"]`);
  await page.mouse.move(800, 400);
  for (let turns = 0; turns < 400 && !(await row.count());) {
    await page.mouse.wheel(0, -1500);
    await drawn(page);
    // a turn while older ones are on their way counts little: how long they take is the machine's affair
    turns += (await page.locator(".log[aria-busy=true]").count()) ? 0.02 : 1;
  }
  await row.waitFor({ state: "attached" });
}

test(
  "unread messages are not marked read unseen: whoever scrolls far up and looks into another chat comes back to them",
  { skip },
  async () => {
    await tell(UNREAD);
    const person = await newPerson(browser, server, "boris", { account: boris });
    const { page } = person;
    await openChat(page, chat);
    await eventually(() => dividerInSight(page), "the first unread message is in sight");
    await wheelUpTo(page, last - 720);
    await eventually(
      () =>
        page
          .locator(`.log li[data-seq="${last}"]`)
          .count()
          .then((n) => n === 0),
      "the end is left out",
    );
    const still = await unread();
    assert.ok(still > 5, `${still} are still unread`);
    await openChat(page, other);
    await openChat(page, chat);
    await eventually(() => dividerInSight(page), "the first unread message is in sight again");
    await drawn(page);
    assert.ok((await unread()) > 0, "what was not seen is not read");

    // all is read: the place is kept
    await page.keyboard.press("Escape");
    await page.locator(".row.is-unread").waitFor({ state: "detached" });
    await wheelUpTo(page, last - 700);
    await page.locator(".log").hover();
    await page.mouse.wheel(0, 300);
    await drawn(page);
    await logAtRest(page);
    let left = [0, 0];
    await eventually(async () => {
      const was = left;
      left = await place(page);
      return was.join() === left.join();
    }, "nothing moves any more");
    await openChat(page, other);
    await page.getByText("другой чат").first().waitFor();
    await openChat(page, chat);
    await becomes(() => place(page), left);
    assertNoErrors(person);
    await person.context.close();
  },
);

test("what comes at once after the link was away is not passed over", { skip }, async () => {
  await server.call(boris, "POST", `/api/chats/${chat}/read`, {});
  const wire = await startWire(server);
  const person = await newPerson(browser, server, "boris", { account: boris, url: wire.url, remember: true });
  const { page } = person;
  await openChat(page, chat);
  await page.locator(`.log li[data-seq="${last}"]`).waitFor();
  await wire.cut();
  await tell(40);
  await wire.restore();
  await eventually(() => dividerInSight(page), "the first of them is in sight");
  await eventually(async () => (await unread()) < 40, unread);
  assert.ok((await unread()) > 10, `${await unread()} are unread: what is out of sight`);

  // and the same after a start
  await page.keyboard.press("Escape");
  await becomes(unread, 0);
  await page.goto("about:blank");
  await tell(40);
  await page.goto(wire.url);
  await page.locator(`nav.side [data-chat="${chat}"][aria-current=true]`).waitFor();
  await eventually(() => dividerInSight(page), "the first of them is in sight");
  await eventually(async () => (await unread()) < 40, unread);
  assert.ok((await unread()) > 10, `${await unread()} are unread`);
  await person.context.close();
});

test("more than a page of unread messages begins with the first of them, not with the end", { skip }, async () => {
  await server.call(boris, "POST", `/api/chats/${chat}/read`, {});
  const first = last + 1;
  await tell(260);
  const person = await newPerson(browser, server, "boris", { account: boris });
  const { page } = person;
  await openChat(page, chat);
  await eventually(() => dividerInSight(page), "the first unread message is in sight");
  assert.equal(await page.locator(".log .unread ~ li[data-seq]").first().getAttribute("data-seq"), String(first));
  await eventually(async () => (await unread()) < 260, unread);
  assert.ok((await unread()) > 200, `${await unread()} are unread: what is out of sight`);
  await page.keyboard.press("Escape");
  await page.locator(`.log li[data-seq="${last}"]`).waitFor();
  await becomes(unread, 0);
  assertNoErrors(person);
  await person.context.close();
});

test("after a start the chat is where it was left, unless something is unread", { skip }, async () => {
  await server.call(boris, "POST", `/api/chats/${chat}/read`, {});
  const person = await newPerson(browser, server, "boris", { account: boris, remember: true });
  const { page } = person;
  await openChat(page, chat);
  await page.locator(`.log li[data-seq="${last}"]`).waitFor();
  await wheelUpTo(page, last - 260);
  const kept = () =>
    page.evaluate(async () => {
      for (const { name } of await indexedDB.databases()) {
        const opened = indexedDB.open(name ?? "");
        await new Promise((done) => (opened.onsuccess = done));
        const db = opened.result;
        const asked = db.objectStoreNames.contains("meta")
          ? db.transaction("meta").objectStore("meta").get("place")
          : null;
        if (asked) await new Promise((done) => (asked.onsuccess = done));
        db.close();
        if (asked?.result) return asked.result;
      }
      return null;
    });
  let left = 0;
  await eventually(async () => {
    [left] = await place(page);
    return left > 0 && left < last - 200 && (await kept()) === left;
  }, "the place is kept");
  await page.reload();
  await page.locator(`nav.side [data-chat="${chat}"][aria-current=true]`).waitFor();
  await becomes(async () => (await place(page))[0], left);
  assertNoErrors(person);
  await person.context.close();
});

test("a link to a chat that is not there takes nothing of the log that is open", { skip }, async () => {
  await server.call(boris, "POST", `/api/chats/${chat}/read`, {});
  const person = await newPerson(browser, server, "boris", { account: boris });
  const { page } = person;
  await openChat(page, chat);
  await page.locator(`.log li[data-seq="${last}"]`).waitFor();
  await wheelUpTo(page, last - 120);
  const rows = () =>
    page.locator(".log li[data-seq]").evaluateAll((all) => all.map((row) => Number(row.getAttribute("data-seq"))));
  await logAtRest(page);
  const [first] = await rows();
  await page.evaluate(() => (location.hash = "#chat/987654321"));
  await page.getByText("Чат не найден, или вы в нём не состоите").waitFor();
  await drawn(page);
  const after = await rows();
  assert.deepEqual([after.includes(first), after.includes(last)], [true, true]);
  assertNoErrors(person);
});
