/** Ways about in a chat and out of it: to a day, to what is quoted or pinned and back, to people; and the browser's Back. */

import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  chatRow,
  drawn,
  eventually,
  launchChromium,
  logAtRest,
  messageRow,
  newPerson,
  noChromium,
  openChat,
  startServer,
} from "../harness/harness.js";
import { assertInside, look, lookWideAndNarrow } from "./look.js";

const skip = noChromium();
const LENGTH = 130;

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;
/** @type {import("../harness/server.js").Account} */
let boris;
/** @type {import("../harness/browser.js").Person} */
let anna;
/** @type {import("playwright-core").Page} */
let page;
/** A long group in which the last message answers the first, which is pinned. */
let group = 0;
let other = 0;
let created = "";

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
  boris = await server.register("boris", { display_name: "Борис Лебедев" });
  anna = await newPerson(browser, server, "anna", { displayName: "Анна Ковалёва" });
  page = anna.page;
  group = await server.group(boris, "Маяк", anna.account);
  created = (await server.send(boris, group, "самое первое")).created_at;
  for (let n = 2; n <= LENGTH; n += 1) await server.send(n % 2 ? anna.account : boris, group, `строка ${n}`);
  await server.call(boris, "PUT", `/api/chats/${group}/messages/1/pin`);
  await server.send(boris, group, "ответ на первое", { reply_to: 1 });
  await server.call(anna.account, "POST", `/api/chats/${group}/read`, {});
  other = await server.direct(boris, anna.account);
  await server.send(boris, other, "другой чат");
  await server.call(anna.account, "POST", `/api/chats/${other}/read`, {});
});

beforeEach(async () => {
  if (skip) return;
  await openChat(page, other);
  await openChat(page, group);
  await page.keyboard.press("Escape");
  await messageRow(page, "ответ на первое").waitFor();
});

/** Whether a row is where one sees it. @param {string} text */
const inSight = (text) =>
  messageRow(page, text).evaluateAll((rows) => {
    const log = document.querySelector(".log")?.getBoundingClientRect();
    const row = rows[0]?.getBoundingClientRect();
    return log !== undefined && row !== undefined && row.bottom > log.top && row.top < log.bottom;
  });
/** @param {string} text */
const comesInSight = (text) => eventually(() => inSight(text), `${text} is in sight`);
const goBack = () => page.evaluate(() => history.back());
/** The same, until one is where it leads: from the guard at the beginning one is sent forward again. */
const goneBack = () =>
  page.evaluate(
    () =>
      new Promise((done) => {
        const came = (/** @type {PopStateEvent} */ { state: { vestnik: entry } }) => {
          if (entry.at < entry.floor) return;
          window.removeEventListener("popstate", came);
          done(null);
        };
        window.addEventListener("popstate", came);
        history.back();
      }),
  );
const backButton = () => page.getByRole("button", { name: "Вернуться назад", exact: true });
/** @param {string} name */
const dialog = (name) => page.getByRole("dialog", { name, exact: true });

test("to what a message answers and back, by mouse and by keyboard", { skip }, async () => {
  const quote = messageRow(page, "ответ на первое").getByRole("button", { name: /^Ответ на/u });
  await quote.click();
  await comesInSight("самое первое");
  await lookWideAndNarrow(page, "way-back");
  await backButton().click();
  await comesInSight("ответ на первое");
  await becomes(() => backButton().count(), 0);
  await quote.focus();
  await page.keyboard.press("Enter");
  await comesInSight("самое первое");
  await backButton().waitFor();
  await page.keyboard.press("Alt+ArrowLeft");
  await comesInSight("ответ на первое");
  assertNoErrors(anna);
});

test("what was pinned is gone to from its line, and the end of the log needs no way back", { skip }, async () => {
  await page.getByRole("button", { name: "закрепил(а) сообщение" }).click();
  await comesInSight("самое первое");
  await backButton().waitFor();
  await page.getByRole("button", { name: /^К последним/u }).click();
  await comesInSight("ответ на первое");
  await backButton().waitFor({ state: "detached" });
  assertNoErrors(anna);
});

test("to a day, from its heading and from the menu of the chat", { skip }, async () => {
  const day = new Date(created).toLocaleDateString("sv", { timeZone: "Europe/Moscow" });
  for (const way of ["heading", "menu"]) {
    if (way === "heading") {
      await page.locator(".log h2 button").last().click();
    } else {
      await page.getByRole("button", { name: "Меню чата" }).click();
      await page.getByRole("menuitem", { name: "Перейти к дате" }).click();
    }
    await dialog("Перейти к дате").waitFor();
    await look(page, `date-${way}`);
    await assertInside(page);
    await page.getByLabel("Дата", { exact: true }).fill(day);
    await page.keyboard.press("Enter");
    await dialog("Перейти к дате").waitFor({ state: "detached" });
    await comesInSight("самое первое");
    await page.getByRole("button", { name: /^К последним/u }).click();
    await comesInSight("ответ на первое");
  }
  assertNoErrors(anna);
});

