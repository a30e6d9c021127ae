/** Files in the app: pasted and dropped as the system hands them over, played, saved, and shown in their folder. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  assertNoErrors,
  becomes,
  composer,
  launchElectron,
  noElectron,
  openChat,
  signIn,
  startServer,
} from "../harness/harness.js";
import { atEnd } from "../harness/closing.js";
import { png, wav } from "../harness/made-files.js";

test("files are pasted, dropped, played, saved and shown in their folder", { skip: noElectron() }, async () => {
  const server = await startServer();
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chatId = await server.direct(anna, boris);
  const sound = await server.upload(boris, "Запись.wav", wav(2));
  await server.send(boris, chatId, "", { attachments: [sound.id] });
  const folder = mkdtempSync(join(tmpdir(), "vestnik-files-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const { app, page, errors } = await launchElectron({ server });
  await signIn(page, anna);
  await openChat(page, chatId);
  const log = page.getByRole("log");
  const uploads = page.locator(".uploads li");

  const audio = page.getByLabel("Аудио Запись.wav");
  await becomes(() => audio.evaluate((element) => /** @type {HTMLMediaElement} */ (element).duration), 2);

  await composer(page).focus();
  await app.evaluate(({ BrowserWindow, clipboard, nativeImage }, bytes) => {
    /** @type {any} */ (clipboard).writeImage(nativeImage.createFromBuffer(Buffer.from(bytes, "base64")));
    BrowserWindow.getAllWindows()[0].webContents.paste();
  }, png(64, 48).toString("base64"));
  await becomes(() => uploads.count(), 1);

  const dropped = join(folder, "Смета.txt");
  writeFileSync(dropped, "по строкам");
  const cdp = await app.context().newCDPSession(page);
  for (const type of /** @type {const} */ (["dragEnter", "dragOver", "drop"])) {
    const data = { items: [], files: [dropped], dragOperationsMask: 1 };
    await cdp.send("Input.dispatchDragEvent", { type, x: 600, y: 300, data });
  }
  await becomes(() => uploads.count(), 2);
  await uploads.getByText("Смета", { exact: true }).waitFor();

  const place = join(folder, "Сохранено.wav");
  await app.evaluate(({ BrowserWindow, shell }, to) => {
    const { session } = BrowserWindow.getAllWindows()[0].webContents;
    session.on("will-download", (_event, item) => item.setSavePath(to)); // the system would ask where
    shell.showItemInFolder = (shown) => Object.assign(globalThis, { shown });
  }, place);
  await log.getByRole("button", { name: /Скачать файл Запись.wav/ }).click();
  await page.getByText(/Файл сохранён: .Сохранено.wav/).waitFor();
  assert.deepEqual(readFileSync(place), wav(2));
  await page.getByRole("button", { name: "Показать в папке" }).click();
  await becomes(() => app.evaluate(() => Reflect.get(globalThis, "shown")), place);

  rmSync(place);
  const answers = await page.evaluate(async () => {
    const wrong = (/** @type {any} */ key) => window.vestnik?.showInFolder(key).catch(() => "refused");
    return [await wrong(1), await wrong(7), await wrong("/etc/passwd")];
  });
  const outside = await page.evaluate(() => window.vestnik?.saveFile("https://example.org/api/files/1"));
  assert.equal(outside, false);
  assert.deepEqual(
    answers,
    [false, false, "refused"],
    "only what was saved and is there; never a place of the page's choice",
  );
  assertNoErrors({ name: "app", errors });
});
