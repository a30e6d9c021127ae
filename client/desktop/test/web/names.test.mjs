/** Names lead to who somebody is wherever they stand, by mouse and by keys; former texts are shown as texts are. */

import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  launchChromium,
  messageRow,
  newPerson,
  noChromium,
  openChat,
  startServer,
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
/** @type {import("../harness/server.js").Account} */
let anna;
let chatId = 0;
let serial = 0;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
});

beforeEach(async () => {
  if (skip) return;
  serial += 1;
  const account = await server.register(`vera${serial}`, { display_name: "Вера Соколова" });
  boris = await server.register(`boris${serial}`, { display_name: "Борис Лебедев" });
  anna = await server.register(`anna${serial}`, { display_name: "Анна Ковалёва" });
  chatId = await server.group(account, "Маяк", boris, anna);
  vera = await newPerson(browser, server, account.username, { account });
  await openChat(vera.page, chatId);
});

/** @param {string} text @param {string} name what the menu of the message has */
async function choose(text, name) {
  await messageRow(vera.page, text).locator("article").click({ button: "right" });
  await vera.page.getByRole("menuitem", { name, exact: true }).click();
}

/** The name that has the focus, without the letters of a picture. */
const focused = () =>
  vera.page.evaluate(() => document.activeElement?.querySelector("bdi.truncate, bdi")?.textContent?.trim());

/** The card of this person is open; it is left, and the focus is on the name again. @param {string} name */
async function cardOf(name) {
  const { page } = vera;
  const card = page.getByRole("dialog", { name: "О пользователе" });
  await card.getByText(name, { exact: true }).waitFor();
  await card.getByText(/^@/u).waitFor(); // it is known who that is
  await page.keyboard.press("Escape");
  await card.waitFor({ state: "detached" });
  await becomes(focused, name);
}

test("the name of who wrote what is forwarded leads to them, also where they are no member", { skip }, async () => {
  const { page, account } = vera;
  const ivan = await server.register(`ivan${serial}`, { display_name: "Иван Орлов" });
  const other = await server.group(ivan, "Архив", boris);
  const { seq } = await server.send(ivan, other, "Издалека");
  await server.call(boris, "POST", `/api/chats/${chatId}/messages`, { forward: { chat_id: other, seq } });
  await server.call(account, "POST", `/api/chats/${chatId}/read`, {});
  const name = messageRow(page, "Издалека").getByRole("button", { name: "Иван Орлов" });
  await name.click();
  await cardOf("Иван Орлов");
  await page.getByRole("log").focus();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Tab"); // Boris, who forwarded it
  await page.keyboard.press("Tab");
  await becomes(focused, "Иван Орлов");
  await page.keyboard.press("Enter");
  await cardOf("Иван Орлов");
  await lookWideAndNarrow(page, "forwarded-name");
  assertNoErrors(vera);
});

test("the names of who reacted and who has read lead to them, and are one tab stop", { skip }, async () => {
  const { page, account } = vera;
  const { seq } = await server.send(account, chatId, "Все здесь?");
  const react = (/** @type {import("../harness/server.js").Account} */ who, /** @type {string} */ sign) =>
    server.call(who, "PUT", `/api/chats/${chatId}/messages/${seq}/reactions/${encodeURIComponent(sign)}`);
  await react(boris, "👍");
  await react(anna, "👍");
  await react(account, "🎉");
  await messageRow(page, "Все здесь?").locator(".react", { hasText: "🎉" }).waitFor();
  await choose("Все здесь?", "Кто отреагировал");
  const reacted = page.getByRole("dialog", { name: "Реакции" });
  await reacted.getByRole("button", { name: "Анна Ковалёва" }).click();
  await cardOf("Анна Ковалёва");
  await lookWideAndNarrow(page, "who-reacted-names");
  await page.keyboard.press("Home");
  await becomes(focused, "Борис Лебедев");
  await page.keyboard.press("Enter");
  await cardOf("Борис Лебедев");
  await page.keyboard.press("End");
  await becomes(focused, "Вы");
  await becomes(() => reacted.locator(".reacted [tabindex='0'] bdi").allTextContents(), ["Вы"]);
  await page.keyboard.press("Escape");
  await reacted.waitFor({ state: "detached" });

  await server.call(boris, "POST", `/api/chats/${chatId}/read`, {});
  await page.locator(".topbar").getByText("3 участника").waitFor();
  await choose("Все здесь?", "Кто прочитал");
  const readers = page.getByRole("dialog", { name: "Кто прочитал" });
  const name = readers.getByRole("list", { name: "Прочитали" }).getByRole("button", { name: "Борис Лебедев" });
  await name.click();
  await cardOf("Борис Лебедев");
  await page.keyboard.press("Enter");
  await cardOf("Борис Лебедев");
  await lookWideAndNarrow(page, "readers-names");
  assertNoErrors(vera);
});

test("former texts are shown as texts are, with what was hidden still hidden", { skip }, async () => {
  const { page, account } = vera;
  const first = `Убийца — ||дворецкий||, **точно**, @boris${serial}\n> цитата\n\`\`\`\n<b>код</b>\n\`\`\``;
  const { seq } = await server.send(account, chatId, first);
  await server.call(account, "PATCH", `/api/chats/${chatId}/messages/${seq}`, { content: "Никого не убили" });
  await messageRow(page, "Никого не убили").getByRole("button", { name: "изменено" }).click();
  const dialog = page.getByRole("dialog", { name: "История изменений" });
  await dialog.locator("strong", { hasText: "точно" }).waitFor();
  const text = dialog.locator(".former").last();
  assert.equal(await text.locator("pre").textContent(), "<b>код</b>");
  assert.equal(await text.locator("blockquote").textContent(), "цитата");
  assert.ok(!(await text.innerText()).includes("||"));
  const tree = await text.ariaSnapshot();
  assert.ok(!tree.includes("дворецкий") && tree.includes("Скрытый текст. Показать"), tree);
  await lookWideAndNarrow(page, "revisions-rich");
  await text.getByRole("button", { name: "Скрытый текст. Показать" }).press("Enter");
  await becomes(() => text.locator(".spoiler.is-open").count(), 1);
  await text.getByRole("link", { name: `@boris${serial}` }).click();
  await page.getByRole("dialog", { name: "О пользователе" }).getByText("Борис Лебедев").waitFor();
  assertNoErrors(vera);
});
