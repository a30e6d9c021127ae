/** Long chats: pages both ways, nothing moves under the eyes, the rows in the page stay few. */

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
  say,
  startServer,
} from "../harness/harness.js";
import { look } from "./look.js";

const skip = noChromium();
const LENGTH = 640;

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;
/** @type {import("../harness/server.js").Account} */
let anna;
/** @type {import("../harness/server.js").Account} */
let boris;
let chat = 0;
let last = 0;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
  anna = await server.register("anna", { display_name: "Анна" });
  boris = await server.register("boris", { display_name: "Борис" });
  chat = await server.direct(anna, boris);
  for (let n = 1; n <= LENGTH; n += 1) await tell(n % 3 ? anna : boris);
  await server.call(boris, "POST", `/api/chats/${chat}/read`, {});
});

/** Of different heights, as messages are. @param {import("../harness/server.js").Account} from */
async function tell(from) {
  last += 1;
  await server.send(from, chat, `№${last} ${"слово ".repeat((last * 7) % 40)}`);
}

/** @param {import("playwright-core").Page} page */
const seen = (page) =>
  page.evaluate(() => {
    const log = /** @type {HTMLElement} */ (document.querySelector(".log"));
    const top = log.getBoundingClientRect().top;
    const rows = /** @type {HTMLElement[]} */ ([...log.querySelectorAll("li[data-seq]")]);
    const seqs = rows.map((row) => Number(row.dataset.seq));
    const first = rows.find((row) => row.getBoundingClientRect().bottom > top + 200);
    return {
      first: Number(first?.dataset.seq),
      y: first ? first.getBoundingClientRect().top - top : NaN,
      from: seqs[0],
      to: seqs[seqs.length - 1],
      rows: rows.length,
      left: log.scrollHeight - log.clientHeight - log.scrollTop,
      whole: seqs.every((seq, at) => seq === seqs[0] + at),
    };
  });

/** Rows that were never drawn take their height when they come near: until nothing moves. @param {import("playwright-core").Page} page */
const settled = (page) =>
  page.evaluate(
    () =>
      new Promise((done) => {
        const log = /** @type {HTMLElement} */ (document.querySelector(".log"));
        let [was, same] = ["", 0];
        const watch = () => {
          const now = `${log.scrollTop} ${log.scrollHeight}`;
          same = now === was ? same + 1 : 0;
          was = now;
          if (same === 3) done(null);
          else requestAnimationFrame(watch);
        };
        watch();
      }),
  );

/** Until the log is as `holds` says, and its end in sight or not. @param {import("playwright-core").Page} page
 * @param {(log: Awaited<ReturnType<typeof seen>>) => boolean} holds */
const comesTo = (page, holds) =>
  eventually(
    async () => holds(await seen(page)),
    () => seen(page),
  );

/** Until one is at the end of the log. @param {import("playwright-core").Page} page */
const atTheEnd = (page) => comesTo(page, ({ left }) => left < 2);

/** Until the log holds a message. @param {import("playwright-core").Page} page @param {number} seq */
const loaded = (page, seq) => page.locator(`.log li[data-seq="${seq}"]`).waitFor({ state: "attached" });

/** Wheel until a row is there. @param {import("playwright-core").Page} page @param {number} seq @param {number} step px */
async function wheelTo(page, seq, step) {
  const row = page.locator(`.log li[data-seq="${seq}"]`);
  await page.mouse.move(800, 400);
  for (let turns = 0; turns < 400 && !(await row.count());) {
    await page.mouse.wheel(0, step);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    // a turn while others are on their way counts little: how long they take is the machine's affair
    turns += (await page.locator(".log[aria-busy=true]").count()) ? 0.02 : 1;
  }
  await row.waitFor({ state: "attached" });
}

test("what is looked at stays where it is, to the pixel, while older pages come above it", { skip }, async () => {
  const person = await newPerson(browser, server, "boris", { account: boris });
  const { page } = person;
  await openChat(page, chat);
  await loaded(page, last);
  await atTheEnd(page);
  assert.ok((await seen(page)).rows < 300);

  for (let pages = 0; pages < 6; pages += 1) {
    const earlier = await seen(page);
    // at the very top, where the browser would anchor nothing
    await page.locator(".log").evaluate((log, top) => (log.scrollTop = top), pages % 2 ? 0 : 300);
    await settled(page);
    const still = await page.evaluate(
      (from) =>
        new Promise((done) => {
          const log = /** @type {HTMLElement} */ (document.querySelector(".log"));
          const row = [...log.querySelectorAll("li[data-seq]")].find((one) => one.getBoundingClientRect().top > 150);
          const start = row?.getBoundingClientRect().top ?? NaN;
          let worst = 0;
          const watch = () => {
            const now = row?.isConnected ? row.getBoundingClientRect().top : NaN;
            worst = Math.max(worst, Math.abs(now - start));
            const first = Number(log.querySelector("li[data-seq]")?.getAttribute("data-seq"));
            if (first < from) done(worst);
            else requestAnimationFrame(watch);
          };
          watch();
        }),
      earlier.from,
    );
    assert.ok(Number(still) <= 1, `moved by ${still} px`);
    await comesTo(page, (after) => after.from < earlier.from && after.whole && after.rows <= 500);
  }
  assertNoErrors(person);
  await person.context.close();
});

