/** The app as people get it: packed, with the binary made to serve it alone. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { atEnd, becomes, eventually, newUserData, noElectron, signIn, startServer } from "../harness/harness.js";
import { environment, launchShell } from "./shell.js";

const PACKAGE = fileURLToPath(new URL("../../scripts/package.mjs", import.meta.url));
const { getCurrentFuseWire } = createRequire(import.meta.url)("@electron/fuses");
/** As @electron/fuses names them and stores them: "0" off, "1" on. */
const OFF = "0".charCodeAt(0);
const ON = "1".charCodeAt(0);

/** false, or why nothing is packed here. */
function notHere() {
  if (process.platform !== "linux") return "the packed app is tested on Linux";
  if (!process.env.ELECTRON_OVERRIDE_DIST_PATH) return "ELECTRON_OVERRIDE_DIST_PATH names no Electron to pack";
  return noElectron();
}

describe("the packed app", { skip: notHere() }, () => {
  const output = mkdtempSync(join(tmpdir(), "vestnik-packed-"));
  atEnd(() => rmSync(output, { recursive: true, force: true }));
  const program = join(output, "linux-unpacked", "vestnik");

  before(() => {
    const packed = spawnSync(process.execPath, [PACKAGE, "--test", "--output", output, "dir"], { encoding: "utf8" });
    assert.equal(packed.status, 0, packed.stdout + packed.stderr);
  });

  test("is an archive of our own files, and no default app", () => {
    const resources = join(output, "linux-unpacked", "resources");
    assert.deepEqual(readdirSync(resources).sort(), ["LICENSE.vestnik.txt", "app.asar", "config.json"]);
    const { listPackage } = createRequire(import.meta.url)("@electron/asar");
    /** @type {string[]} */
    const files = listPackage(join(resources, "app.asar"), { isPack: false });
    for (const name of ["/main.js", "/preload.js", "/src/main/shell.js", "/renderer/index.html", "/locales/ru.json"]) {
      assert.ok(files.includes(name), name);
    }
    assert.deepEqual(
      files.filter((name) => /node_modules|\/test|\/scripts|\/build|tsconfig|eslint/.test(name)),
      [],
    );
  });

  test("its binary is no Node, and takes no other code", async () => {
    const fuses = await getCurrentFuseWire(program);
    // RunAsNode, cookies, NODE_OPTIONS, inspector (left on for tests), integrity, only the archive
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5].map((fuse) => fuses[fuse]),
      [OFF, ON, OFF, ON, ON, ON],
    );
    const env = environment({ ELECTRON_RUN_AS_NODE: "1", DISPLAY: ":none" });
    const asNode = spawnSync(program, ["-p", "40 + 2"], { env, encoding: "utf8", timeout: 20_000 });
    assert.doesNotMatch(asNode.stdout, /42/);
  });

  test("starts, and its owner logs in", async () => {
    const server = await startServer();
    const anna = await server.register("anna", { display_name: "Анна" });
    const boris = await server.register("boris", { display_name: "Борис" });
    await server.send(boris, await server.direct(boris, anna), "Доброе утро!");
    const userData = newUserData();
    const env = { VESTNIK_SERVER: server.url, LANGUAGE: "ru" };
    const it = await launchShell({ app: "", program, userData, env });
    assert.equal(it.page.url(), "app://ui/index.html");
    assert.equal(await it.app.evaluate(({ app }) => app.isPackaged && app.name), "Vestnik");
    await signIn(it.page, anna);
    const chats = it.page.getByRole("navigation", { name: "Чаты" });
    await becomes(() => chats.getByRole("link", { name: /^Борис/ }).innerText(), /Доброе утро!/);
    await eventually(() => existsSync(join(userData, "IndexedDB")), "something is kept");
    await it.app.close();
  });
});
