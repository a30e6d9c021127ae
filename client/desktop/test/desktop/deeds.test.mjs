/** Each deed with a message in the app: by mouse, by keyboard alone, and with the link cut (the browser: test/web). */

import { before, beforeEach, test } from "node:test";
import { assertNoErrors, launchElectron, noElectron, signIn, startServer, startWire } from "../harness/harness.js";
import { allArrived, allDone, DEEDS, setScene } from "../harness/deeds.js";

const skip = noElectron();
/** @type {Awaited<ReturnType<typeof launchElectron>>} */
let it;
/** @type {import("../harness/wire.js").Wire} */
let wire;
/** @type {Pick<import("../harness/ways.js").Scene, "page" | "server" | "vera" | "boris" | "copied">} */
let who;
/** @type {import("../harness/ways.js").Scene} */
let scene;

before(async () => {
  if (skip) return;
  const server = await startServer();
  const vera = await server.register("vera", { display_name: "Вера Соколова" });
  const boris = await server.register("boris", { display_name: "Борис Лебедев" });
  wire = await startWire(server);
  it = await launchElectron({ server: wire });
  const { app, page } = it;
  await signIn(page, vera);
  const copied = () => app.evaluate(({ clipboard }) => /** @type {any} */ (clipboard).readText());
  who = { page, server, vera, boris, copied };
});

/** Each test has a group of its own, and the same app. */
beforeEach(async () => {
  if (!skip) scene = await setScene(who);
});

for (const way of /** @type {const} */ (["mouse", "keys"])) {
  test(`everything is done by ${way} alone`, { skip }, async () => {
    for (const deed of Object.values(DEEDS)) await deed(scene, way);
    await allDone(scene);
    await allArrived(scene);
    assertNoErrors({ name: "app", errors: it.errors });
  });
}

test("everything is done with the link cut, and is there once when it is back", { skip }, async () => {
  await wire.cut();
  const ways = /** @type {const} */ (["mouse", "keys"]);
  for (const [n, deed] of Object.values(DEEDS).entries()) await deed({ ...scene, line: wire }, ways[n % 2]);
  await wire.restore();
  await allDone(scene);
  await allArrived(scene);
  assertNoErrors({ name: "app", errors: it.errors });
});
