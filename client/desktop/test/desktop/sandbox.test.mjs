/** As people run it: as an ordinary user, with Chromium's sandbox. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { atEnd, findElectron, noElectron } from "../harness/harness.js";
import { bareApp, launchShell } from "./shell.js";

const NOBODY = 65534;
const skip = noElectron();

/** false, or why no ordinary user can be played here. */
function noOrdinaryUser() {
  if (process.getuid?.() !== 0) return "the tests run as an ordinary user already";
  return spawnSync("setpriv", ["--version"]).status === 0 ? false : "setpriv is not installed";
}

/** Electron where everybody may read it, and a program that runs it as nobody in particular. */
function ordinaryProgram() {
  const home = mkdtempSync(join(tmpdir(), "vestnik-ordinary-"));
  atEnd(() => rmSync(home, { recursive: true, force: true }));
  chmodSync(home, 0o755);
  const dist = join(home, "electron");
  // links where it lies on the same disk: it is large
  const source = /** @type {string} */ (findElectron());
  const copied = [["-al"], ["-a"]].some((how) => spawnSync("cp", [...how, source, dist]).status === 0);
  assert.ok(copied, "Electron could not be copied");
  const own = join(home, "home");
  mkdirSync(own);
  chownSync(own, NOBODY, NOBODY);
  const program = join(home, "electron.sh");
  const identity = `--reuid=${NOBODY} --regid=${NOBODY} --clear-groups`;
  writeFileSync(program, `#!/bin/sh\nexec setpriv ${identity} "${dist}/electron" "$@"\n`);
  chmodSync(program, 0o755);
  return { program, home: own };
}

test("an ordinary user's page runs in the sandbox", { skip: skip || noOrdinaryUser() }, async () => {
  const { program, home } = ordinaryProgram();
  const app = bareApp();
  chmodSync(app, 0o755);
  const userData = join(home, "profile");
  const env = {
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_RUNTIME_DIR: home,
    XAUTHORITY: readableCookie(home),
  };
  const it = await launchShell({ app, program, userData, switches: [], env });
  assert.equal(await it.page.evaluate(() => window.vestnik?.info().then(({ os }) => os)), "Linux");
  const pid = await it.app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0].webContents.getOSProcessId(),
  );
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  assert.match(status, /^Seccomp:\t2$/m);
  assert.match(status, /^NoNewPrivs:\t1$/m);
  assert.match(status, /^Uid:\t65534\t/m);
  const switches = readFileSync(`/proc/${it.app.process().pid}/cmdline`, "utf8");
  assert.doesNotMatch(switches, /no-sandbox/);
  await it.app.close();
});

/** The screen's cookie, where that user may read it. @param {string} home */
function readableCookie(home) {
  const cookie = join(home, "cookie");
  writeFileSync(cookie, process.env.XAUTHORITY ? readFileSync(process.env.XAUTHORITY) : "");
  chownSync(cookie, NOBODY, NOBODY);
  return cookie;
}
