/** One app a profile: what a second start does, where links lead, how a window comes back. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { becomes, eventually, newUserData, noElectron, STEP_TIMEOUT } from "../harness/harness.js";
import { bareApp, launchShell, startAgain } from "./shell.js";

const skip = noElectron();
const app = skip ? "" : bareApp();

/** @param {import("playwright-core").Page} page */
const collectChats = (page) =>
  page.evaluate(() => {
    const opened = /** @type {(number | object)[]} */ ([]);
    Object.assign(window, { opened });
    window.vestnik?.onOpenChat((id) => opened.push(id));
  });
/** @param {import("playwright-core").Page} page @returns {Promise<(number | object)[]>} */
const opened = (page) => page.evaluate(() => /** @type {any} */ (window).opened);

test("a link of the first start waits until the page listens", { skip }, async () => {
  const it = await launchShell({ app, args: ["vestnik://chat/7"] });
  await it.page.waitForLoadState();
  await collectChats(it.page);
  await eventually(async () => (await opened(it.page)).length > 0, "the chat of the link");
  assert.deepEqual(await opened(it.page), [7]);
  await it.app.close();
});

test("a second start shows the window of the first, opens its link, and ends", { skip }, async () => {
  const it = await launchShell({ app });
  await it.page.waitForLoadState();
  await collectChats(it.page);
  await it.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].hide());
  const visible = () => it.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].isVisible());
  await becomes(visible, false);

  assert.equal(await startAgain(app, it.userData), 0);
  await eventually(visible, "the window is shown");
  assert.equal(await startAgain(app, it.userData, "vestnik://chat/42"), 0);
  assert.equal(await startAgain(app, it.userData, "vestnik://chat/42/../../settings", "vestnik://evil/1"), 0);
  await eventually(async () => (await opened(it.page)).includes(42), "the chat of the link");
  assert.deepEqual(await opened(it.page), [42]);
  await becomes(() => it.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length), 1);

  // a page that is loaded anew is told later what it did not hear
  await it.page.reload();
  assert.equal(await startAgain(app, it.userData, "vestnik://chat/43"), 0);
  await collectChats(it.page);
  await becomes(() => opened(it.page), [43]);
  assert.equal(await startAgain(app, it.userData, "vestnik://chat/43/7"), 0);
  await becomes(() => opened(it.page), [43, { chat_id: 43, seq: 7 }]);
  await it.app.close();
});

test("two profiles run side by side", { skip }, async () => {
  const one = await launchShell({ app });
  const other = await launchShell({ app });
  assert.notEqual(one.userData, other.userData);
  await becomes(() => other.page.title(), "Bare");
  await one.app.close();
  await other.app.close();
});

test("a window comes back where it was; from a display that is gone it comes into view", { skip }, async () => {
  const userData = newUserData();
  const first = await launchShell({ app, userData });
  const box = { x: 120, y: 90, width: 700, height: 600 };
  await first.app.evaluate(({ BrowserWindow }, wanted) => BrowserWindow.getAllWindows()[0].setBounds(wanted), box);
  const saved = () => JSON.parse(readFileSync(join(userData, "window.json"), "utf8"));
  await eventually(() => {
    try {
      return saved().width === 700;
    } catch {
      return false;
    }
  }, "the state is written");
  await first.app.close();

  const second = await launchShell({ app, userData });
  const bounds = () => second.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].getBounds());
  await becomes(bounds, box);
  await second.app.close();

  writeFileSync(join(userData, "window.json"), JSON.stringify({ ...box, x: 90_000, y: 90_000 }));
  const third = await launchShell({ app, userData });
  const placed = () => third.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].getBounds());
  await eventually(async () => {
    const { x, y, width } = await placed();
    return x >= 0 && x < 1280 && y >= 0 && y < 800 && width === 700;
  }, placed);
  await third.app.close();
});

test("closing ends the app, unless the user wants the tray", { skip }, async () => {
  const it = await launchShell({ app });
  await it.page.evaluate(() => window.vestnik?.saveSettings(/** @type {any} */ ({ close_to_tray: true })));
  const close = () => it.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].close());
  await close();
  const visible = () => it.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].isVisible());
  await eventually(async () => !(await visible()), "the window is hidden");
  assert.equal(await startAgain(app, it.userData), 0);
  await eventually(visible, "a second start brings it back");

  await it.page.evaluate(() => window.vestnik?.saveSettings(/** @type {any} */ ({ close_to_tray: false })));
  const ended = once(it.app.process(), "exit", { signal: AbortSignal.timeout(STEP_TIMEOUT) });
  await close().catch(() => {}); // its answer may not come any more
  const [code, signal] = await ended;
  // an Electron with debuggers at it, as Playwright's are, now and then ends itself by a signal when it is told to quit
  assert.ok(code === 0 || signal !== null, `its code was ${code}`);
});

test("a page that dies is loaded anew, once", { skip }, async () => {
  const it = await launchShell({ app });
  await it.page.waitForLoadState();
  await it.app.evaluate(({ dialog }) => {
    const asked = /** @type {string[][]} */ ([]);
    Object.assign(globalThis, { asked });
    /** @param {unknown} _window @param {Electron.MessageBoxOptions} options */
    const answer = async (_window, options) => {
      asked.push([options.message, ...(options.buttons ?? [])]);
      return { response: 0, checkboxChecked: false };
    };
    Object.assign(dialog, { showMessageBox: answer });
  });
  const asked = () => it.app.evaluate(() => /** @type {string[][]} */ (/** @type {any} */ (globalThis).asked));
  const crash = () =>
    it.app.evaluate(
      ({ BrowserWindow }) =>
        new Promise((resolve) => {
          const { webContents } = BrowserWindow.getAllWindows()[0];
          webContents.once("did-finish-load", () => resolve(webContents.getURL()));
          webContents.forcefullyCrashRenderer();
        }),
    );
  assert.equal(await crash(), "app://ui/index.html");
  await eventually(async () => (await asked()).length === 1, "the user is told");
  assert.equal(await crash(), "app://ui/index.html"); // the answer was "reload"
  await becomes(async () => (await asked()).map((parts) => parts.length), [2, 3]);
  const messages = await asked();
  assert.ok(messages.flat().every((text) => !text.startsWith("menu.")));
  const log = () => readFileSync(join(it.userData, "logs", "main.log"), "utf8");
  await becomes(log, /The page ended: (crashed|killed)/);
  await it.app.close();
});
