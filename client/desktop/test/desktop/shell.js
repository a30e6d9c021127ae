/** The shell without the messenger's page, for tests of what it hands to a page; and what is around it. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { _electron } from "playwright-core";
import { atEnd, findElectron, firstWindow, newUserData, START_TIMEOUT, STEP_TIMEOUT } from "../harness/harness.js";

export const APP = fileURLToPath(new URL("../../", import.meta.url));
const SHELL = ["main.js", "preload.js", "config.json", "package.json", "src", "locales"];
const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Bare</title><p>Bare</p></html>`;

/** A folder with the shell and an empty page that calls nothing by itself. */
export function bareApp() {
  const folder = mkdtempSync(join(tmpdir(), "vestnik-bare-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of SHELL) cpSync(join(APP, name), join(folder, name), { recursive: true });
  mkdirSync(join(folder, "renderer"));
  writeFileSync(join(folder, "renderer", "index.html"), PAGE);
  return folder;
}

/** This process's environment without what configures Vestnik. @param {Record<string, string>} more @returns {any} */
export function environment(more) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("VESTNIK_"));
  return { ...Object.fromEntries(own), ...more };
}

export const rootSwitches = process.getuid?.() === 0 ? ["--no-sandbox"] : [];

/**
 * @param {{app?: string, program?: string, userData?: string, args?: string[], switches?: string[],
 *   env?: Record<string, string>}} [options] `switches` are Chromium's, `args` the app's own
 */
export async function launchShell(options = {}) {
  const { app = bareApp(), userData = newUserData(), args = [], switches = rootSwitches, env = {} } = options;
  const program = options.program ?? join(/** @type {string} */ (findElectron()), "electron");
  const electron = await _electron.launch({
    executablePath: program,
    args: [...switches, "--disable-gpu", ...(app === "" ? [] : [app]), ...args],
    env: environment({ VESTNIK_USER_DATA: userData, ...env }),
    chromiumSandbox: !switches.includes("--no-sandbox"),
    timeout: START_TIMEOUT,
  });
  atEnd(() => electron.close().catch(() => {}));
  return { app: electron, page: await firstWindow(electron), userData };
}

/** A further start of an app with a profile that may be in use, as from the desktop: when it has ended, its code.
 * @param {string} app @param {string} userData @param {...string} args */
export async function startAgain(app, userData, ...args) {
  const program = join(/** @type {string} */ (findElectron()), "electron");
  const env = environment({ VESTNIK_USER_DATA: userData });
  const child = spawn(program, [...rootSwitches, "--disable-gpu", app, ...args], { env, stdio: "ignore" });
  try {
    const [code] = await once(child, "exit", { signal: AbortSignal.timeout(4 * STEP_TIMEOUT) });
    return code;
  } finally {
    child.kill("SIGKILL"); // where it did not end by itself
  }
}
