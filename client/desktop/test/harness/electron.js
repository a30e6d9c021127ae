/** The real window: Electron with our own main.js, driven by Playwright under the DISPLAY of this run. */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { _electron } from "playwright-core";
import { START_TIMEOUT, STEP_TIMEOUT, watchErrors } from "./browser.js";
import { atEnd } from "./closing.js";

const APP = fileURLToPath(new URL("../../", import.meta.url));

/** The folder of the Electron that runs the tests, or null: $ELECTRON_OVERRIDE_DIST_PATH, else what npm downloaded. */
export function findElectron() {
  const named = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  const dist = named ?? join(dirname(createRequire(import.meta.url).resolve("electron/package.json")), "dist");
  return existsSync(join(dist, "electron")) ? dist : null;
}

/** For `test(name, { skip: noElectron() }, ...)`: false, or why it is skipped. */
export function noElectron() {
  if (findElectron() === null) return "no Electron here: name its folder in ELECTRON_OVERRIDE_DIST_PATH";
  return !process.env.DISPLAY && "no screen here: run under xvfb-run";
}

/** An empty folder for an app's data, removed with the test file. */
export function newUserData() {
  const folder = mkdtempSync(join(tmpdir(), "vestnik-desktop-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * The app, with its first window. `userData` from an earlier start is the same installation again.
 * @param {{server?: {url: string}, userData?: string, args?: string[], env?: Record<string, string>}} [options]
 */
export async function launchElectron({ server, userData = newUserData(), args = [], env = {} } = {}) {
  const root = process.getuid?.() === 0 ? ["--no-sandbox"] : []; // Chromium's sandbox refuses to run as root
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("VESTNIK_"));
  const app = await launched({
    executablePath: join(/** @type {string} */ (findElectron()), "electron"),
    args: [...root, "--disable-gpu", "--lang=ru", APP, ...args],
    cwd: APP,
    env: {
      ...Object.fromEntries(own),
      LANGUAGE: "ru",
      VESTNIK_USER_DATA: userData,
      ...(server && { VESTNIK_SERVER: server.url }),
      ...env,
    },
    timeout: START_TIMEOUT,
  });
  atEnd(() => app.close().catch(() => {}));
  const page = await firstWindow(app);
  return { app, page, errors: watchErrors(page), userData };
}

/** Electron itself crashes now and then while its debugger is attached, before it has read a line of ours: once, it is started
 * anew. @param {NonNullable<Parameters<typeof _electron.launch>[0]>} options */
async function launched(options) {
  try {
    return await _electron.launch(options);
  } catch (error) {
    if (!/signal=SIGSEGV/u.test(String(error))) throw error;
    console.warn("Electron crashed as it began:", error);
    return _electron.launch(options);
  }
}

/** Of an app that was started; its windows have the patience of all steps here. @param {import("playwright-core").ElectronApplication} app */
export async function firstWindow(app) {
  app.context().setDefaultTimeout(STEP_TIMEOUT);
  return app.firstWindow({ timeout: START_TIMEOUT });
}
