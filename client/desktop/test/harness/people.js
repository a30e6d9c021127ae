/** Accounts for a test, under names that no other of its server has. */

import { newPerson } from "./browser.js";
import { chatRow, openChat } from "./face.js";

/** @typedef {import("./server.js").Server} Server @typedef {import("playwright-core").Browser} Browser */

let serial = 0;

/** Two people who have a chat. @param {Server} server */
export async function twoPeople(server) {
  serial += 1;
  const vera = await server.register(`vera${serial}`, { display_name: "Вера Соколова" });
  const boris = await server.register(`boris${serial}`, { display_name: "Борис Лебедев" });
  return { vera, boris, chatId: await server.direct(vera, boris) };
}

/**
 * The same two, Vera in a browser with the chat open, in which Boris has asked for something.
 * @param {Browser} browser @param {Server} server @param {Parameters<typeof newPerson>[3]} [how]
 */
export async function veraAndBoris(browser, server, how = {}) {
  const { vera: account, boris, chatId } = await twoPeople(server);
  await server.send(boris, chatId, "Пришлите отчёт");
  const vera = await newPerson(browser, server, account.username, { account, ...how });
  await openChat(vera.page, chatId);
  return { vera, boris, chatId };
}

/** Both in browsers, each with the chat open. @param {Browser} browser @param {Server} server @param {string} greeting */
export async function bothAtScreens(browser, server, greeting) {
  const accounts = await twoPeople(server);
  const { chatId } = accounts;
  await server.send(accounts.boris, chatId, greeting);
  const at = (/** @type {import("./server.js").Account} */ account) =>
    newPerson(browser, server, account.username, { account });
  const [vera, boris] = [await at(accounts.vera), await at(accounts.boris)];
  for (const { page } of [vera, boris]) {
    await chatRow(page, chatId).waitFor();
    await openChat(page, chatId);
  }
  return { vera, boris, chatId };
}
