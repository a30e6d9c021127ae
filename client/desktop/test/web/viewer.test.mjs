/** A picture by itself, by mouse, keys and fingers; and the files of a chat. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  chatRow,
  eventually,
  launchChromium,
  newPerson,
  noChromium,
  openChat,
  startServer,
  twoPeople,
} from "../harness/harness.js";
import { png, wav } from "../harness/made-files.js";
import { assertInside, look } from "./look.js";

const skip = noChromium();

/** @typedef {import("playwright-core").Page} Page */
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer({ env: { VESTNIK_LIMIT_UPLOADS: "1000" } });
});

/** A message with these files. @param {import("../harness/server.js").Account} from @param {number} chatId
 * @param {[string, Buffer][]} files @param {string} [text] */
async function sent(from, chatId, files, text = "") {
  const attachments = [];
  for (const [name, bytes] of files) attachments.push((await server.upload(from, name, bytes)).id);
  return server.send(from, chatId, text, { attachments });
}

/** @param {Page} page */
const viewer = (page) => page.locator("dialog.viewer");
/** What is seen: the name and the place of the picture. @param {Page} page */
const titled = async (page) => ((await viewer(page).getAttribute("aria-label")) ?? "").replace(/[\u2066-\u2069]/gu, "");
/** How the picture lies: scale and place. @param {Page} page */
const lies = (page) =>
  page.locator(".viewer__move").evaluate((element) => {
    const { a, e, f } = new DOMMatrix(getComputedStyle(element).transform);
    return { scale: Math.round(a * 100) / 100, x: Math.round(e), y: Math.round(f) };
  });
const WHOLE = { scale: 1, x: 0, y: 0 };

test("a picture is zoomed, moved, left for the next one, copied and saved", { skip }, async () => {
  const { vera, boris, chatId } = await twoPeople(server);
  await sent(boris, chatId, [["море.png", png(640, 360)], ["лес.png", png(360, 640, 30)]], "Отпуск"); // prettier-ignore
  const large = png(2000, 1200, 90);
  await sent(boris, chatId, [["горы.png", large]]);
  const person = await newPerson(browser, server, vera.username, { account: vera });
  const { page } = person;
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await openChat(page, chatId);
  const media = page.getByRole("log").getByRole("button", { name: "Открыть изображение лес.png" });
  await media.focus();
  await page.keyboard.press("Enter");
  await becomes(() => titled(page), "Изображение лес.png, 2 из 3");
  await viewer(page).locator("img").first().waitFor();
  await look(page, "viewer");
  await page.keyboard.press("ArrowLeft");
  await becomes(() => titled(page), "Изображение море.png, 1 из 3");
  await page.keyboard.press("ArrowLeft");
  await becomes(() => titled(page), "Изображение море.png, 1 из 3", "there is none before the first");
  await page.keyboard.press("End");
  await becomes(() => titled(page), "Изображение горы.png, 3 из 3");
  assert.equal(await viewer(page).locator(".viewer__sharp").count(), 0);

  await page.keyboard.press("+");
  await becomes(() => lies(page), { scale: 1.5, x: 0, y: 0 });
  await viewer(page).locator(".viewer__sharp.is-loaded").waitFor();
  await page.keyboard.press("Shift+ArrowRight");
  await becomes(async () => (await lies(page)).x, -80);
  await look(page, "viewer-zoomed");
  await page.keyboard.press("0");
  await becomes(() => lies(page), WHOLE);
  const box = await page.locator(".viewer__img").boundingBox();
  assert.ok(box);
  const [middle, high] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(middle + 100, high);
  await page.mouse.wheel(0, -400);
  await eventually(async () => (await lies(page)).scale > 1.5, "zoomed by the wheel");
  const zoomed = await lies(page);
  assert.ok(zoomed.x < 0, "what is under the pointer stays there");
  await page.mouse.down();
  await page.mouse.move(middle + 160, high, { steps: 3 });
  await page.mouse.up();
  await becomes(async () => (await lies(page)).x, zoomed.x + 60);
  await page.mouse.dblclick(middle, high);
  await becomes(() => lies(page), WHOLE);
  await page.mouse.dblclick(middle, high);
  await becomes(async () => (await lies(page)).scale, 2.5);

  await page.keyboard.press("Control+c");
  await page.getByText("Изображение скопировано").waitFor();
  const copied = await page.evaluate(async () => {
    const [item] = await navigator.clipboard.read();
    const { width, height } = await createImageBitmap(await item.getType("image/png"));
    return [width, height];
  });
  assert.deepEqual(copied, [2000, 1200]);
  const download = page.waitForEvent("download");
  await page.keyboard.press("Control+s");
  assert.equal((await download).suggestedFilename(), "горы.png");

  await page.keyboard.press("Escape");
  await becomes(() => viewer(page).count(), 0);
  await becomes(() => media.evaluate((element) => element === document.activeElement), true, "the focus is back");
  assertNoErrors(person);
});

