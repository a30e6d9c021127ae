/** F27 and worse in the app: a file over a link that is cut again and again, the server killed twice, the app once. */

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  becomes,
  composer,
  eventually,
  keptFiles,
  launchElectron,
  messageRow,
  newUserData,
  noElectron,
  openChat,
  say,
  signIn,
  startServer,
  startWire,
} from "../harness/harness.js";

const skip = noElectron();
const MIB = 2 ** 20;
const SIZE = 25 * MIB;

test("a file goes on where it was, whoever was killed: one message, in its place", { skip }, async () => {
  const server = await startServer();
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chat = await server.direct(anna, boris);
  await server.send(boris, chat, "Пришлите");
  const wire = await startWire(server);
  const bytes = randomBytes(SIZE);
  const path = join(newUserData(), "данные.bin");
  writeFileSync(path, bytes);
  const first = await launchElectron({ server: wire });
  await signIn(first.page, anna, { remember: true });
  await openChat(first.page, chat);
  await messageRow(first.page, "Пришлите").waitFor(); // else the log tells that it could not be had
  await wire.cut();
  await say(first.page, "До");
  await first.page.locator("input.composer__files").setInputFiles(path);
  await first.page.locator(".uploads li").waitFor(); // the page hears of it a moment later
  await composer(first.page).press("Enter");
  await first.page.locator(".sending").waitFor(); // durable, so the file may go
  await say(first.page, "После");
  rmSync(path);
  const begun = wire.sent;
  wire.cuts = Array.from({ length: 10 }, (_, number) => begun + 2 * MIB * (number + 1));
  await wire.restore();

  const reached = (/** @type {number} */ count) => eventually(() => wire.sent - begun >= count, `${count} bytes`);
  await reached(5 * MIB);
  await server.kill();
  await server.start();
  await reached(11 * MIB);
  first.app.process().kill("SIGKILL");
  const second = await launchElectron({ server: wire, userData: first.userData });
  await reached(17 * MIB);
  await server.kill();
  await server.start();

  const items = () => server.items(boris, chat);
  await eventually(async () => (await items()).length === 4, "all messages");
  const [, before, withFile, after] = await items();
  assert.deepEqual([before.content, withFile.content, after.content], ["До", "", "После"]);
  const [{ id, size }] = withFile.attachments;
  assert.equal(size, SIZE);
  const got = await server.download(boris, id);
  assert.equal(createHash("sha256").update(got).digest("hex"), createHash("sha256").update(bytes).digest("hex"));
  assert.ok(wire.sent - begun < 30 * MIB, `${(wire.sent - begun) / MIB} MiB were sent`);
  assert.deepEqual(wire.cuts, []);
  await becomes(() => keptFiles(second.page), 0);
});
