/** Whom the app calls: its server, and where dictionaries are wanted, the place that was set for them. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { atEnd, eventually, launchElectron, noElectron } from "../harness/harness.js";
import { bareApp, launchShell, rootSwitches } from "./shell.js";

const skip = noElectron();

/** A file for Chromium's log of the network. */
function newNetLog() {
  const folder = mkdtempSync(join(tmpdir(), "vestnik-netlog-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "net.json");
}

/** The origins that were asked for. @param {string} log */
function originsIn(log) {
  const urls = readFileSync(log, "utf8").matchAll(/"url":"((?:https?|wss?):\/\/[^/"]+)/g);
  return [...new Set([...urls].map(([, origin]) => origin))];
}

test("the app calls nobody but its server", { skip }, async () => {
  const log = newNetLog();
  const it = await launchElectron({ server: { url: "http://127.0.0.1:9" }, args: [`--log-net-log=${log}`] });
  await it.page.waitForLoadState();
  await it.page.evaluate(async () => {
    const field = document.createElement("textarea");
    field.value = "Превет helo"; // something to spell
    document.body.append(field);
    field.focus();
    await fetch("http://127.0.0.1:9/healthz").catch(() => {});
  });
  await it.page.keyboard.type(" misspeled");
  await it.app.close();
  const origins = originsIn(log);
  assert.ok(origins.includes("http://127.0.0.1:9"), "the log of the network was not written");
  assert.deepEqual(
    origins.filter((origin) => !/^(http|ws):\/\/127\.0\.0\.1:9$/.test(origin)),
    [],
  );
});

test("dictionaries come from the place that was set, when the user wants them", { skip }, async () => {
  /** @type {string[]} */
  const asked = [];
  const server = http.createServer((request, answer) => {
    asked.push(String(request.url));
    answer.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  atEnd(() => server.close());
  const origin = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;
  const app = bareApp();
  writeFileSync(
    join(app, "config.json"),
    JSON.stringify({ baseUrl: "http://127.0.0.1:9", dictionaryUrl: `${origin}/dict` }),
  );
  const log = newNetLog();
  const it = await launchShell({ app, switches: [...rootSwitches, `--log-net-log=${log}`] });
  await it.page.evaluate(() => window.vestnik?.saveSettings(/** @type {any} */ ({ spellcheck: true })));
  await eventually(() => asked.length > 0, "a dictionary is asked for");
  await it.app.close();
  assert.ok(
    asked.some((path) => /^\/dict\/(ru|en)-.*\.bdic$/.test(path)),
    String(asked),
  );
  assert.deepEqual(originsIn(log), [origin]);
});
