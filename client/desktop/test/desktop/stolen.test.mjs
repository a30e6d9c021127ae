/** A stolen computer: when its log-in is ended elsewhere, the app's folder holds no message, no file and no key. */

import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  becomes,
  composer,
  launchElectron,
  messageRow,
  noElectron,
  openChat,
  say,
  signIn,
  startServer,
} from "../harness/harness.js";
import { png } from "../harness/made-files.js";
import { residue } from "../harness/residue.js";

const skip = noElectron();

test("a log-in that is ended elsewhere leaves nothing on the disk", { skip }, async () => {
  const server = await startServer();
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chat = await server.direct(anna, boris);
  const mark = () => randomBytes(8).toString("hex");
  const marks = { theirs: mark(), own: mark(), bytes: mark(), name: mark() };
  await server.send(boris, chat, `От Бориса ${marks.theirs}`);
  const { page, userData } = await launchElectron({ server });
  await signIn(page, anna, { remember: true });
  await openChat(page, chat);
  await messageRow(page, `От Бориса ${marks.theirs}`).waitFor();
  await say(page, `Моё ${marks.own}`);
  const text = { name: `${marks.name}.txt`, mimeType: "text/plain", buffer: Buffer.from(`${marks.bytes}\n`) };
  const picture = { name: "вид.png", mimeType: "image/png", buffer: png(640, 360, 77) };
  const previewed = page.waitForResponse(/\/preview\?/u);
  await page.locator("input.composer__files").setInputFiles([text, picture]);
  await page.locator(".uploads li").nth(1).waitFor();
  await composer(page).press("Enter");
  const preview = (await (await previewed).body()).subarray(-64);
  await page.getByRole("button", { name: "Открыть изображение вид.png" }).locator("img").waitFor();
  await page.locator("li.msg[data-seq]", { hasText: `${marks.name}.txt` }).waitFor(); // what is not sent would stay
  const [secret] = Object.values(JSON.parse(readFileSync(join(userData, "secrets.json"), "utf8")));
  const wanted = { ...marks, preview, key: secret.data };
  const lies = (/** @type {string} */ what) => residue(userData, wanted).some((one) => one.startsWith(what));
  // else nothing would be found afterwards because this does not find it
  for (const what of ["theirs", "own", "name", "preview", "key"]) await becomes(async () => lies(what), true);

  const { sessions } = await server.call(anna, "GET", "/api/auth/sessions");
  for (const { id, current } of sessions) if (!current) await server.call(anna, "DELETE", `/api/auth/sessions/${id}`);
  await page.getByRole("button", { name: "Войти" }).waitFor();
  await becomes(async () => residue(userData, wanted), []);
});

test("a log-in that was ended while the app was away leaves nothing once it is started", { skip }, async () => {
  const server = await startServer();
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chat = await server.direct(anna, boris);
  const theirs = randomBytes(8).toString("hex");
  await server.send(boris, chat, `От Бориса ${theirs}`);
  const first = await launchElectron({ server });
  await signIn(first.page, anna, { remember: true });
  await openChat(first.page, chat);
  await messageRow(first.page, `От Бориса ${theirs}`).waitFor();
  const [secret] = Object.values(JSON.parse(readFileSync(join(first.userData, "secrets.json"), "utf8")));
  const wanted = { theirs, key: secret.data };
  const kept = () => new Set(residue(first.userData, wanted).map((one) => one.split(":")[0]));
  await becomes(async () => kept(), new Set(["key", "theirs"]));
  await first.app.close();
  await becomes(async () => kept(), new Set(["key", "theirs"]), "an app that ends keeps what it has");

  const { sessions } = await server.call(anna, "GET", "/api/auth/sessions");
  for (const { id, current } of sessions) if (!current) await server.call(anna, "DELETE", `/api/auth/sessions/${id}`);
  const { page } = await launchElectron({ server, userData: first.userData });
  await page.getByRole("button", { name: "Войти" }).waitFor();
  await becomes(async () => kept(), new Set());
});

test("a window that does not let go of what is kept, because it hangs, keeps nothing of it", { skip }, async () => {
  const server = await startServer();
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chat = await server.direct(anna, boris);
  const theirs = randomBytes(8).toString("hex");
  await server.send(boris, chat, `От Бориса ${theirs}`);
  const { page, userData } = await launchElectron({ server });
  await signIn(page, anna, { remember: true });
  await openChat(page, chat);
  await messageRow(page, `От Бориса ${theirs}`).waitFor();
  const kept = () => residue(userData, { theirs }).length > 0;
  await becomes(async () => kept(), true);
  // as in the window that hangs: the lock is held, and nobody answers who asks for it
  await page.evaluate(async () => {
    const { held = [] } = await navigator.locks.query();
    const name = String(held.find((lock) => lock.name?.endsWith(" open"))?.name);
    await new Promise((given) => {
      void navigator.locks.request(name, { mode: "shared" }, () => new Promise(() => given(null)));
    });
  });

  const { sessions } = await server.call(anna, "GET", "/api/auth/sessions");
  for (const { id, current } of sessions) if (!current) await server.call(anna, "DELETE", `/api/auth/sessions/${id}`);
  await page.getByRole("button", { name: "Войти" }).waitFor();
  await becomes(async () => kept(), false);
});
