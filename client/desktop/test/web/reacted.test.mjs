/** Who reacted to a message where they are many, and long after it: the first are named, the others when one asks for them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertNoErrors,
  becomes,
  launchChromium,
  messageRow,
  newPerson,
  noChromium,
  openChat,
  startServer,
  startWire,
} from "../harness/harness.js";
import { until } from "../harness/ways.js";
import { assertInside, lookWideAndNarrow } from "./look.js";

/** Besides Vera: more than a message names. */
const OTHERS = 24;
/** Messages between that and the reactions: the log is not read through from one to the other. */
const BETWEEN = 230;

test(
  "all who reacted are listed, by mouse and by keys, also when the link comes back",
  { skip: noChromium() },
  async () => {
    const server = await startServer();
    const account = await server.register("vera", { display_name: "Вера Соколова" });
    /** @type {import("../harness/server.js").Account[]} */
    const others = [];
    for (let n = 1; n <= OTHERS; n += 1) {
      others.push(await server.register(`other${n}`, { display_name: `Участник ${n}` }));
    }
    const group = await server.group(account, "Все", ...others);
    const { seq } = await server.send(account, group, "Кто идёт?");
    const path = `/api/chats/${group}/messages/${seq}/reactions`;
    const react = (/** @type {import("../harness/server.js").Account} */ who, sign = "👍", method = "PUT") =>
      server.call(who, method, `${path}/${encodeURIComponent(sign)}`);
    for (let n = 1; n <= BETWEEN; n += 1) await server.send(account, group, `строка ${n}\n`.repeat(12));
    await react(others[0]);
    await react(others[0], "👍", "DELETE"); // comes again as the last of them
    for (const one of [...others.slice(1), others[0]]) await react(one);
    await react(account);
    await react(others[2], "🔥");

    const wire = await startWire(server);
    const vera = await newPerson(await launchChromium(), server, "vera", { account, url: wire.url });
    const { page } = vera;
    await openChat(page, group);
    await page.evaluate((hash) => void (location.hash = hash), `#chat/${group}/${seq}`);
    await messageRow(page, "Кто идёт?").waitFor();
    const dialog = page.getByRole("dialog", { name: "Реакции" });
    const names = () => dialog.locator(".reacted").first().locator("bdi").allTextContents();
    /** The name that has the focus, without the letters of a picture. */
    const focused = () =>
      page.evaluate(() => {
        const one = document.activeElement;
        return (one?.querySelector("bdi") ?? one)?.textContent?.trim();
      });
    const rest = () => dialog.getByRole("button", { name: /^и\sещё/u });
    const open = async () => {
      await messageRow(page, "Кто идёт?").getByRole("article").click({ button: "right" });
      await page.getByRole("menuitem", { name: "Кто отреагировал" }).click();
      await rest().waitFor();
    };
    const first = [...others.slice(1, 21).map(({ user }) => user.display_name), "Вы"];
    const all = [...others.slice(1), others[0]].map(({ user }) => user.display_name).concat("Вы");

    await open();
    await becomes(names, first);
    await lookWideAndNarrow(page, "who-reacted-many");
    await rest().click();
    await becomes(names, all);
    await becomes(() => rest().count(), 0);
    await becomes(() => focused(), all[20]);
    await lookWideAndNarrow(page, "who-reacted-all");
    await assertInside(page);
    // what comes meanwhile is there too
    await react(others[22], "👍", "DELETE");
    await becomes(
      names,
      all.filter((name) => name !== others[22].user.display_name),
    );
    await react(others[22]);
    const now = [...all.filter((name) => !["Вы", others[22].user.display_name].includes(name)), "Вы", "Участник 23"];
    await becomes(names, now);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });

    await open();
    const before = await names(); // of what came meanwhile too
    assert.ok(before.length < now.length);
    await until(page, "Tab", /^и\sещё/u);
    await wire.cut();
    const told = page.locator(".toast", { hasText: "Нет соединения" }).waitFor(); // from now on
    await page.keyboard.press("Enter");
    await told;
    await becomes(() => focused(), /^и\sещё/u);
    await becomes(names, before, "what was there stays");
    await wire.restore();
    await page.keyboard.press("Enter");
    await becomes(names, now);
    await becomes(() => focused(), String(now.find((name) => !before.includes(name))));
    await page.keyboard.press("Home");
    await becomes(() => focused(), now[0]);
    assert.equal(await dialog.locator("[tabindex='0'][data-rove]").count(), 1, "one tab stop");
    assertNoErrors(vera);
  },
);
