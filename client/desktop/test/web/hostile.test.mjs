/** Hostile peers and servers: nothing they send runs, leads away, overlaps others or stops the page. */

import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { test } from "node:test";
import {
  assertNoErrors,
  becomes,
  drawn,
  eventually,
  launchChromium,
  newPerson,
  noChromium,
  screenshot,
  startServer,
} from "../harness/harness.js";

const SCRIPT = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>";
const TALL = "a" + "\u0301".repeat(3999);
const REVERSED = "\u202Egnp.exe \u2066\u2067\u2068 конец";
const LINKS = [
  "javascript:window.hacked=1",
  "JaVaScRiPt:window.hacked=1",
  "data:text/html,<script>window.hacked=1</script>",
  "vbscript:x",
  "file:///etc/passwd",
  "https://user:password@example.com/",
  "https://xn--e1awd7f.example/",
];
const WORD = "щ".repeat(4000);

/** @type {import("playwright-core").Browser} */
let browser;
test.before(async () => {
  if (!noChromium()) browser = await launchChromium();
});

/** What no peer may bring about. @param {import("playwright-core").Page} page */
async function assertUnharmed(page) {
  await drawn(page);
  const wide = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await eventually(async () => (await wide()) <= 0, wide);
  const found = await page.evaluate(() => ({
    hacked: /** @type {any} */ (window).hacked,
    scripts: document.querySelectorAll("script:not([src])").length,
    links: [...document.querySelectorAll("[role=log] a[href]")].map((link) => link.getAttribute("href") ?? ""),
  }));
  assert.equal(found.hacked, undefined);
  assert.equal(found.scripts, 0);
  for (const href of found.links) assert.match(href, /^(https?:|mailto:)/);
  return found.links;
}

/** Each message within the log from side to side, none over its neighbour. @param {import("playwright-core").Page} page */
async function assertLayout(page) {
  const faults = await page.evaluate(async () => {
    const log = /** @type {Element} */ (document.querySelector("[role=log]")).getBoundingClientRect();
    const articles = [...document.querySelectorAll("[role=log] article")];
    const said = [];
    for (const [at, article] of articles.entries()) {
      // what is far from the screen has no layout of its own yet
      article.scrollIntoView({ block: "end" });
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      const text = (article.textContent ?? "").trim().slice(0, 20);
      const box = article.getBoundingClientRect();
      if (box.left < log.left || box.right > log.right) said.push(`${text}: beyond the log`);
      if (box.height > 4000) said.push(`${text}: ${box.height} px high`);
      const above = articles[at - 1]?.getBoundingClientRect();
      if (above && box.top < above.bottom - 1) said.push(`${text}: over the one above`);
    }
    return said;
  });
  assert.deepEqual(faults, []);
}

test("names and messages of a hostile peer are shown as the text they are", { skip: noChromium() }, async () => {
  const server = await startServer();
  const mallory = await server.register("mallory", { display_name: SCRIPT.slice(0, 64) });
  const person = await newPerson(browser, server, "vera");
  const { page } = person;
  const vera = person.account;
  const chat = await server.direct(mallory, vera);
  await server.group(mallory, `"><script>window.hacked=1</script>\u202E`.slice(0, 100), vera);
  const contents = [
    SCRIPT,
    TALL,
    REVERSED,
    LINKS.join(" "),
    WORD,
    "```" + SCRIPT + "```",
    "`" + "\u0301".repeat(50) + "`",
  ];
  for (const content of contents) await server.send(mallory, chat, content);
  page.on("dialog", (dialog) => assert.fail(`a dialog: ${dialog.message()}`));
  page.on("popup", (popup) => assert.fail(`a window: ${popup.url()}`));
  await page
    .getByRole("navigation", { name: "Чаты" })
    .getByRole("link", { name: SCRIPT.slice(0, 20) })
    .first()
    .click();
  await page
    .getByRole("article")
    .nth(contents.length - 1)
    .waitFor();
  const links = await assertUnharmed(page);
  assert.ok(links.length >= 1, "honest links are links");
  assert.ok(!links.some((href) => href.includes("password")), "an address with a password in it is no link");
  await assertLayout(page);
  await screenshot(page, "hostile-peer");
  const log = page.getByRole("log", { name: "Сообщения", exact: true });
  await becomes(() => log.innerText(), /<script>window\.hacked=1<\/script>/u, "as text");
  for (const width of [420, 720]) {
    await page.setViewportSize({ width, height: 800 });
    await assertUnharmed(page);
    await assertLayout(page);
  }
  assertNoErrors(person);
});

/** The head of a PNG that says it is 60,000 pixels wide and high. */
function hugePicture() {
  const chunk = (/** @type {string} */ type, /** @type {Buffer} */ data) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(60_000, 0);
  head.writeUInt32BE(60_000, 4);
  head.set([8, 0, 0, 0, 0], 8);
  const rows = deflateSync(Buffer.alloc(60_001 * 100)); // one hundred rows of it
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))]);
}

