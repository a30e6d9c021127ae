/** Files: chosen, pasted and dropped; over a link that is cut; as a picture and as a card for who gets them. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { before, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  composer,
  keptFiles,
  messageRow,
  say,
  launchChromium,
  newPerson,
  noChromium,
  openChat,
  startServer,
  startWire,
  veraAndBoris,
} from "../harness/harness.js";
import { look } from "./look.js";
import { png } from "../harness/made-files.js";

const skip = noChromium();

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer({ env: { VESTNIK_LIMIT_FILE_BYTES: "2097152" } });
});

/** @param {Parameters<typeof veraAndBoris>[2]} [how] */
const two = (how) => veraAndBoris(browser, server, how);

/** @param {import("playwright-core").Page} page */
const uploads = (page) => page.locator(".uploads li");
/** @param {import("playwright-core").Page} page */
const log = (page) => page.getByRole("log");
/** @param {import("playwright-core").Page} page @param {...{name: string, mimeType: string, buffer: Buffer}} files */
const choose = (page, ...files) => page.locator("input.composer__files").setInputFiles(files);
/** @param {string} name @param {string | Buffer} bytes */
const file = (name, bytes, mimeType = "text/plain") => ({ name, mimeType, buffer: Buffer.from(bytes) });

test("a file is chosen by keys, uploaded, sent with a text, and saved by who gets it", { skip }, async () => {
  const { vera, boris, chatId } = await two();
  const { page } = vera;
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Прикрепить файлы" }).focus();
  await page.keyboard.press("Enter");
  await (await chooser).setFiles([file("Отчёт за ноябрь.txt", "Всё готово\n")]);
  await uploads(page).getByText("байт").waitFor();
  await look(page, "upload");
  await composer(page).fill("Вот он");
  await page.keyboard.press("Enter");
  await log(page)
    .getByRole("button", { name: /Скачать файл Отчёт за ноябрь.txt/ })
    .waitFor();
  assert.equal(await uploads(page).count(), 0);

  const other = await newPerson(browser, server, boris.username, { account: boris });
  await openChat(other.page, chatId);
  const card = log(other.page).getByRole("button", { name: /Скачать файл Отчёт за ноябрь.txt, / });
  const download = other.page.waitForEvent("download");
  await card.click();
  const got = await download;
  assert.equal(got.suggestedFilename(), "Отчёт за ноябрь.txt");
  assert.equal(await readFile(/** @type {string} */ (await got.path()), "utf8"), "Всё готово\n");
  await look(other.page, "file-card");
  assertNoErrors(vera, other);
});

test("a pasted picture goes without a text, is seen small and large, and named in the list", { skip }, async () => {
  const { vera, boris, chatId } = await two();
  const { page } = vera;
  await composer(page).focus();
  await give(page, "paste", "вид.png", [...png(640, 360)]);
  await uploads(page).getByText("вид", { exact: true }).waitFor();
  await page.keyboard.press("Enter");
  const media = log(page).getByRole("button", { name: "Открыть изображение вид.png" });
  await media.locator("img").waitFor();
  await becomes(
    () => media.locator("img").evaluate((img) => /** @type {HTMLImageElement} */ (img).naturalWidth > 0),
    true,
  );
  await becomes(() => page.locator(`nav.side [data-chat="${chatId}"]`).getByText("Изображение: вид.png").count(), 1);
  await look(page, "picture-message");
  await media.click();
  await page
    .getByRole("dialog", { name: /Изображение .вид.png/ })
    .locator("img")
    .waitFor();
  await look(page, "picture");
  await page.keyboard.press("Escape");
  const items = await server.items(boris, chatId);
  assert.equal(items.at(-1).content, "");
  assert.equal(items.at(-1).attachments.length, 1);
  assertNoErrors(vera);
});

test(
  "what is dropped is attached, a place shows where; too large and empty ones are told of and taken back",
  { skip },
  async () => {
    const { vera } = await two();
    const { page } = vera;
    await give(page, "dragover", "план.txt", [1]);
    await page.getByText("Отпустите файлы, чтобы прикрепить их к сообщению").waitFor();
    await look(page, "drop");
    await give(page, "drop", "план.txt", [65, 66]);
    await uploads(page).getByText("план", { exact: true }).waitFor();
    assert.equal(await page.getByText("Отпустите файлы").count(), 0);
    await choose(page, file("пусто.txt", ""), file("большой.bin", Buffer.alloc(2_200_000)));
    await page.getByText("Файл пуст: пусто.txt").waitFor();
    await page.getByText("Файл больше 2 МБ").waitFor();
    assert.equal(await uploads(page).count(), 1);
    await page.getByRole("button", { name: "Убрать файл план.txt" }).click();
    await becomes(() => uploads(page).count(), 0);
    assertNoErrors(vera);
  },
);

