/** What somebody deletes leaves the disk of those who have seen it. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  assertNoErrors,
  atEnd,
  becomes,
  messageRow,
  newPage,
  noChromium,
  openChat,
  openProfile,
  say,
  signIn,
  startServer,
} from "../harness/harness.js";
import { residue } from "../harness/residue.js";

const skip = noChromium();

test("the text of a deleted message is in no file of the browser's profile", { skip }, async () => {
  const server = await startServer();
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chat = await server.direct(anna, boris);
  const mark = () => randomBytes(8).toString("hex");
  const gone = { deleted: mark(), former: mark(), own: mark() };
  const stays = { first: mark(), later: mark(), last: mark() };
  const path = `/api/chats/${chat}/messages`;
  const sent = async (/** @type {string} */ text) => (await server.send(boris, chat, text)).seq;
  await sent(`Остаётся ${stays.first}`);
  const deleted = await sent(`Уйдёт ${gone.deleted}`);
  for (let number = 0; number < 20; number += 1) await sent(`Сообщение ${number} ${mark()}`);
  const edited = await sent(`Прежний текст ${gone.former}`);

  const folder = mkdtempSync(join(tmpdir(), "vestnik-profile-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const context = await openProfile(folder);
  const { page, errors } = await newPage(context);
  await page.goto(server.url);
  await signIn(page, anna, { remember: true });
  await openChat(page, chat);
  await say(page, `Моё ${gone.own}`);
  await messageRow(page, `Моё ${gone.own}`).and(page.locator("[data-seq]")).waitFor();
  const lie = () => Object.keys(gone).filter((what) => residue(folder, gone).some((one) => one.startsWith(what)));
  await becomes(lie, Object.keys(gone)); // else nothing would be found afterwards because this does not find it

  const [own] = (await server.items(anna, chat)).filter(({ content }) => content === `Моё ${gone.own}`);
  await server.call(anna, "DELETE", `${path}/${own.seq}`);
  await server.call(boris, "DELETE", `${path}/${deleted}`);
  await server.call(boris, "PATCH", `${path}/${edited}`, { content: `Новый текст ${stays.later}` });
  await sent(`Последнее ${stays.last}`);
  await messageRow(page, `Последнее ${stays.last}`).waitFor();
  await becomes(() => residue(folder, gone), []);

  const kept = await page.evaluate(async ([url, id, chatId]) => {
    const { Db } = await import(/** @type {any} */ ("/store/db.js"));
    const db = new Db(`vestnik ${url} ${id}`);
    const items = await db.items(chatId, 29, 28);
    await db.close();
    return items.map((/** @type {any} */ { content }) => String(content));
  }, /** @type {const} */ ([server.url, anna.user.id, chat])); // prettier-ignore
  assert.equal(kept.length, 28);
  for (const [what, text] of Object.entries(stays)) {
    assert.ok(
      kept.some((/** @type {string} */ content) => content.includes(text)),
      `${what} is kept`,
    );
  }
  assertNoErrors({ name: "anna", errors });
});
