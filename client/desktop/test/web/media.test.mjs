/** What is played, and pictures of people and groups. */

import assert from "node:assert/strict";
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
  server = await startServer();
});

test(
  "sounds and videos play in place, also when their address ran out; what cannot be played says so",
  { skip },
  async () => {
    const { vera, boris, chatId } = await twoPeople(server);
    const person = await newPerson(browser, server, vera.username, { account: vera });
    const { page } = person;
    const video = await page.evaluate(recorded);
    const files = [
      await server.upload(boris, "Запись.wav", wav(30)),
      await server.upload(boris, "Прогулка.webm", Buffer.from(video)),
      await server.upload(
        boris,
        "Пустое.webm",
        Buffer.concat([Buffer.from(video).subarray(0, 64), Buffer.alloc(2000)]),
      ),
    ];
    await server.send(boris, chatId, "Послушай", { attachments: files.map(({ id }) => id) });
    await openChat(page, chatId);
    const audio = page.getByLabel("Аудио Запись.wav");
    const watched = page.getByLabel("Видео Прогулка.webm");
    /** @param {import("playwright-core").Locator} media */
    const duration = (media) => media.evaluate((element) => /** @type {HTMLMediaElement} */ (element).duration);
    await becomes(() => duration(audio), 30);
    await watched.waitFor();
    await becomes(() => watched.evaluate((element) => /** @type {HTMLVideoElement} */ (element).videoWidth), 160);
    await page.getByText("Это нельзя воспроизвести здесь. Файл можно скачать").waitFor();
    await look(page, "played");

    // as it is when its five minutes are over: the server does not know the address any more
    const old = await audio.evaluate((element) => /** @type {HTMLMediaElement} */ (element).src);
    const stale = old.replace(/token=\d+/u, "token=1");
    assert.notEqual(stale, old);
    await audio.evaluate((element, src) => {
      const media = /** @type {HTMLMediaElement} */ (element);
      media.currentTime = 20;
      media.src = src;
    }, stale);
    await becomes(
      async () => (await audio.evaluate((element) => /** @type {HTMLMediaElement} */ (element).src)) !== stale,
      true,
    );
    await becomes(() => duration(audio), 30);
    await audio.evaluate((element) => /** @type {HTMLMediaElement} */ (element).play());
    await eventually(
      () => audio.evaluate((element) => /** @type {HTMLMediaElement} */ (element).currentTime > 0),
      "it plays",
    );
    await page.setViewportSize({ width: 360, height: 640 });
    await assertInside(page);
    await look(page, "played-360");
    assertNoErrors(person);
  },
);

test(
  "one's own picture and that of a group: cut out by keys and mouse, seen by others, taken away",
  { skip },
  async () => {
    const { vera, boris } = await twoPeople(server);
    const groupId = await server.group(vera, "Маяк", boris);
    const person = await newPerson(browser, server, vera.username, { account: vera });
    const other = await newPerson(browser, server, boris.username, { account: boris });
    const { page } = person;
    await page.keyboard.press("Control+,");
    await page.getByRole("button", { name: "Изменить фотографию" }).click();
    const dialog = page.getByRole("dialog", { name: "Моя фотография" });
    await dialog.locator("input[type=file]").setInputFiles({ name: "не картинка.png", mimeType: "image/png", buffer: Buffer.from("нет") }); // prettier-ignore
    await dialog.getByText("Это изображение не удалось прочитать").waitFor();
    await dialog
      .locator("input[type=file]")
      .setInputFiles({ name: "я.png", mimeType: "image/png", buffer: png(800, 400) });
    const area = dialog.locator("canvas");
    await area.focus();
    const seen = () => area.evaluate((canvas) => [...(/** @type {HTMLCanvasElement} */ (canvas).getContext("2d")?.getImageData(256, 256, 1, 1).data ?? [])]); // prettier-ignore
    const middle = (await seen())[0];
    for (let at = 0; at < 4; at += 1) await page.keyboard.press("ArrowLeft");
    await eventually(async () => (await seen())[0] < middle - 10, "the picture went to the right: less red");
    await page.keyboard.press("+");
    await becomes(() => dialog.getByRole("slider").inputValue(), "1.2");
    const box = await area.boundingBox();
    assert.ok(box);
    const keyed = (await seen())[0];
    await page.mouse.move(box.x + 100, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x + 60, box.y + 100, { steps: 3 });
    await page.mouse.up();
    await eventually(async () => (await seen())[0] > keyed + 10, "and back to the left");
    await assertInside(page);
    await look(page, "avatar-crop");
    await dialog.getByRole("button", { name: "Сохранить" }).click();
    await becomes(() => dialog.count(), 0);
    await page.locator("dialog .hero .ava__picture").waitFor();
    await look(page, "avatar-own");
    await page.keyboard.press("Escape");

    await openChat(page, groupId);
    await page.locator(".topbar__peer").click();
    await page.getByRole("button", { name: "Изображение", exact: true }).click();
    const group = page.getByRole("dialog", { name: "Изображение группы" });
    await group
      .locator("input[type=file]")
      .setInputFiles({ name: "м.png", mimeType: "image/png", buffer: png(300, 300, 20) });
    await group.locator("canvas").waitFor();
    await group.getByRole("button", { name: "Сохранить" }).click();
    await becomes(() => group.count(), 0);
    await page.locator("dialog .hero .ava__picture").waitFor();

    await chatRow(other.page, groupId).locator(".ava__picture").waitFor();
    await openChat(other.page, groupId);
    await other.page.locator(".topbar__peer").click();
    await other.page.locator("dialog li").filter({ hasText: "Вера Соколова" }).locator(".ava__picture").waitFor();
    await look(other.page, "avatar-members");

    await page.getByRole("button", { name: "Изображение", exact: true }).click();
    await group.getByRole("button", { name: "Убрать" }).click();
    await becomes(() => group.count(), 0);
    await becomes(() => chatRow(other.page, groupId).locator(".ava__picture").count(), 0);
    assertNoErrors(person, other);
  },
);

/** Runs in the page: a second of a moving square, as a browser records it. */
async function recorded() {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [160, 90];
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: "video/webm;codecs=vp8" });
  /** @type {Blob[]} */
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const stopped = new Promise((resolve) => {
    recorder.onstop = resolve;
  });
  recorder.start();
  for (let at = 0; at < 25; at += 1) {
    pen.fillStyle = `rgb(${at * 10}, 80, 120)`;
    pen.fillRect(0, 0, 160, 90);
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  recorder.stop();
  await stopped;
  return [...new Uint8Array(await new Blob(parts).arrayBuffer())];
}