test("pictures are seen before they are sent, and go as they are where one says so", { skip }, async () => {
  const { vera, boris, chatId } = await two();
  const { page } = vera;
  const original = Buffer.concat([png(640, 480), Buffer.from("what a camera adds behind it")]);
  const picture = (/** @type {string} */ name, /** @type {Buffer} */ bytes) => file(name, bytes, "image/png");
  await choose(page, picture("море.png", png(640, 480, 40)), picture("горы.png", original), picture("не то.png", Buffer.from("нет"))); // prettier-ignore
  const drawn = () => uploads(page).locator("img").evaluateAll((all) => all.filter((one) => one instanceof HTMLImageElement && one.naturalWidth === 640).length); // prettier-ignore
  await becomes(drawn, 2);
  await becomes(() => uploads(page).locator("img").count(), 2);
  const way = page.getByRole("button", { name: "Отправить горы.png как файл" });
  await way.focus();
  await page.keyboard.press("Space");
  await page.locator(".upload__way[aria-pressed=true]").waitFor();
  await look(page, "upload-pictures");
  await page.getByRole("button", { name: "Убрать файл не то.png" }).click();
  await composer(page).fill("С отпуска");
  await composer(page).press("Enter");
  const files = async () => (await server.items(boris, chatId)).at(-1).attachments.length;
  await becomes(files, 2);
  const [sea, hills] = (await server.items(boris, chatId)).at(-1).attachments;
  assert.ok(sea.preview_url);
  assert.equal(hills.size, original.length);
  assertNoErrors(vera);
});

test("what is sent with no link waits in its order, is kept by the browser, and arrives", { skip }, async () => {
  const wire = await startWire(server);
  const { vera, boris, chatId } = await two({ url: wire.url, remember: true });
  const { page } = vera;
  await wire.cut();
  await say(page, "До");
  await choose(page, file("данные.bin", Buffer.alloc(300_000, 7), "application/octet-stream"));
  await uploads(page).waitFor();
  await composer(page).fill("С данными");
  await composer(page).press("Enter");
  await say(page, "После");
  const waiting = messageRow(page, "С данными");
  await waiting.getByText("Ждём связи").waitFor();
  await waiting.getByRole("progressbar", { name: "Загрузка файла данные.bin" }).waitFor();
  await look(page, "upload-waits");
  await becomes(() => keptFiles(page), 1);
  await wire.restore();
  const texts = async () => (await server.items(boris, chatId)).map(({ content }) => content);
  await becomes(texts, ["Пришлите отчёт", "До", "С данными", "После"]);
  await log(page)
    .getByRole("button", { name: /Скачать файл данные.bin/ })
    .waitFor();
  await becomes(() => keptFiles(page), 0);
  assertNoErrors(vera);
});

test(
  "a message whose file is refused says why, and may be sent again; one that is taken back leaves nothing",
  { skip },
  async () => {
    const wire = await startWire(server);
    const { vera, boris, chatId } = await two({ url: wire.url, remember: true });
    const { page } = vera;
    await page.route("**/api/uploads", (route) => {
    const body = JSON.stringify({ code: "quota_exceeded", status: 507, title: "Full" });
    return route.fulfill({ status: 507, contentType: "application/problem+json", body });
  }, { times: 1 }); // prettier-ignore
    await choose(page, file("отчёт.txt", "Всё готово"));
    await uploads(page).waitFor();
    await composer(page).fill("Вот");
    await composer(page).press("Enter");
    const row = messageRow(page, "Вот");
    await row.getByText("На сервере нет места для этого файла").waitFor();
    await look(page, "upload-refused");
    await row.getByRole("button", { name: "Повторить" }).click();
    await log(page)
      .getByRole("button", { name: /Скачать файл отчёт.txt/ })
      .waitFor();
    await wire.cut();
    await choose(page, file("лишнее.txt", "Не надо"));
    await uploads(page).waitFor();
    await composer(page).press("Enter");
    await page.getByRole("button", { name: "Отменить отправку" }).click();
    await becomes(() => page.locator(".sending").count(), 0);
    await becomes(() => keptFiles(page), 0);
    const items = await server.items(boris, chatId);
    assert.deepEqual(items.map(({ content }) => content), ["Пришлите отчёт", "Вот"]); // prettier-ignore
  },
);

/** A paste or a drag with a file. @param {import("playwright-core").Page} page @param {"paste" | "dragover" | "drop"} kind
 * @param {string} name @param {number[]} bytes */
function give(page, kind, name, bytes) {
  return page.evaluate(([how, called, data]) => {
    const type = called.endsWith(".png") ? "image/png" : "text/plain";
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(data)], called, { type }));
    const common = { bubbles: true, cancelable: true };
    const event =
      how === "paste"
        ? new ClipboardEvent("paste", { ...common, clipboardData: transfer })
        : new DragEvent(how, { ...common, dataTransfer: transfer });
    (document.activeElement ?? document.body).dispatchEvent(event);
  }, /** @type {const} */ ([kind, name, bytes]));
}
