/** A stolen computer: when its log-in is ended elsewhere, the browser's profile holds no message, no file and no key. */

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  assertNoErrors,
  atEnd,
  becomes,
  composer,
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

test("a log-in that is ended elsewhere leaves nothing in the browser's profile", { skip }, async () => {
  const server = await startServer();
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chat = await server.direct(anna, boris);
  const mark = () => randomBytes(8).toString("hex");
  const marks = { theirs: mark(), own: mark(), name: mark() };
  await server.send(boris, chat, `От Бориса ${marks.theirs}`);
  const folder = mkdtempSync(join(tmpdir(), "vestnik-profile-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const { page, errors } = await newPage(await openProfile(folder));
  let key = "";
  await page.route("**/api/auth/login", async (route) => {
    const response = await route.fetch();
    key = (await response.json()).refresh_token;
    await route.fulfill({ response });
  });
  await page.goto(server.url);
  await signIn(page, anna, { remember: true });
  await openChat(page, chat);
  await messageRow(page, `От Бориса ${marks.theirs}`).waitFor();
  await say(page, `Моё ${marks.own}`);
  const text = { name: `${marks.name}.txt`, mimeType: "text/plain", buffer: Buffer.from("x") };
  await page.locator("input.composer__files").setInputFiles([text]);
  await page.locator(".uploads li").first().waitFor();
  await composer(page).press("Enter");
  await page.locator("li.msg[data-seq]", { hasText: `${marks.name}.txt` }).waitFor(); // what is not sent would stay
  const wanted = { ...marks, key };
  const lies = (/** @type {string} */ what) => residue(folder, wanted).some((one) => one.startsWith(what));
  // else nothing would be found afterwards because this does not find it
  for (const what of Object.keys(wanted)) await becomes(async () => lies(what), true);

  const { sessions } = await server.call(anna, "GET", "/api/auth/sessions");
  for (const { id, current } of sessions) if (!current) await server.call(anna, "DELETE", `/api/auth/sessions/${id}`);
  await page.getByRole("alert").filter({ hasText: "Сеанс завершён" }).waitFor();
  await becomes(async () => residue(folder, wanted), []);
  assertNoErrors({ name: "anna", errors });
});
