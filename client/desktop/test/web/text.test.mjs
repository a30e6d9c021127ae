/** The text of messages as people see it: marks, code, quotes, spoilers, links, mentions (docs/text.md). */

import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  chatRow,
  composer,
  drawn,
  launchChromium,
  newPerson,
  noChromium,
  openChat,
  screenshot,
  startServer,
} from "../harness/harness.js";
import { look } from "./look.js";

const skip = noChromium();
const LONG = `print(${'"длинная строка", '.repeat(12)})`;
const EVERYTHING = [
  "**Жирно**, _курсив_, ~~зачёркнуто~~, `код` и **_вместе_**.",
  "> Цитата со **словом** и `кодом`",
  "> второй строкой",
  "Ответ @anna, @boris и @nobody; почта anna@example.com, сайт пример.рф и http://old.example/a_(b).",
  "```python",
  "def hello(name: str) -> str:",
  '    """Здоровается."""',
  '    return f"Привет, {name}" * 2  # дважды',
  LONG,
  "```",
  "Убийца — ||дворецкий `x` https://example.com||. snake_case_name, 2*3, ^_^",
].join("\n");

let serial = 0;
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;
/** @type {import("../harness/browser.js").Person} */
let anna;
/** @type {import("../harness/server.js").Account} */
let boris;
let chat = 0;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
});

beforeEach(async () => {
  if (skip) return;
  serial += 1;
  boris = await server.register(`boris${serial}`, { display_name: "Борис Лебедев" });
  anna = await newPerson(browser, server, `anna${serial}`, { displayName: "Анна Ковалёва" });
  chat = await server.group(anna.account, "Отдел", boris);
  await openChat(anna.page, chat);
});

/** The newest message with this in it. @param {string} text */
const bubble = (text) => anna.page.getByRole("article").filter({ hasText: text }).last();
/** In this test's names. @param {string} text */
const named = (text) => text.replaceAll("@anna", `@anna${serial}`).replaceAll("@boris", `@boris${serial}`);

test("every form is drawn as what it is, in both themes and in a narrow window", { skip }, async () => {
  const { page } = anna;
  await server.send(boris, chat, named(EVERYTHING));
  await server.send(anna.account, chat, named(EVERYTHING));
  const found = bubble("Жирно");
  await found.locator("blockquote p").waitFor();
  const texts = (/** @type {string} */ selector) => found.locator(selector).allTextContents();
  assert.deepEqual(await texts("strong"), ["Жирно", "вместе", "словом"]);
  assert.deepEqual(await texts("em"), ["курсив", "вместе"]);
  assert.deepEqual(await texts("s"), ["зачёркнуто"]);
  assert.deepEqual(await texts("p > code, blockquote code"), ["код", "кодом"]);
  assert.deepEqual(await texts(".mention"), [`@anna${serial}`, `@boris${serial}`]);
  assert.deepEqual(await texts(".mention--me"), [`@anna${serial}`]);
  const links = ["anna@example.com", "пример.рф", "http://old.example/a_(b)", "https://example.com"];
  assert.deepEqual(await texts("a:not(.mention)"), links);
  const pre = found.locator("pre");
  assert.ok((await pre.textContent())?.endsWith(LONG), "code is as it was typed");
  assert.ok(await pre.evaluate((box) => box.scrollWidth > box.clientWidth), "a long line scrolls within its box");
  await becomes(() => found.locator("pre .hl-keyword").allTextContents(), ["def", "return"]);
  // hostile code takes its time from a worker: not a line of the highlighter is run by the page
  const loaded = () => performance.getEntriesByType("resource").filter(({ name }) => name.includes("highlightjs"));
  const workers = () => page.workers().filter((worker) => worker.url().endsWith("/colouring.js"));
  assert.deepEqual([(await page.evaluate(loaded)).length, workers().length], [0, 1]);
  assert.ok((await pre.textContent())?.endsWith(LONG), "and stays that in colours");
  assert.equal(await texts("blockquote p").then(([text]) => text), "Цитата со словом и кодом\nвторой строкой");
  await page.keyboard.press("Escape");
  await look(page, "text");
  await page.setViewportSize({ width: 360, height: 800 });
  await screenshot(page, "text-360");
  const wide = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await becomes(wide, 0);
  assertNoErrors(anna);
});

