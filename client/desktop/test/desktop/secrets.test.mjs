/** Where the log-in is kept: with the system's keyring, without one, and after a restart. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { atEnd, findElectron, newUserData, noElectron } from "../harness/harness.js";
import { bareApp, launchShell } from "./shell.js";

const skip = noElectron();
const app = skip ? "" : bareApp();
const TOKEN = "a-refresh-token-0123456789";

/** @param {import("playwright-core").Page} page @param {boolean} consent */
const save = (page, consent) =>
  page.evaluate(
    ([value, agreed]) => window.vestnik?.saveSecret("token", String(value), Boolean(agreed)),
    [TOKEN, consent],
  );
/** @param {import("playwright-core").Page} page */
const load = (page) => page.evaluate(() => window.vestnik?.loadSecret("token"));

/** So that no keyring of this machine is asked. */
const NO_KEYRING = { DBUS_SESSION_BUS_ADDRESS: "unix:path=/nonexistent", XDG_CURRENT_DESKTOP: "" };

test("without a keyring nothing is written unless the user agrees", { skip }, async () => {
  const userData = newUserData();
  const first = await launchShell({ app, userData, env: NO_KEYRING });
  assert.equal((await first.page.evaluate(() => window.vestnik?.info()))?.keyring, false);
  assert.equal(await save(first.page, false), "memory");
  assert.equal(await load(first.page), TOKEN);
  await first.page.reload();
  assert.equal(await load(first.page), TOKEN, "it outlives the page");
  await first.app.close();
  assert.ok(!existsSync(join(userData, "secrets.json")));

  const second = await launchShell({ app, userData, env: NO_KEYRING });
  assert.equal(await load(second.page), null, "and ends with the app");
  assert.equal(await save(second.page, true), "file");
  assert.equal(statSync(join(userData, "secrets.json")).mode & 0o777, 0o600);
  await second.app.close();

  const third = await launchShell({ app, userData, env: NO_KEYRING });
  assert.equal(await load(third.page), TOKEN);
  await third.page.evaluate(() => window.vestnik?.deleteSecret("token"));
  assert.ok(!existsSync(join(userData, "secrets.json")));
  await third.app.close();

  writeFileSync(join(userData, "secrets.json"), '{"token": {"place": "keyr');
  const fourth = await launchShell({ app, userData, env: NO_KEYRING });
  assert.equal(await load(fourth.page), null, "a broken file asks for log-in");
  assert.ok(existsSync(join(userData, "secrets.json.broken")));
  await fourth.app.close();
});

/** false, or why there is no keyring to test with. */
function noKeyring() {
  for (const program of ["dbus-run-session", "dbus-send", "gnome-keyring-daemon"]) {
    if (spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0) return `${program} is not installed`;
  }
  return false;
}

/** A program that runs Electron with a bus and an unlocked keyring of its own, whose files are in `home`. */
function keyringProgram() {
  const home = mkdtempSync(join(tmpdir(), "vestnik-keyring-"));
  atEnd(() => rmSync(home, { recursive: true, force: true }));
  const inside = join(home, "inside.sh");
  const program = join(home, "electron.sh");
  const electron = join(/** @type {string} */ (findElectron()), "electron");
  writeFileSync(
    inside,
    `#!/bin/sh
mkdir -p "$HOME/.local/share/keyrings" "$HOME/.cache"
printf secret | gnome-keyring-daemon --unlock --components=secrets --foreground >/dev/null 2>&1 &
keyring=$!
trap 'kill $keyring' EXIT
until dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \\
  string:org.freedesktop.secrets | grep -q 'boolean true'; do sleep 0.05; done
"${electron}" "$@"
`,
  );
  writeFileSync(program, `#!/bin/sh\nexec dbus-run-session -- "${inside}" "$@"\n`);
  for (const file of [inside, program]) chmodSync(file, 0o755);
  return { program, env: { HOME: home, XDG_CURRENT_DESKTOP: "GNOME", XDG_RUNTIME_DIR: home } };
}

test("with a keyring the file holds only what the keyring wrote", { skip: skip || noKeyring() }, async () => {
  const userData = newUserData();
  const { program, env } = keyringProgram();
  const options = {
    app,
    userData,
    program,
    env,
    args: [],
    switches: ["--no-sandbox", "--password-store=gnome-libsecret"],
  };
  const first = await launchShell(options);
  assert.equal((await first.page.evaluate(() => window.vestnik?.info()))?.keyring, true);
  assert.equal(await save(first.page, true), "keyring");
  await first.app.close();
  const text = readFileSync(join(userData, "secrets.json"), "utf8");
  assert.doesNotMatch(text, new RegExp(TOKEN));
  assert.equal(JSON.parse(text).token.place, "keyring");

  const second = await launchShell(options);
  assert.equal(await load(second.page), TOKEN, "a restart keeps it");
  await second.app.close();

  const without = await launchShell({ app, userData, env: NO_KEYRING });
  assert.equal(await load(without.page), null, "without the keyring the user logs in");
  await without.app.close();
  assert.equal(readFileSync(join(userData, "secrets.json"), "utf8"), text, "and nothing is lost");

  const again = await launchShell(options);
  assert.equal(await load(again.page), TOKEN);
  await again.app.close();
});
