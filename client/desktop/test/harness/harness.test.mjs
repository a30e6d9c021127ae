/** The tools that all other tests here stand on: the server that comes back, and the cable that can be cut. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { startServer, startWire, STEP_TIMEOUT } from "./harness.js";

/** @param {string} url @param {number} [timeout] milliseconds */
const asked = (url, timeout = STEP_TIMEOUT) =>
  fetch(`${url}/healthz`, { signal: AbortSignal.timeout(timeout), headers: { Connection: "close" } }).then(
    (answer) => answer.status,
    (error) => error.cause?.code ?? error.name,
  );

test("a server that was killed is the same one when it comes back, on the same port", async () => {
  const server = await startServer();
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chat = await server.direct(anna, boris);
  await server.send(anna, chat, "first");
  await server.kill();
  assert.equal(await asked(server.url), "ECONNREFUSED");
  await server.start();
  await server.send(boris, chat, "second");
  assert.equal(await server.stop(), 0);
  await server.start();
  const items = await server.items(anna, chat);
  assert.deepEqual(
    items.map((item) => [item.seq, item.content]),
    [
      [1, "first"],
      [2, "second"],
    ],
  );
});

test("a server takes settings", async () => {
  const server = await startServer({ env: { VESTNIK_REGISTRATION: "closed" } });
  await assert.rejects(server.register("anna"), /registration_closed/);
});

test("a wire that is cut refuses, one that is frozen is silent, one that is restored carries", async () => {
  const server = await startServer();
  const wire = await startWire(server);
  assert.equal(await asked(wire.url), 200);
  await wire.cut();
  assert.equal(await asked(wire.url), "ECONNREFUSED");
  await wire.restore();
  assert.equal(await asked(wire.url), 200);
  wire.freeze();
  assert.equal(await asked(wire.url, 300), "TimeoutError");
  const waiting = asked(wire.url);
  wire.thaw();
  assert.equal(await waiting, 200);
});
