/** Files that pretend to be something else, pictures that were made to do harm, and folders: who sends and who gets them. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { atEnd } from "../harness/closing.js";
import {
  assertNoErrors,
  becomes,
  composer,
  launchChromium,
  newPerson,
  noChromium,
  openChat,
  startServer,
  veraAndBoris,
} from "../harness/harness.js";
import { gif, png, pngOf } from "../harness/made-files.js";

const skip = noChromium();
const LIMIT = 2_097_152;

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer({ env: { VESTNIK_LIMIT_FILE_BYTES: `${LIMIT}` } });
});

/** @param {import("playwright-core").Page} page */
const uploads = (page) => page.locator(".uploads li");
/** @param {import("playwright-core").Page} page */
const log = (page) => page.getByRole("log");
/** @param {import("playwright-core").Page} page @param {...{name: string, mimeType: string, buffer: Buffer}} files */
const choose = (page, ...files) => page.locator("input.composer__files").setInputFiles(files);
/** @param {string} name @param {string | Buffer} bytes */
const file = (name, bytes, mimeType = "text/plain") => ({ name, mimeType, buffer: Buffer.from(bytes) });

const RUNS = "document.title = 'ran'";

test(
  "B21: names and types that pretend are seen as what they are, by who sends and who gets them",
  { skip },
  async () => {
    const { vera, boris, chatId } = await veraAndBoris(browser, server);
    const { page } = vera;
    await choose(
      page,
      file("photo\u202egpj.exe", "MZ\x90"),
      file("вид.jpg", `<!doctype html><script>${RUNS}</script>`, "image/jpeg"),
      file("знак.svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="${RUNS}"><script>${RUNS}</script></svg>`, "image/svg+xml"), // prettier-ignore
      file("CON", "прибор"),
      file(`${"ы".repeat(300)}.txt`, "длинно"),
    );
    await becomes(() => uploads(page).count(), 5);
    await becomes(() => uploads(page).locator("img").count(), 0);
    const shown = (await uploads(page).allInnerTexts()).join(" ");
    assert.doesNotMatch(shown, /\p{Cf}/u);
    assert.match(shown, /photogpj\s*\.exe/u);
    await composer(page).press("Enter");
    const names = ["photogpj.exe", "вид.jpg", "знак.svg", "_CON", `${"ы".repeat(98)}.txt`];
    const other = await newPerson(browser, server, boris.username, { account: boris });
    await openChat(other.page, chatId);
    for (const one of [page, other.page]) {
      const card = (/** @type {string} */ name) => log(one).getByRole("button", { name: `Скачать файл ${name}, ` });
      for (const name of names) await card(name).waitFor();
      assert.equal(await log(one).locator(".msg__body :is(img, iframe, object, embed, script)").count(), 0);
    }
    const there = other.page.url();
    for (const name of ["вид.jpg", "знак.svg"]) {
      const download = other.page.waitForEvent("download");
      await log(other.page)
        .getByRole("button", { name: `Скачать файл ${name}, ` })
        .click();
      assert.equal((await download).suggestedFilename(), name);
    }
    assert.equal(other.page.url(), there);
    for (const one of [page, other.page]) assert.notEqual(await one.title(), "ran");
    assertNoErrors(vera, other);
  },
);

test("B21: a file of no byte and one of a byte too many are told of; one of just so many goes", { skip }, async () => {
  const { vera, boris, chatId } = await veraAndBoris(browser, server);
  const { page } = vera;
  await choose(page, file("пусто.txt", ""), file("больше.bin", Buffer.alloc(LIMIT + 1)), file("всё.bin", Buffer.alloc(LIMIT))); // prettier-ignore
  await page.getByText("Файл пуст: пусто.txt").waitFor();
  await page.getByText("Файл больше 2 МБ").waitFor();
  assert.equal(await uploads(page).count(), 1);
  await composer(page).press("Enter");
  await becomes(async () => (await server.items(boris, chatId)).at(-1)?.attachments?.[0]?.size ?? 0, LIMIT);
  assertNoErrors(vera);
});

test("B22: pictures that were made to do harm are files; the next picture is one", { skip }, async () => {
  const { vera, boris, chatId } = await veraAndBoris(browser, server);
  const { page } = vera;
  const picture = (/** @type {string} */ name, /** @type {Buffer} */ bytes, type = "image/png") =>
    file(name, bytes, type);
  await choose(
    page,
    picture("огромная.png", pngOf(60_000, 60_000, Buffer.alloc(1))),
    picture("больше сказанного.png", pngOf(9000, 9000, Buffer.alloc(64 << 20))),
    picture("долгая.gif", gif(50_000), "image/gif"),
    picture("море.png", png(64, 48)),
  );
  await composer(page).press("Enter");
  const other = await newPerson(browser, server, boris.username, { account: boris });
  await openChat(other.page, chatId);
  for (const one of [page, other.page]) {
    for (const name of ["огромная.png", "больше сказанного.png", "долгая.gif"]) {
      await log(one)
        .getByRole("button", { name: `Скачать файл ${name}, ` })
        .waitFor();
    }
    const media = log(one).getByRole("button", { name: "Открыть изображение море.png" });
    const width = () => media.locator("img").evaluate((img) => /** @type {HTMLImageElement} */ (img).naturalWidth);
    await becomes(width, 64);
  }
  assertNoErrors(vera, other);
});

test("a folder that is dropped is refused with words; a file beside it is attached", { skip }, async () => {
  const { vera } = await veraAndBoris(browser, server);
  const { page } = vera;
  const folder = mkdtempSync(join(tmpdir(), "vestnik-drop-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const [inner, beside] = [join(folder, "Отчёты"), join(folder, "Смета.txt")];
  mkdirSync(inner);
  writeFileSync(join(inner, "в папке.txt"), "не отправлять");
  writeFileSync(beside, "по строкам");
  const cdp = await page.context().newCDPSession(page);
  const drop = async (/** @type {string[]} */ files) => {
    for (const type of /** @type {const} */ (["dragEnter", "dragOver", "drop"])) {
      const data = { items: [], files, dragOperationsMask: 1 };
      await cdp.send("Input.dispatchDragEvent", { type, x: 600, y: 300, data });
    }
  };
  const refused = page.getByText("Папку отправить нельзя. Выберите файлы в ней");
  await drop([inner]);
  await refused.waitFor();
  assert.equal(await uploads(page).count(), 0);
  await refused.waitFor({ state: "hidden" });
  await drop([inner, beside]);
  await refused.waitFor();
  await uploads(page).getByText("Смета", { exact: true }).waitFor();
  assert.equal(await uploads(page).count(), 1);
  assert.equal(await page.getByText("Отпустите файлы").count(), 0);
  assertNoErrors(vera);
});
