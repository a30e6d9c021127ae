/** Links that lead to a message: at the first start, while the app runs, and where one may not go. */

import { test } from "node:test";
import {
  assertNoErrors,
  becomes,
  composer,
  launchElectron,
  messageRow,
  noElectron,
  signIn,
  startServer,
} from "../harness/harness.js";
import { focused, named } from "../harness/ways.js";
import { APP, startAgain } from "./shell.js";

/** More than is loaded at once. */
const LENGTH = 130;

test(
  "a link leads to its message, at the first start and at a second, or says why not",
  { skip: noElectron() },
  async () => {
    const server = await startServer();
    const anna = await server.register("anna", { display_name: "Анна Ковалёва" });
    const boris = await server.register("boris", { display_name: "Борис Лебедев" });
    const group = await server.group(boris, "Маяк");
    await server.send(boris, group, "до Анны");
    await server.call(boris, "POST", `/api/chats/${group}/members`, { user_ids: [anna.user.id], history: "none" });
    const { seq: first } = await server.send(boris, group, "первое при Анне");
    for (let n = 1; n <= LENGTH; n += 1) await server.send(boris, group, `строка ${n}`);
    const { seq: last } = await server.send(boris, group, "последнее");
    const other = await server.direct(boris, anna);
    const { seq: there } = await server.send(boris, other, "в другом чате");
    await server.send(boris, other, "и после него");
    const secret = await server.group(boris, "Без Анны");
    await server.send(boris, secret, "не для Анны");
    const link = (/** @type {number} */ chat, /** @type {number} */ seq) => `vestnik://chat/${chat}/${seq}`;
    /** @param {import("playwright-core").Page} page @param {string} text */
    const at = async (page, text) => {
      await messageRow(page, text).waitFor();
      await becomes(() => focused(page), named(text));
    };

    // who is not signed in yet is taken there after it
    const before = await launchElectron({ server, args: [link(group, first)] });
    await signIn(before.page, anna, { remember: true });
    await at(before.page, "первое при Анне");
    await before.app.close();

    const { app, page, userData, errors } = await launchElectron({
      server,
      userData: before.userData,
      args: [link(other, there)],
    });
    await at(page, "в другом чате");
    await startAgain(APP, userData, link(group, first));
    await at(page, "первое при Анне");
    await startAgain(APP, userData, link(group, last));
    await at(page, "последнее");

    const current = () => page.locator("nav.side [aria-current=true]").getAttribute("data-chat");
    for (const [chat, seq, told] of /** @type {const} */ ([
      [group, 1, "Сообщение не найдено"],
      [group, last + 50, "Сообщение не найдено"],
      [secret, 1, "Чат не найден, или вы в нём не состоите"],
    ])) {
      const toast = page.locator(".toast", { hasText: told });
      const said = toast.waitFor(); // from now on: it is there for a moment only
      await startAgain(APP, userData, link(chat, seq));
      await said;
      await becomes(current, String(group), `${chat}/${seq}: one stays`);
      await messageRow(page, "последнее").waitFor();
      await toast.waitFor({ state: "detached" });
    }
    await becomes(() => page.getByText("не для Анны").count(), 0);
    await becomes(() => page.getByText("до Анны").count(), 0);
    await composer(page).waitFor();
    await app.close();
    assertNoErrors({ name: "before", errors: before.errors }, { name: "app", errors });
  },
);
