/** What its author deletes elsewhere leaves the app's folder on the disk of those who have seen it, while the app runs. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import {
  assertNoErrors,
  becomes,
  launchElectron,
  messageRow,
  noElectron,
  openChat,
  say,
  signIn,
  startServer,
} from "../harness/harness.js";
import { residue } from "../harness/residue.js";

test("the text of a deleted message is in no file of the app's folder", { skip: noElectron() }, async () => {
  const server = await startServer();
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chat = await server.direct(anna, boris);
  const mark = () => randomBytes(8).toString("hex");
  const gone = { deleted: mark(), former: mark(), own: mark(), name: mark() };
  const stays = { first: mark(), later: mark(), last: mark() };
  const path = `/api/chats/${chat}/messages`;
  const sent = async (/** @type {string} */ text) => (await server.send(boris, chat, text)).seq;
  await sent(`Остаётся ${stays.first}`);
  const deleted = await sent(`Уйдёт ${gone.deleted}`);
  const file = await server.upload(boris, `${gone.name}.txt`, Buffer.from("по строкам"));
  const { seq: named } = await server.send(boris, chat, "", { attachments: [file.id] });
  for (let number = 0; number < 20; number += 1) await sent(`Сообщение ${number} ${mark()}`);
  const edited = await sent(`Прежний текст ${gone.former}`);

  const { page, userData, errors } = await launchElectron({ server });
  await signIn(page, anna, { remember: true });
  await openChat(page, chat);
  await say(page, `Моё ${gone.own}`);
  await messageRow(page, `Моё ${gone.own}`).and(page.locator("[data-seq]")).waitFor();
  /** @param {Record<string, string>} wanted */
  const found = (wanted) => [...new Set(residue(userData, wanted).map((one) => one.split(":")[0]))];
  // else nothing would be found afterwards because this does not find it
  await becomes(() => found({ ...gone, first: stays.first }), [...Object.keys(gone), "first"].sort());

  const [own] = (await server.items(anna, chat)).filter(({ content }) => content === `Моё ${gone.own}`);
  await server.call(anna, "DELETE", `${path}/${own.seq}`);
  for (const seq of [deleted, named]) await server.call(boris, "DELETE", `${path}/${seq}`);
  await server.call(boris, "PATCH", `${path}/${edited}`, { content: `Новый текст ${stays.later}` });
  await sent(`Последнее ${stays.last}`);
  await messageRow(page, `Последнее ${stays.last}`).waitFor();
  await becomes(() => residue(userData, gone), []);
  assert.deepEqual(found(stays), Object.keys(stays).sort(), "what was not deleted is kept");
  assert.equal(await messageRow(page, "Сообщение удалено").count(), 3);
  assertNoErrors({ name: "app", errors });
});
