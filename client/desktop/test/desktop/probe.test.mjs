/** What stands at an address, as the app finds it: a real server, other servers, and none. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { noElectron, startServer } from "../harness/harness.js";
import { launchShell } from "./shell.js";

/** @type {import("node:net").Server[]} */
const servers = [];
/** @param {import("node:net").Server} server @returns {Promise<number>} its port */
async function listen(server) {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return /** @type {import("node:net").AddressInfo} */ (server.address()).port;
}

function certificate() {
  const folder = mkdtempSync(join(tmpdir(), "vestnik-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const made = spawnSync("openssl", [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "2",
    ...subject,
    "-keyout",
    key,
    "-out",
    cert,
  ]);
  const pair = made.status === 0 ? { key: readFileSync(key), cert: readFileSync(cert) } : null;
  rmSync(folder, { recursive: true, force: true });
  return pair;
}

describe("the probe", { skip: noElectron() }, () => {
  /** @type {Awaited<ReturnType<typeof launchShell>>} */
  let it;
  /** @type {Awaited<ReturnType<typeof startServer>>} */
  let server;
  before(async () => {
    [it, server] = await Promise.all([launchShell(), startServer()]);
  });
  after(async () => {
    for (const each of servers) {
      if (each instanceof http.Server) each.closeAllConnections();
      each.close();
    }
    await it.app.close();
  });
  /** @param {string} typed */
  const probe = (typed) => it.page.evaluate((text) => window.vestnik?.probe(text), typed);

  test("knows a Vestnik server", async () => {
    assert.deepEqual(await probe(server.url), { ok: true, url: server.url });
    assert.deepEqual(await probe(` 127.0.0.1:${server.port}/ `), { ok: true, url: server.url });
  });

  test("knows what is none", async () => {
    const page = await listen(http.createServer((_, answer) => answer.end("<!doctype html><title>Hello</title>")));
    const other = await listen(
      http.createServer((_, answer) => answer.end('{"openapi": "3.1.0", "info": {"title": "Petstore"}}')),
    );
    const moved = await listen(http.createServer((_, answer) => answer.writeHead(302, { Location: server.url }).end()));
    const huge = await listen(
      http.createServer((_, answer) => {
        const more = () => {
          while (answer.write("x".repeat(65536)));
        };
        answer.on("drain", more);
        more();
      }),
    );
    const nonsense = await listen(net.createServer((socket) => socket.end("SSH-2.0-OpenSSH\r\n")));
    for (const port of [page, other, moved, huge]) {
      assert.deepEqual(await probe(`http://127.0.0.1:${port}`), { ok: false, code: "not_vestnik" });
    }
    assert.equal((await probe(`http://127.0.0.1:${nonsense}`))?.ok, false);
    // https at a place that speaks http
    assert.deepEqual(await probe(`https://127.0.0.1:${page}`), { ok: false, code: "not_vestnik" });
    const down = await listen(http.createServer((_, answer) => answer.writeHead(502).end("<h1>Bad Gateway</h1>")));
    assert.deepEqual(await probe(`http://127.0.0.1:${down}`), { ok: false, code: "server_silent" });
  });

  test("knows nobody, and nonsense", async () => {
    const gone = net.createServer();
    const port = await listen(gone);
    await new Promise((resolve) => gone.close(resolve));
    assert.deepEqual(await probe(`127.0.0.1:${port}`), { ok: false, code: "no_connection" });
    assert.deepEqual(await probe("ftp://example.org"), { ok: false, code: "bad_address" });
    assert.deepEqual(await probe("127.0.0.1:1"), { ok: false, code: "bad_address" }, "a port that no browser calls");
  });

  test("knows a server that does not answer", async () => {
    const port = await listen(net.createServer((socket) => socket.on("error", () => {})));
    const began = Date.now();
    assert.deepEqual(await probe(`127.0.0.1:${port}`), { ok: false, code: "server_silent" });
    const took = Date.now() - began;
    assert.ok(took > 9_500, `${took} ms`);
  });

  test("does not trust a certificate that nobody vouches for", async (t) => {
    const pair = certificate();
    if (pair === null) return t.skip("openssl is not installed");
    const port = await listen(https.createServer(pair, (_, answer) => answer.end('{"info": {"title": "Vestnik"}}')));
    assert.deepEqual(await probe(`https://127.0.0.1:${port}`), { ok: false, code: "bad_certificate" });
  });

  test("and then the server is set, the page may call it, and a restart remembers", async () => {
    const fetchHealth = () =>
      it.page.evaluate(
        (url) =>
          fetch(`${url}/healthz`).then(
            (answer) => answer.json(),
            () => null,
          ),
        server.url,
      );
    assert.equal(await fetchHealth(), null, "another server is set");
    const refused = await it.page.evaluate(() => window.vestnik?.setServer("ftp://x"));
    assert.deepEqual(refused, { ok: false, code: "bad_address" });
    const loaded = it.page.waitForEvent("load");
    await it.page.evaluate((url) => window.vestnik?.setServer(url), `127.0.0.1:${server.port}`);
    await loaded;
    assert.deepEqual(await fetchHealth(), { status: "ok" });
    assert.equal((await it.page.evaluate(() => window.vestnik?.info()))?.server, server.url);
    await it.app.close();

    it = await launchShell({ userData: it.userData });
    assert.equal((await it.page.evaluate(() => window.vestnik?.info()))?.server, server.url);
    await it.app.close();
    it = await launchShell({ userData: it.userData, env: { VESTNIK_SERVER: "https://other.example" } });
    assert.equal((await it.page.evaluate(() => window.vestnik?.info()))?.server, "https://other.example");
  });
});