test("a mention leads to the person, by mouse and by keys", { skip }, async () => {
  const { page } = anna;
  await server.send(boris, chat, named("Спросите @boris или @anna"));
  const [theirs, own] = [`@boris${serial}`, `@anna${serial}`].map((name) =>
    bubble("Спросите").getByRole("link", { name, exact: true }),
  );
  const card = page.getByRole("dialog");
  await theirs.click();
  await card.getByText("Борис Лебедев").waitFor();
  await page.keyboard.press("Escape");
  await card.waitFor({ state: "detached" });
  await becomes(() => theirs.evaluate((link) => link === document.activeElement), true);
  await own.focus();
  await page.keyboard.press("Enter");
  await card.getByText("Анна Ковалёва").waitFor();
  await page.keyboard.press("Escape");
  await card.waitFor({ state: "detached" });
  assert.equal(new URL(page.url()).hash.includes("person"), false);
  assertNoErrors(anna);
});

test("a spoiler opens by a click and by keys, and is told to who hears the page", { skip }, async () => {
  const { page } = anna;
  await server.send(boris, chat, "Убийца ||дворецкий|| и ||садовник||");
  const found = bubble("Убийца");
  const spoilers = found.locator(".spoiler__cover");
  await spoilers.first().waitFor();
  assert.equal((await chatRow(page, chat).innerText()).includes("дворецкий"), false, "the list does not tell it");
  const tree = await found.ariaSnapshot();
  assert.ok(!tree.includes("дворецкий") && tree.includes("Скрытый текст. Показать"), tree);
  await spoilers.first().click();
  await becomes(() => found.locator(".spoiler.is-open").count(), 1);
  await page.getByRole("status").filter({ hasText: "дворецкий" }).first().waitFor({ state: "attached" });
  await found.getByRole("button", { name: "Скрытый текст. Показать" }).focus();
  await page.keyboard.press("Enter");
  await becomes(() => found.locator(".spoiler.is-open").count(), 2);
  assert.ok((await found.ariaSnapshot()).includes("садовник"));
  await becomes(() => page.evaluate(() => document.activeElement?.textContent), "садовник", "the focus stays");
  await look(page, "text-spoilers");
  assertNoErrors(anna);
});

test("code is copied by its button", { skip }, async () => {
  const { page, context } = anna;
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await server.send(boris, chat, "```sh\nls -l\n\necho 1\n```");
  const found = bubble("ls -l");
  await found.getByRole("button", { name: "Копировать код" }).click();
  await page.getByText("Текст скопирован").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "ls -l\n\necho 1");
  assertNoErrors(anna);
});

test("plain http opens after a warning, https at once", { skip }, async () => {
  const { page, context } = anna;
  await context.route(/example\.org/, (route) =>
    route.fulfill({ contentType: "text/html", body: "<title>там</title>" }),
  );
  await server.send(boris, chat, "http://example.org/a и https://example.org/b");
  const links = bubble("example.org").getByRole("link");
  await links.first().click();
  const dialog = page.getByRole("dialog", { name: "Открыть незащищённую ссылку?" });
  await dialog.getByText("Соединение с example.org не шифруется").waitFor();
  await look(page, "text-http");
  await dialog.getByRole("button", { name: "Отмена" }).click();
  assert.equal(context.pages().length, 1, "nothing was opened");
  await links.first().click();
  const [plain] = await Promise.all([
    context.waitForEvent("page"),
    dialog.getByRole("button", { name: "Открыть" }).click(),
  ]);
  await plain.waitForURL("http://example.org/a");
  const [safe] = await Promise.all([context.waitForEvent("page"), links.last().click()]);
  await safe.waitForURL("https://example.org/b");
  assertNoErrors(anna);
});

test("a place leads to its message, or says that there is none", { skip }, async () => {
  const { page } = anna;
  const seq = await server.send(boris, chat, "здесь").then((message) => message.seq);
  await server.send(
    boris,
    chat,
    `vestnik://chat/${chat}/${seq} ${server.url}/#chat/${chat}/${seq} vestnik://chat/999/1`,
  );
  const links = bubble("vestnik").getByRole("link");
  const found = page.locator(`.msg.is-found[data-seq="${seq}"]`);
  for (const at of [0, 1]) {
    const marked = found.waitFor(); // from now on: it is marked for a moment only
    await links.nth(at).click();
    await marked;
    await found.waitFor({ state: "detached" });
  }
  await links.last().click();
  await page.getByText("Чат не найден, или вы в нём не состоите").waitFor();
  assertNoErrors(anna);
});

