/** Each deed with a message in the browser: by mouse, by keyboard alone, and with the link cut (the app: test/desktop). */

import { before, beforeEach, test } from "node:test";
import { assertNoErrors, launchChromium, newPerson, noChromium, startServer, startWire } from "../harness/harness.js";
import { allArrived, allDone, DEEDS, setScene, settled } from "../harness/deeds.js";

const skip = noChromium();
/** @type {import("../harness/browser.js").Person} */
let person;
/** @type {import("../harness/wire.js").Wire} */
let wire;
/** @type {import("../harness/ways.js").Scene} */
let scene;
/** @type {import("../harness/server.js").Server} */
let server;
let serial = 0;

before(async () => {
  if (!skip) server = await startServer();
});

beforeEach(async () => {
  if (skip) return;
  serial += 1;
  const vera = await server.register(`vera${serial}`, { display_name: "Вера Соколова" });
  const boris = await server.register(`boris${serial}`, { display_name: "Борис Лебедев" });
  wire = await startWire(server);
  const options = { permissions: ["clipboard-read", "clipboard-write"] };
  person = await newPerson(await launchChromium(), server, "vera", { account: vera, url: wire.url, options });
  const { page } = person;
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  scene = await setScene({ page, server, vera, boris, copied });
});

for (const way of /** @type {const} */ (["mouse", "keys"])) {
  test(`everything is done by ${way} alone`, { skip }, async () => {
    for (const deed of Object.values(DEEDS)) await deed(scene, way);
    await allDone(scene);
    await allArrived(scene);
    assertNoErrors(person);
  });
}

test("everything is done with the link cut, and is there once when it is back", { skip }, async () => {
  const { page } = scene;
  const signs = page.waitForResponse(/\/emoji\.json$/u);
  await page.reload();
  await (await signs).finished(); // what the picker needs comes by itself
  await settled(scene);
  await wire.cut();
  const ways = /** @type {const} */ (["keys", "mouse"]);
  for (const [n, deed] of Object.values(DEEDS).entries()) await deed({ ...scene, line: wire }, ways[n % 2]);
  await wire.restore();
  await allDone(scene);
  await allArrived(scene);
  assertNoErrors(person);
});