test("a heading that is pressed while older rows push it away opens its day", { skip }, async () => {
  const person = await newPerson(browser, server, "anna", { account: anna.account });
  await openChat(person.page, group);
  await messageRow(person.page, "ответ на первое").waitFor();
  await logAtRest(person.page);
  /** @type {(value?: unknown) => void} */
  let letCome = () => {};
  const held = new Promise((resolve) => (letCome = resolve));
  await person.page.route(/\/messages\?/u, async (route) => {
    await held;
    await route.continue();
  });
  const heading = person.page.locator(".log h2 button");
  await heading.hover(); // at the beginning of what is there: more is asked for
  await person.page.locator('.log[aria-busy="true"]').waitFor();
  await person.page.mouse.down();
  letCome();
  await messageRow(person.page, "строка 60").waitFor({ state: "attached" });
  await drawn(person.page);
  await person.page.mouse.up();
  await person.page.getByRole("dialog", { name: "Перейти к дате", exact: true }).waitFor();
  assertNoErrors(person);
  await person.context.close();
});

test("a day that is half typed stays so while news comes", { skip }, async () => {
  await page.getByRole("button", { name: "Меню чата" }).click();
  await page.getByRole("menuitem", { name: "Перейти к дате" }).click();
  const day = page.getByLabel("Дата", { exact: true });
  await becomes(() => day.evaluate((field) => field === document.activeElement), true);
  await page.keyboard.type("010"); // one part is half there
  await server.call(boris, "PATCH", `/api/chats/${group}`, { title: "Маяк на мысу" });
  await page.locator(".topbar").getByText("Маяк на мысу").first().waitFor();
  await page.keyboard.type("12020");
  assert.equal(await day.inputValue(), "2020-01-01");
  await page.keyboard.press("Escape");
  await dialog("Перейти к дате").waitFor({ state: "detached" });
  await server.call(boris, "PATCH", `/api/chats/${group}`, { title: "Маяк" });
  assertNoErrors(anna);
});

test("names and pictures lead to who it is, by mouse and by keyboard", { skip }, async () => {
  const who = dialog("О пользователе");
  const row = messageRow(page, "ответ на первое");
  await row.getByRole("button", { name: "Борис Лебедев", exact: true }).click();
  await who.getByText("@boris").waitFor();
  await lookWideAndNarrow(page, "dialog-person");
  await assertInside(page);
  await page.keyboard.press("Escape");
  await who.waitFor({ state: "detached" });
  await row.locator(".msg__ava .ava").click();
  await who.getByText("@boris").waitFor();
  await page.keyboard.press("Escape");
  await row.getByRole("article").focus();
  await page.keyboard.press("Shift+F10");
  await page.getByRole("menuitem", { name: "Профиль: " }).press("Enter");
  await who.getByText("@boris").waitFor();
  await who.getByRole("button", { name: "Написать" }).click();
  await page.locator(`nav.side [data-chat="${other}"][aria-current=true]`).waitFor();
  assertNoErrors(anna);
});

test("who has read one's own message, and who has only received it", { skip }, async () => {
  const carl = await newPerson(browser, server, "carl", { displayName: "Карл Иванов" });
  const trio = await server.group(anna.account, "Втроём", boris, carl.account);
  const { seq } = await server.send(anna.account, trio, "кто увидит?");
  await server.call(boris, "POST", `/api/chats/${trio}/read`, {});
  await chatRow(carl.page, trio).getByText("кто увидит?").waitFor();
  await becomes(async () => {
    const { read, received } = await server.call(anna.account, "GET", `/api/chats/${trio}/messages/${seq}/readers`);
    return [read, received];
  }, [[boris.user.id], [carl.id]]); // prettier-ignore
  await openChat(page, trio);
  await page.locator(".topbar").getByText("3 участника").waitFor(); // in large groups nobody may know
  await messageRow(page, "кто увидит?").getByRole("article").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Кто прочитал" }).click();
  const readers = dialog("Кто прочитал");
  await readers.getByRole("list", { name: "Прочитали" }).getByText("Борис Лебедев").waitFor();
  await readers.getByRole("list", { name: "Получили" }).getByText("Карл Иванов").waitFor();
  await lookWideAndNarrow(page, "dialog-readers");
  await assertInside(page);
  await page.keyboard.press("Escape");
  assertNoErrors(anna, carl);
  await carl.context.close();
});

test(
  "Back closes what is open, returns to the chat before, and never leaves while one is signed in",
  { skip },
  async () => {
    const person = await newPerson(browser, server, "dora", { displayName: "Дора" });
    page = person.page;
    const trio = await server.group(boris, "Дора и другие", person.account);
    const two = await server.group(boris, "Второй", person.account);
    const address = page.url();
    const current = () => page.locator("nav.side [aria-current=true]").getAttribute("data-chat");
    await openChat(page, trio);
    await openChat(page, two);
    await page.keyboard.press("Control+k");
    await page.getByRole("dialog").waitFor();
    await goBack();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await becomes(current, String(two));
    await goBack();
    await becomes(current, String(trio));
    await page.evaluate(() => history.forward());
    await becomes(current, String(two));
    for (let n = 0; n < 6; n += 1) await goneBack();
    await becomes(() => page.locator("nav.side [aria-current=true]").count(), 0, "no chat, as at the beginning");
    assert.equal(page.url(), address);
    await page.reload();
    await page.locator("nav.side").waitFor();
    await openChat(page, trio);
    for (let n = 0; n < 4; n += 1) await goneBack();
    await drawn(page);
    await page.locator("nav.side").waitFor();
    assert.equal(page.url(), address);
    assertNoErrors(person);
    await person.context.close();
    page = anna.page;
  },
);