test("to the beginning and back, at most 500 rows at a time, none missing", { skip }, async () => {
  const person = await newPerson(browser, server, "boris", { account: boris });
  const { page } = person;
  await openChat(page, chat);
  await loaded(page, last);
  await wheelTo(page, 1, -1500);
  await comesTo(page, (top) => top.rows <= 500 && top.whole && top.to < last);
  await becomes(() => page.locator(".log__more").count(), 0, "nothing is above the first");
  await wheelTo(page, last, 1500);
  await comesTo(page, (bottom) => bottom.rows <= 500 && bottom.whole && bottom.from > 1);

  await wheelTo(page, last - 498, -1500);
  await page.mouse.wheel(0, -4000);
  await page.getByRole("button", { name: /^К последним/u }).click();
  await becomes(() => page.locator(".tobottom").count(), 0);
  await atTheEnd(page);
  assertNoErrors(person);
  await person.context.close();
});

test("words are looked for in the whole of a chat, in a narrow window too", { skip }, async () => {
  const options = { viewport: { width: 360, height: 640 } };
  const { page, context, errors } = await newPerson(browser, server, "boris", { account: boris, options });
  await chatRow(page, chat).click();
  await atTheEnd(page);
  await page.getByRole("button", { name: "Меню чата" }).click();
  await page.getByRole("menuitem", { name: "Найти в чате" }).click();
  const find = page.getByRole("searchbox", { name: "Найти в чате", exact: true });
  const old = last - 190;
  await find.fill(`"№${old}"`);
  await page.getByText("1 сообщение").waitFor();
  await look(page, "find-360");
  await find.press("Enter");
  await page.getByText("1 из 1").waitFor();
  await comesTo(page, ({ first }) => Math.abs(first - old) < 20);
  assertNoErrors({ name: "boris", errors });
  await context.close();
});

test("by pages and to the ends of the log the focus goes along, and stays in sight", { skip }, async () => {
  const { page, context, errors } = await newPerson(browser, server, "boris", { account: boris });
  await openChat(page, chat);
  await loaded(page, last);
  await atTheEnd(page);
  await page.getByRole("log").focus();
  await page.keyboard.press("ArrowUp");
  /** Whether a message has the focus, and is in sight; and its seq. */
  const focused = () =>
    page.evaluate(() => {
      const article = /** @type {HTMLElement} */ (document.activeElement);
      const [at, box] = [article.closest("li"), article.getBoundingClientRect()];
      const log = /** @type {HTMLElement} */ (document.querySelector(".log")).getBoundingClientRect();
      const inSight = article.matches("article") && box.bottom > log.top && box.top < log.bottom;
      return inSight ? Number(at?.dataset.seq) : 0;
    });
  await becomes(focused, last);
  let above = last;
  for (const key of ["PageUp", "PageUp", "Home"]) {
    await page.keyboard.press(key);
    let seq = 0;
    await eventually(async () => {
      seq = await focused();
      return seq > 0 && seq < above;
    }, focused);
    above = seq;
  }
  await page.keyboard.press("End");
  await becomes(focused, last);
  assertNoErrors({ name: "boris", errors });
  await context.close();
});

test("at the end one stays at the end; elsewhere one stays there, and what is new is counted", { skip }, async () => {
  const person = await newPerson(browser, server, "boris", { account: boris });
  const { page } = person;
  await openChat(page, chat);
  await loaded(page, last);
  for (let n = 0; n < 5; n += 1) await tell(anna);
  await loaded(page, last);
  await page.locator(`.log li[data-seq="${last}"]`).scrollIntoViewIfNeeded();
  await atTheEnd(page);
  await page.locator(".row.is-unread").waitFor({ state: "detached" });

  await page.mouse.move(800, 400);
  await page.mouse.wheel(0, -3000);
  await page.locator(".tobottom").waitFor();
  await settled(page);
  const earlier = await seen(page);
  for (let n = 0; n < 7; n += 1) await tell(anna);
  await page.getByRole("button", { name: "К последним сообщениям, 7 непрочитанных" }).waitFor();
  await becomes(async () => {
    const { first, y } = await seen(page);
    return [first, Math.round(y)];
  }, [earlier.first, Math.round(earlier.y)]);

  await say(page, "и я тут");
  await messageRow(page, "и я тут").waitFor();
  last += 1;
  await becomes(() => page.locator(".tobottom").count(), 0);
  await atTheEnd(page); // one's own message is gone to
  await page.locator(".row.is-unread").waitFor({ state: "detached" });
  assertNoErrors(person);
  await person.context.close();
});

test("a chat with much that is unread opens at its divider, and is read as it is looked at", { skip }, async () => {
  await server.call(boris, "POST", `/api/chats/${chat}/read`, {});
  const read = last;
  for (let n = 0; n < 240; n += 1) await tell(anna);
  const person = await newPerson(browser, server, "boris", { account: boris });
  const { page } = person;
  await page.getByText("Непрочитанных: 240").waitFor({ state: "attached" });
  await becomes(() => page.title(), "(240) Вестник");
  await openChat(page, chat);
  const divider = page.locator(".unread");
  await divider.waitFor();
  const third = () =>
    page.evaluate(() => {
      const log = /** @type {HTMLElement} */ (document.querySelector(".log")).getBoundingClientRect();
      const line = /** @type {HTMLElement} */ (document.querySelector(".unread")).getBoundingClientRect();
      return (line.top - log.top) / log.height;
    });
  await eventually(async () => Math.abs((await third()) - 1 / 3) < 0.05, third);
  await loaded(page, read + 1);
  // what is in sight is read after half a second, what is not is not
  await page.waitForFunction(() => document.title !== "(240) Вестник");
  const unread = async () => (await server.call(boris, "GET", `/api/chats/${chat}`)).unread_count;
  await eventually(async () => (await unread()) < 240, unread);
  assert.ok((await unread()) > 210, "only what is in sight");
  await becomes(() => divider.count(), 1, "the divider stays");
  await page.keyboard.press("Escape");
  await loaded(page, last);
  await page.waitForFunction(() => document.title === "Вестник");
  await atTheEnd(page);
  assertNoErrors(person);
  await person.context.close();
});