/** CRC-32 of a PNG's chunk (RFC 2083, appendix 15). @param {Buffer} data */
function crc(data) {
  let sum = ~0;
  for (const byte of data) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

test(
  "a stranger's picture is asked for only where that is allowed, and a huge one breaks nothing",
  { skip: noChromium() },
  async () => {
    const server = await startServer();
    const mallory = await server.register("mallory", { display_name: "Мэллори" });
    await server.call(mallory, "PATCH", "/api/auth/me", { avatar_url: "https://pictures.example/huge.png" });
    const person = await newPerson(browser, server, "vera");
    const { page, context } = person;
    let asked = 0;
    await context.route("https://pictures.example/**", (route) => {
      asked += 1;
      return route.fulfill({ contentType: "image/png", body: hugePicture() });
    });
    await server.send(mallory, await server.direct(mallory, person.account), "привет");
    const row = page.getByRole("navigation", { name: "Чаты" }).getByRole("link", { name: "Мэллори" });
    await row.click();
    await page.getByRole("article").waitFor();
    await drawn(page);
    assert.equal(asked, 0, "nothing is fetched from elsewhere unasked");
    await page.keyboard.press("Control+,");
    const settings = page.getByRole("dialog");
    await settings.getByRole("tab", { name: "Оформление" }).click();
    const picture = context.waitForEvent("request", (request) => request.url().startsWith("https://pictures.example/"));
    await settings.getByRole("switch", { name: /фото|картин|аватар|изображен/i }).click();
    await picture;
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => ![...document.images].some((image) => !image.complete));
    const boxes = await page.locator(".ava").evaluateAll((all) => all.map((one) => one.getBoundingClientRect()));
    for (const { width, height } of boxes) assert.ok(width <= 80 && height <= 80, `${width} x ${height}`);
    await assertUnharmed(page);
    await assertLayout(page);
    await screenshot(page, "hostile-picture");
    assertNoErrors(person);
  },
);

test("frames doubled, out of order, unknown or broken: the log is the server's", { skip: noChromium() }, async () => {
  const server = await startServer();
  const boris = await server.register("boris", { display_name: "Борис" });
  const vera = await server.register("vera", { display_name: "Вера" });
  const chat = await server.direct(boris, vera);
  await server.send(boris, chat, "начало"); // a chat without a word stands in no list
  const person = await newPerson(browser, server, "vera-again", { account: vera });
  const { page } = person;
  // what is pushed goes out three at a time in the wrong order, each twice, with rubbish between
  const rubbish = [
    '{"type":"weather","sun":1}',
    '{"type":"event","chat_id":1}',
    '{"type":"message"}',
    "[]",
    "{",
    "null",
    "42",
  ];
  await page.routeWebSocket(/\/ws$/, (ours) => {
    const theirs = ours.connectToServer();
    /** @type {any[]} */
    const held = [];
    const release = () => {
      const three = held.splice(0, 3).reverse();
      for (const frame of [...three, ...three]) {
        ours.send(/** @type {string} */ (rubbish[frame.seq % rubbish.length]));
        ours.send(JSON.stringify(frame));
      }
    };
    /** What came in a page, because the link was lost in between, leaves one or two. @type {NodeJS.Timeout | undefined} */
    let late;
    theirs.onMessage((data) => {
      const frames = [JSON.parse(String(data))].flat();
      const pushed = frames.filter((frame) => frame.type === "message" && frame.sender_id === boris.user.id);
      const rest = frames.filter((frame) => !pushed.includes(frame));
      if (rest.length) ours.send(JSON.stringify(rest));
      held.push(...pushed);
      while (held.length >= 3) release();
      clearTimeout(late);
      late = setTimeout(release, 1000);
    });
  });
  await page.reload();
  const again = page.locator("input[autocomplete=current-password]");
  const list = page.getByRole("navigation", { name: "Чаты" });
  await Promise.race([again.waitFor(), list.waitFor()]);
  if (await again.isVisible()) {
    await page.locator("input[autocomplete=username]").fill("vera");
    await again.fill(vera.password);
    await page.keyboard.press("Enter");
  }
  await list.getByRole("link", { name: "Борис" }).click();
  // three at a time are held back: what came in a page, before there was a link, would leave one or two for ever
  await page.locator("nav.side").getByText("В сети").waitFor();
  for (let number = 1; number <= 30; number++) await server.send(boris, chat, `номер ${number}`);
  await page
    .getByRole("article")
    .filter({ hasText: /номер 30\b/ })
    .waitFor();
  const shown = () =>
    page
      .getByRole("article")
      .evaluateAll((all) => all.flatMap((article) => /номер \d+/.exec(article.textContent ?? "") ?? []));
  await becomes(
    shown,
    Array.from({ length: 30 }, (_, at) => `номер ${at + 1}`),
  );
  await page.getByRole("textbox", { name: "Сообщение", exact: true }).fill("все дошли");
  await page.keyboard.press("Enter");
  await page
    .getByRole("article")
    .filter({ hasText: "все дошли" })
    .filter({ hasText: /Отправлено|Доставлено/ })
    .waitFor();
  assertNoErrors(person);
});