test("fingers zoom, go on to the next picture, and close", { skip }, async () => {
  const { vera, boris, chatId } = await twoPeople(server);
  await sent(boris, chatId, [["первая.png", png(300, 300)], ["вторая.png", png(300, 300, 20)]]); // prettier-ignore
  const options = { hasTouch: true, isMobile: true, viewport: { width: 360, height: 640 } };
  const person = await newPerson(browser, server, vera.username, { account: vera, options });
  const { page } = person;
  await chatRow(page, chatId).tap();
  await page.getByRole("log").getByRole("button", { name: "Открыть изображение первая.png" }).tap();
  await becomes(() => titled(page), "Изображение первая.png, 1 из 2");
  await viewer(page).locator("img").first().waitFor();
  const cdp = await page.context().newCDPSession(page);
  /** @param {"touchStart" | "touchMove" | "touchEnd"} type @param {...[number, number]} at */
  const touch = (type, ...at) =>
    cdp.send("Input.dispatchTouchEvent", { type, touchPoints: at.map(([x, y], id) => ({ x, y, id })) });
  await touch("touchStart", [150, 300], [210, 300]);
  await touch("touchMove", [90, 300], [270, 300]);
  await touch("touchEnd");
  await becomes(async () => (await lies(page)).scale, 3);
  await page.getByRole("button", { name: "Уменьшить (−)" }).tap();
  await page.getByRole("button", { name: "Уменьшить (−)" }).tap();
  await page.getByRole("button", { name: "Уменьшить (−)" }).tap();
  await becomes(() => lies(page), WHOLE);
  await touch("touchStart", [250, 300]);
  await touch("touchMove", [100, 310]);
  await touch("touchEnd");
  await becomes(() => titled(page), "Изображение вторая.png, 2 из 2");
  await assertInside(page);
  await look(page, "viewer-360");
  await touch("touchStart", [180, 250]);
  await touch("touchMove", [185, 450]);
  await touch("touchEnd");
  await becomes(() => viewer(page).count(), 0);
  assertNoErrors(person);
});

test(
  "the files of a chat: by kinds, page by page, to their messages; older pictures in the viewer",
  { skip },
  async () => {
    const { vera, boris, chatId } = await twoPeople(server);
    const early = await sent(boris, chatId, [["старая.png", png(200, 200)], ["песня.wav", wav(1)]], "Давно"); // prettier-ignore
    for (let at = 0; at < 6; at += 1) {
      const files = Array.from({ length: 10 }, (_, n) => /** @type {[string, Buffer]} */ ([`акт ${at}-${n}.txt`, Buffer.from(`${at} ${n}`)])); // prettier-ignore
      await sent(vera, chatId, files);
    }
    for (let at = 0; at < 110; at += 1) await server.send(boris, chatId, `Строка ${at}`);
    await sent(boris, chatId, [["новая.png", png(400, 200)]]);
    const person = await newPerson(browser, server, vera.username, { account: vera });
    const { page } = person;
    await openChat(page, chatId);
    // by the keyboard: the row moves while what is above it is drawn
    await page.getByRole("log").getByRole("button", { name: "Открыть изображение новая.png" }).press("Enter");
    await becomes(() => titled(page), "Изображение новая.png, 2 из 2", "the older one was asked for");
    await page.keyboard.press("ArrowLeft");
    await becomes(() => titled(page), "Изображение старая.png, 1 из 2");
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: "Меню чата" }).click();
    await page.getByRole("menuitem", { name: "Файлы чата" }).click();
    const dialog = page.getByRole("dialog", { name: "Файлы чата" });
    await dialog.getByRole("button", { name: /Открыть изображение/ }).first().waitFor(); // prettier-ignore
    await becomes(() => dialog.locator(".media img").count(), 2);
    await look(page, "shared-pictures");
    await dialog.getByRole("button", { name: "Открыть изображение старая.png" }).click();
    await becomes(() => titled(page), "Изображение старая.png, 1 из 2");
    await page.keyboard.press("Escape");
    await becomes(() => viewer(page).count(), 0);

    await dialog.getByRole("tab", { name: "Изображения" }).focus();
    await page.keyboard.press("ArrowLeft");
    await becomes(() => dialog.getByRole("tab", { name: "Файлы" }).getAttribute("aria-selected"), "true");
    await becomes(() => dialog.locator("li.shared").count(), 50);
    await look(page, "shared-files");
    await dialog.locator("li.shared").last().scrollIntoViewIfNeeded();
    await becomes(() => dialog.locator("li.shared").count(), 60);
    const download = page.waitForEvent("download");
    await dialog.getByRole("button", { name: /Скачать файл акт 5-3.txt/ }).click();
    assert.equal(await readFile(/** @type {string} */ (await (await download).path()), "utf8"), "5 3");
    await dialog.getByRole("tab", { name: "Видео" }).click();
    await dialog.getByText("Видео ещё нет").waitFor();
    await page.setViewportSize({ width: 360, height: 640 });
    await assertInside(page);
    await dialog.getByRole("tab", { name: "Аудио" }).click();
    await dialog.locator("li.shared").waitFor();
    await look(page, "shared-audio-360");
    const marked = page.locator(`.log li[data-seq="${early.seq}"].is-found`).waitFor(); // it is marked for a moment only
    await dialog.locator(".shared__go").click();
    await becomes(() => dialog.count(), 0);
    await marked;
    assertNoErrors(person);
  },
);
