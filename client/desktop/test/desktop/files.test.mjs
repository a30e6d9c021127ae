/** Files in the app: pasted and dropped as the system hands them over, played, saved, and shown in their folder. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
  startWire,
} from "../harness/harness.js";
import { atEnd } from "../harness/closing.js";
import { png, wav } from "../harness/made-files.js";
import { look } from "../web/look.js";

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
  await page.getByText(/Файл сохранён: .Сохранено.wav/).hover(); // so it stays
  await look(page, "desktop-saved");
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

test("a copy of one's own data is saved, stopped, and cut off, and so is a file", { skip: noElectron() }, async () => {
  const server = await startServer();
  const wire = await startWire(server);
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chatId = await server.direct(anna, boris);
  const bytes = randomBytes(8 * 1024 * 1024); // nothing makes it smaller
  for (let number = 0; number < 6; number += 1) {
    const file = await server.upload(anna, `${number}.bin`, Buffer.concat([Buffer.from([number]), bytes]));
    await server.send(anna, chatId, "", { attachments: [file.id] });
  }
  const folder = mkdtempSync(join(tmpdir(), "vestnik-copies-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const { app, page, errors } = await launchElectron({ server: wire });
  await signIn(page, anna);
  const place = join(folder, "Мои данные.zip");
  await app.evaluate(({ BrowserWindow }, to) => {
    const { session } = BrowserWindow.getAllWindows()[0].webContents;
    Object.assign(globalThis, { slow: true });
    session.on("will-download", (_event, item) => {
      item.setSavePath(to); // the system would ask where
      if (!Reflect.get(globalThis, "slow")) return;
      item.on("updated", () => void (item.getReceivedBytes() > 0 && item.pause()));
    });
  }, place);
  await page.keyboard.press("Control+,");
  await page.getByRole("tab", { name: "Профиль" }).click();
  const dialog = page.getByRole("dialog", { name: "Скачать мои данные" });
  const ask = async () => {
    await page.getByRole("button", { name: "Скачать мои данные" }).click();
    await dialog.getByLabel("Текущий пароль").fill(anna.password);
    await page.keyboard.press("Enter");
  };
  await ask();
  await dialog.getByText(/Сохраняем: [1-9]/).waitFor();
  await look(page, "desktop-saving");
  await dialog.getByRole("button", { name: "Прервать" }).click();
  await dialog.getByLabel("Текущий пароль").waitFor();
  assert.equal(await dialog.getByRole("alert").count(), 0, "they wanted it so");
  await becomes(() => readdirSync(folder), []);
  await dialog.getByRole("button", { name: "Отмена" }).click();

  await app.evaluate(() => Object.assign(globalThis, { slow: false }));
  wire.backCut = wire.received + 24 * 1024 * 1024;
  await ask();
  await dialog.getByRole("alert").filter({ hasText: "Архив не удалось сохранить целиком" }).waitFor();
  await look(page, "desktop-not-saved");
  await becomes(() => readdirSync(folder), []);
  await dialog.getByRole("button", { name: "Отмена" }).click();

  await ask();
  await page.getByText(/Файл сохранён: .Мои данные.zip/).waitFor();
  await becomes(() => dialog.count(), 0);
  const saved = readFileSync(place);
  assert.ok(saved.length > 6 * bytes.length);
  assert.equal(saved.subarray(-22, -18).toString("latin1"), "PK\u0005\u0006", "to its end");
  rmSync(place);

  await page.keyboard.press("Escape");
  await openChat(page, chatId);
  wire.backCut = wire.received + 4 * 1024 * 1024;
  await page.getByRole("button", { name: /Скачать файл 5.bin/ }).click();
  await page.getByText(/Скачивание прервалось, файл не сохранён: .5.bin/).waitFor();
  await becomes(() => readdirSync(folder), []);
  assertNoErrors({ name: "app", errors });
});
