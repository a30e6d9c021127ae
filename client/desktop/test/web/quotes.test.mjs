/** Quotes of messages that are far from what is loaded: whose they are and what they say, as it is now. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  chatRow,
  launchChromium,
  messageRow,
  newPerson,
  noChromium,
  openChat,
  startServer,
} from "../harness/harness.js";
import { look } from "./look.js";

const skip = noChromium();
const LENGTH = 70;

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;
/** @type {import("../harness/server.js").Account} */
let boris;
/** @type {import("../harness/server.js").Account} */
let vera;
/** Who was there when all of it was written, and keeps it. @type {import("../harness/browser.js").Person} */
let anna;
let group = 0;
/** Of the messages that are answered. */
let [one, other] = [0, 0];

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
  boris = await server.register("boris", { display_name: "Борис Лебедев" });
  vera = await server.register("vera");
  anna = await newPerson(browser, server, "anna", { remember: true });
  await anna.page.locator("nav.side").getByText("В сети").waitFor(); // what comes from now on comes to this machine
  group = await server.group(boris, "Маяк", vera, anna.account);
  for (let n = 1; n <= LENGTH; n += 1) {
    const { seq } = await server.send(boris, group, `строка ${n}.`);
    if (n === 3) one = seq;
    if (n === 7) other = seq;
  }
  for (const reply_to of [one, other]) await server.send(boris, group, `ответ на ${reply_to}`, { reply_to });
  for (const member of [vera, anna.account]) await server.call(member, "POST", `/api/chats/${group}/read`, {});
});

/** The same message in the log. @param {import("playwright-core").Page} page @param {number} seq of the answered one */
const answerOf = (page, seq) => messageRow(page, `ответ на ${seq}`).getByRole("article");
/** What a quote shows. @param {import("playwright-core").Page} page @param {number} seq */
const quote = (page, seq) => answerOf(page, seq).locator(".quote > :not(.sr)");

/** What the page asks its server for in the log from now on. @param {import("playwright-core").Page} page */
function pagesOf(page) {
  /** @type {string[]} */
  const asked = [];
  page.on("request", (request) => {
    const { pathname, search } = new URL(request.url());
    if (pathname === `/api/chats/${group}/messages`) asked.push(search);
  });
  return asked;
}

test("what this machine keeps is not asked for", { skip }, async () => {
  const { page } = anna;
  await chatRow(page, group).getByText(`ответ на ${other}`).waitFor();
  const asked = pagesOf(page);
  await openChat(page, group);
  await becomes(() => quote(page, one).allInnerTexts(), ["Борис Лебедев", "строка 3."]);
  await becomes(() => quote(page, other).allInnerTexts(), ["Борис Лебедев", "строка 7."]);
  assert.deepEqual(asked, []);
  assertNoErrors(anna);
  await anna.context.close();
});

test("a quote of a message that is far away says whose it is and what, and follows it", { skip }, async () => {
  const person = await newPerson(browser, server, "vera", { account: vera });
  const { page } = person;
  const asked = pagesOf(page);
  await openChat(page, group);
  await becomes(() => quote(page, one).allInnerTexts(), ["Борис Лебедев", "строка 3."]);
  await becomes(() => quote(page, other).allInnerTexts(), ["Борис Лебедев", "строка 7."]);
  const spoken = await answerOf(page, one).getAttribute("aria-label");
  assert.match(spoken ?? "", /Ответ на сообщение: Борис Лебедев/u);
  await look(page, "quotes-far");
  assert.equal(asked.filter((search) => search === `?after_seq=${one - 1}&limit=${other - one + 1}`).length, 1);
  const soFar = asked.length;

  await server.call(boris, "PATCH", `/api/chats/${group}/messages/${one}`, { content: "строка иначе" });
  await becomes(() => quote(page, one).allInnerTexts(), ["Борис Лебедев", "строка иначе"]);
  await server.call(boris, "PATCH", "/api/auth/me", { display_name: "Борис Орлов" });
  await becomes(() => quote(page, one).allInnerTexts(), ["Борис Орлов", "строка иначе"]);
  await server.call(boris, "DELETE", `/api/chats/${group}/messages/${other}`);
  await becomes(() => quote(page, other).allInnerTexts(), ["Борис Орлов", "Сообщение удалено"]);
  assert.equal((await page.content()).includes("строка 7."), false);
  assert.equal(asked.length, soFar, `${asked}`);

  await answerOf(page, one).locator(".quote").click();
  await messageRow(page, "строка иначе").waitFor();
  assertNoErrors(person);
  await person.context.close();
});
