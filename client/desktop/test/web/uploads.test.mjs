/** Files on their way: from two windows at once, and while somebody signs out. */

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { before, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  composer,
  eventually,
  keptFiles,
  launchChromium,
  messageRow,
  newPage,
  noChromium,
  openChat,
  startServer,
  startWire,
  veraAndBoris,
} from "../harness/harness.js";
import { look } from "./look.js";

const skip = noChromium();
const SIZE = 1_500_000;

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
});

/** Vera in a browser, over a wire, in a chat with Boris. */
async function overWire() {
  const wire = await startWire(server);
  return { ...(await veraAndBoris(browser, server, { url: wire.url, remember: true })), wire };
}

/** Say something with a file. @param {import("playwright-core").Page} page @param {string} text @param {Buffer} buffer */
async function sendFile(page, text, buffer) {
  const file = { name: `${text}.bin`, mimeType: "application/octet-stream", buffer };
  await page.locator("input.composer__files").setInputFiles(file);
  await page.locator(".uploads li").waitFor();
  await composer(page).fill(text);
  await composer(page).press("Enter");
  await messageRow(page, text).waitFor();
}

test("two windows upload at once: each file goes once, with its message", { skip }, async () => {
  const { vera, boris, chatId, wire } = await overWire();
  const second = await newPage(vera.context);
  await second.page.goto(wire.url);
  await openChat(second.page, chatId);
  const files = new Map(["Первое", "Второе"].map((text) => [text, randomBytes(SIZE)]));
  const [[one, oneFile], [two, twoFile]] = [...files];
  await wire.cut();
  await Promise.all([sendFile(vera.page, one, oneFile), sendFile(second.page, two, twoFile)]);
  await becomes(() => keptFiles(vera.page), 2, "both are kept before they go");
  const begun = wire.sent;
  await wire.restore();
  await eventually(async () => (await server.items(boris, chatId)).length === 3, "both messages");
  for (const { content, attachments } of (await server.items(boris, chatId)).slice(1)) {
    const bytes = /** @type {Buffer} */ (files.get(content));
    assert.deepEqual([attachments.length, attachments[0].size], [1, SIZE]);
    const { sha256 } = attachments[0];
    if (sha256) assert.equal(sha256, createHash("sha256").update(bytes).digest("hex"));
  }
  assert.ok(wire.sent - begun < 2.5 * SIZE, `${wire.sent - begun} bytes were sent`);
  for (const page of [vera.page, second.page]) {
    for (const text of files.keys()) {
      await messageRow(page, text)
        .getByRole("button", { name: `Скачать файл ${text}.bin` })
        .waitFor();
    }
  }
  await becomes(() => keptFiles(vera.page), 0);
  assertNoErrors(vera);
  assert.deepEqual(second.errors, []);
});

/** As if the one file that waits here had so many bytes. @param {import("playwright-core").Page} page @param {number} size */
function sayHowLarge(page, size) {
  return page.evaluate(async (bytes) => {
    const names = (await indexedDB.databases()).flatMap(({ name }) =>
      /^vestnik http.* \d+$/.test(name ?? "") ? [name] : [],
    );
    await new Promise((resolve, reject) => {
      const opening = indexedDB.open(String(names[0]));
      opening.onsuccess = () => {
        const { result: database } = opening;
        const transaction = database.transaction("outbox", "readwrite");
        const walk = transaction.objectStore("outbox").openCursor();
        walk.onsuccess = () => {
          const row = walk.result?.value;
          walk.result?.update({ ...row, files: [{ ...row.files[0], size: bytes }] });
        };
        transaction.oncomplete = () => resolve(database.close());
        transaction.onerror = () => reject(transaction.error);
      };
    });
  }, size);
}

test("files of 1 GiB wait at most: whoever has more is told, and keeps it above the field", { skip }, async () => {
  const { vera, wire } = await overWire();
  const { page } = vera;
  await wire.cut();
  await sendFile(page, "Ждёт", Buffer.alloc(10));
  await sayHowLarge(page, 2 ** 30 - 100);
  await sendFile(page, "Ещё входит", Buffer.alloc(100));
  const file = { name: "лишний.bin", mimeType: "application/octet-stream", buffer: Buffer.alloc(1) };
  await page.locator("input.composer__files").setInputFiles(file);
  await composer(page).fill("Не входит");
  await composer(page).press("Enter");
  await page.getByText("Неотправленные файлы займут больше 1 ГБ").waitFor();
  await page.locator(".uploads li", { hasText: "лишний" }).waitFor();
  await becomes(() => composer(page).inputValue(), "Не входит");
  assert.equal(await messageRow(page, "Не входит").count(), 0);
  await look(page, "uploads-too-much");
  assert.equal(await keptFiles(page), 2);
  assertNoErrors(vera);
});

test("signing out while a file is on its way asks first, and leaves nothing of it", { skip }, async () => {
  const { vera, boris, chatId } = await overWire();
  const { page } = vera;
  /** @type {import("playwright-core").Route[]} */
  const held = [];
  await page.route("**/api/uploads**", (route) => void held.push(route));
  await sendFile(page, "Не успеет", randomBytes(SIZE));
  await eventually(() => held.length > 0, "the upload has begun");
  await page.keyboard.press("Control+,");
  await page.getByRole("button", { name: "Выйти", exact: true }).click();
  const question = page.getByRole("dialog", { name: "Выйти, не дождавшись отправки?" });
  await question.getByText("1 сообщение не отправлено и будет удалено с этого компьютера").waitFor();
  await look(page, "sign-out-while-uploading");
  await question.getByRole("button", { name: "Выйти и удалить" }).click();
  await page.locator("input[autocomplete=current-password]").waitFor();
  await becomes(() => keptFiles(page), 0);
  await page.unroute("**/api/uploads**");
  await Promise.all(held.map((route) => route.continue().catch(() => {}))); // whoever asked is gone
  await page.reload();
  await page.locator("input[autocomplete=current-password]").waitFor();
  assert.equal(await keptFiles(page), 0);
  assert.equal((await server.items(boris, chatId)).length, 1, "nothing was sent");
});
