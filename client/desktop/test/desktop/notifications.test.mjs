/** Notifications where a service shows them: shown, clicked, replaced. (Without one: shell.test.mjs.) */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  atEnd,
  becomes,
  eventually,
  findElectron,
  launchElectron,
  noElectron,
  signIn,
  startServer,
} from "../harness/harness.js";
import { APP, launchShell, rootSwitches } from "./shell.js";

/** false, or why no service can be started here. */
function noService() {
  for (const program of ["dbus-run-session", "dunst", "dunstctl", "dbus-send"]) {
    if (spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0) return `${program} is not installed`;
  }
  return false;
}

/** A program that runs Electron on a bus of its own with a service of notifications, and how many that shows. */
function serviceProgram() {
  const folder = mkdtempSync(join(tmpdir(), "vestnik-notes-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const [inside, program, bus, conf] = ["inside.sh", "electron.sh", "bus", "dunstrc"].map((name) => join(folder, name));
  // they stay: else those that are looked at late would be gone by themselves
  writeFileSync(conf, ["low", "normal", "critical"].map((how) => `[urgency_${how}]\ntimeout = 0\n`).join("\n"));
  const electron = join(/** @type {string} */ (findElectron()), "electron");
  writeFileSync(
    inside,
    `#!/bin/sh
printf %s "$DBUS_SESSION_BUS_ADDRESS" >"${bus}"
dunst -conf "${conf}" >/dev/null 2>&1 &
service=$!
trap 'kill $service' EXIT
until dunstctl count >/dev/null 2>&1; do sleep 0.05; done
"${electron}" "$@"
`,
  );
  writeFileSync(program, `#!/bin/sh\nexec dbus-run-session -- "${inside}" "$@"\n`);
  for (const file of [inside, program]) chmodSync(file, 0o755);
  /** @param {...string} args */
  const control = (...args) => {
    const env = { ...process.env, DBUS_SESSION_BUS_ADDRESS: readFileSync(bus, "utf8") };
    const { status, stdout, stderr } = spawnSync("dunstctl", args, { env, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    return stdout.trim();
  };
  const displayed = () => Number(control("count", "displayed")) + Number(control("count", "waiting"));
  return { program, control, displayed };
}

test(
  "a notification is shown, replaced by its tag, and opens its chat",
  { skip: noElectron() || noService() },
  async () => {
    const { program, control, displayed } = serviceProgram();
    const it = await launchShell({ program });
    await it.page.waitForLoadState();
    /** @param {string} tag @param {number} chat */
    const notify = (tag, chat) =>
      it.page.evaluate(
        ([name, id]) =>
          window.vestnik?.notify({
            tag: String(name),
            title: "Катя",
            body: `Привет ${id}`,
            chat_id: Number(id),
            seq: 3,
            silent: true,
          }),
        [tag, chat],
      );
    await it.page.evaluate(() => {
      const opened = /** @type {(number | object)[]} */ ([]);
      Object.assign(window, { opened });
      window.vestnik?.onOpenChat((id) => opened.push(id));
    });

    assert.equal(await notify("a", 41), true);
    await eventually(() => displayed() === 1, "one is shown");
    assert.equal(await notify("a", 42), true);
    await eventually(() => displayed() === 1, "the same tag: still one");
    assert.equal(await notify("b", 43), true);
    await eventually(() => displayed() === 2, "another tag: two");
    await it.page.evaluate(() => window.vestnik?.closeNote("b", 4, 9));
    const known = () => it.page.evaluate(() => window.vestnik?.notes());
    assert.deepEqual(await known(), ["a", "b"].map((tag, at) => ({ tag, chat_id: 42 + at, seq: 3 }))); // prettier-ignore
    await it.page.evaluate(() => window.vestnik?.closeNote("b"));
    await eventually(() => displayed() === 1, "one is taken back");

    await it.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].hide());
    control("action", "0");
    await eventually(() => it.page.evaluate(() => /** @type {any} */ (window).opened.length > 0), "the chat opens");
    assert.deepEqual(await it.page.evaluate(() => /** @type {any} */ (window).opened), [42]);
    const clicked = displayed(); // the service keeps what a program chose
    assert.equal(await notify("c", 44), true);
    await eventually(() => displayed() === clicked + 1, "one more is shown");
    await it.page.reload();
    assert.equal(
      (await known())?.some(({ tag }) => tag === "c"),
      true,
      "a page that comes anew knows of it",
    );
    await it.page.evaluate(() => window.vestnik?.closeNotes());
    await eventually(() => displayed() === clicked, "it is taken back");
    await becomes(() => it.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].isVisible()), true);
    await it.app.close();
  },
);

test(
  "a notice of a page that was loaded anew goes when its chat is read elsewhere, and with the log-in",
  { skip: noElectron() || noService() },
  async () => {
    const server = await startServer();
    const anna = await server.register("anna");
    const [boris, vera] = [await server.register("boris"), await server.register("vera", { display_name: "Вера" })];
    const [first, second] = [await server.direct(boris, anna), await server.direct(vera, anna)];
    for (const chat of [first, second]) await server.send(anna, chat, "Привет");
    const { program, displayed } = serviceProgram();
    const it = await launchShell({ app: APP, program, switches: [...rootSwitches, "--lang=ru"], env: { LANGUAGE: "ru", VESTNIK_SERVER: server.url } }); // prettier-ignore
    await signIn(it.page, anna);
    const online = () => it.page.locator("nav.side").getByText("В сети").waitFor();
    await online();
    await server.send(boris, first, "Первое");
    await server.send(vera, second, "Второе");
    await eventually(() => displayed() === 2, "both are shown");
    await it.page.reload();
    await online();
    assert.equal(displayed(), 2);
    await server.call(anna, "POST", `/api/chats/${first}/read`, {});
    await eventually(() => displayed() === 1, "that is gone");
    await it.page.getByRole("button", { name: "Настройки" }).click();
    await it.page.getByRole("button", { name: "Выйти", exact: true }).click();
    await it.page.locator("#auth-login").waitFor();
    await eventually(() => displayed() === 0, "so is the other");
    await it.app.close();
  },
);

test("where no service shows notifications, the window itself does", { skip: noElectron() }, async () => {
  const server = await startServer();
  const anna = await server.register("anna");
  const boris = await server.register("boris", { display_name: "Борис" });
  const chat = await server.direct(boris, anna);
  await server.send(anna, chat, "Привет");
  const it = await launchElectron({ server, env: { DBUS_SESSION_BUS_ADDRESS: "disabled:" } });
  await signIn(it.page, anna);
  await it.page.getByRole("link", { name: /^Борис/ }).waitFor();
  await it.page.locator("nav.side").getByText("В сети").waitFor(); // what comes from here on is news
  await server.send(boris, chat, "Доброе утро!");
  const toast = it.page.locator(".toast").filter({ hasText: "Борис: Доброе утро!" });
  await toast.getByRole("button", { name: "Открыть" }).click();
  await it.page.getByRole("log", { name: "Сообщения", exact: true }).getByText("Доброе утро!").waitFor();
  await it.app.close();
});