test("keys put marks around what is selected, and Ctrl+Z takes them back", { skip }, async () => {
  const { page } = anna;
  const field = composer(page);
  const value = () => field.inputValue();
  await field.focus();
  await page.keyboard.type("раз два три");
  const bar = page.getByRole("toolbar", { name: "Оформление" });
  await becomes(value, "раз два три");
  await drawn(page);
  assert.equal(await bar.count(), 0);
  await page.keyboard.press("Shift+Control+ArrowLeft");
  await bar.waitFor();
  await look(page, "format-bar");
  for (const [keys, text] of [
    ["Control+b", "раз два **три**"],
    ["Control+i", "раз два **_три_**"],
    ["Control+Shift+x", "раз два **_~~три~~_**"],
    ["Control+Shift+m", "раз два **_~~`три`~~_**"],
    ["Control+Shift+m", "раз два **_~~три~~_**"],
    ["Control+z", "раз два **_~~`три`~~_**"],
    ["Control+z", "раз два **_~~три~~_**"],
    ["Control+z", "раз два **_три_**"],
  ]) {
    await page.keyboard.press(keys);
    await becomes(value, text);
  }
  await page.keyboard.press("Enter");
  await becomes(() => bubble("раз два").locator("strong em").textContent(), "три");
  await bar.waitFor({ state: "detached" });
  // in a Russian layout too
  await field.focus();
  await field.dispatchEvent("keydown", { key: "и", code: "KeyB", ctrlKey: true });
  await becomes(value, "****");
  await page.keyboard.press("Control+/");
  const help = page.getByRole("dialog", { name: "Сочетания клавиш" });
  for (const name of ["Жирный", "Курсив", "Зачёркнутый", "Код"]) await help.getByText(name, { exact: true }).waitFor();
  await look(page, "text-keys");
  assertNoErrors(anna);
});

test("what was copied with its looks keeps them as marks, what was plain stays plain", { skip }, async () => {
  const { page, context } = anna;
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const field = composer(page);
  const elsewhere = await context.newPage();
  await elsewhere.goto(`${server.url}/healthz`);
  for (const [html, plain, text] of [
    ["<b>жирно</b> и <i>косо</i>", "жирно и косо", "**жирно** и _косо_"],
    [
      '<p style="margin:0">a <span style="font-weight:700">b</span></p><p>c <a href="https://example.com/x">туда</a></p>',
      "a b\n\nc туда",
      "a **b**\n\nc туда (https://example.com/x)",
    ],
    ['<a href="https://example.com/">example.com</a>', "example.com", "example.com"],
    ["<ul><li>один</li><li><code>два</code></li></ul>", "один\nдва", "- один\n- `два`"],
    ['<pre><code class="language-py">x = 1\ny\n</code></pre>', "x = 1\ny", "```py\nx = 1\ny\n```"],
    ["<blockquote>a<br><em>b</em></blockquote>c", "a\nb\nc", "> a\n> _b_\n\nc"],
    ["<div>просто</div><div>текст</div>", "просто\nтекст", "просто\nтекст"],
    [
      '<b>x</b><img src="https://evil.example/a.png" onerror="window.hacked=1"><script>window.hacked=1</script>',
      "x",
      "**x**",
    ],
    [`<b>${"<i>".repeat(6000)}x</b>`, "слишком много", "слишком много"],
  ]) {
    await elsewhere.bringToFront();
    await elsewhere.evaluate(
      ([asHtml, asText]) => {
        const blob = (/** @type {string} */ content, /** @type {string} */ type) => new Blob([content], { type });
        const item = { "text/html": blob(asHtml, "text/html"), "text/plain": blob(asText, "text/plain") };
        return navigator.clipboard.write([new ClipboardItem(item)]);
      },
      [html, plain],
    );
    await page.bringToFront();
    await field.fill("");
    await field.press("Control+v");
    await becomes(() => field.inputValue(), text, html.slice(0, 60));
  }
  await field.fill("");
  await drawn(page);
  assert.equal(await page.evaluate(() => /** @type {any} */ (window).hacked), undefined);
  assertNoErrors(anna);
});
