/** A muted chat says until when it is, is muted for another time at once, and as it was before after "Undo". */

import { before, test } from "node:test";
import {
  assertNoErrors,
  becomes,
  launchChromium,
  newPerson,
  noChromium,
  startServer,
  twoPeople,
} from "../harness/harness.js";
import { assertInside, look, lookWideAndNarrow } from "./look.js";

const skip = noChromium();
const TOMORROW = "завтра, 08:00";

/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server.js").Server} */
let server;

before(async () => {
  if (skip) return;
  browser = await launchChromium();
  server = await startServer();
});

test("until when a chat is muted is told wherever it stands, and can be changed and undone", { skip }, async () => {
  const { vera: account, boris, chatId } = await twoPeople(server);
  await server.send(boris, chatId, "Здравствуйте");
  const vera = await newPerson(browser, server, account.username, { account });
  const { page } = vera;
  const row = page.locator(`nav.side [data-chat="${chatId}"]`);
  const item = (/** @type {string | RegExp} */ name) => page.getByRole("menuitem", { name });
  const flags = async () => {
    const { muted, muted_until: until } = await server.call(account, "GET", `/api/chats/${chatId}`);
    return { muted, until };
  };
  /** @param {string | RegExp} name what the menu of notices has */
  async function choose(name) {
    await row.click({ button: "right" });
    await item("Уведомления").click();
    // its rows are those of the menu before, with other words
    await page.getByRole("menu", { name: "Уведомления" }).getByRole("menuitem", { name }).click();
  }
  /** The toast stays while it is looked at. @param {RegExp} text of it */
  async function held(text) {
    const toast = page.locator(".toast", { has: page.getByText(text) });
    await toast.hover();
    return { undo: () => toast.getByRole("button", { name: "Отменить" }).click() };
  }

  await choose(/^Без звука до завтра/u);
  const muted = await held(/выключен до завтра, 08:00$/u);
  await becomes(async () => (await flags()).muted, true);
  const { until } = await flags();
  await row.getByTitle(`Без звука до ${TOMORROW}`).waitFor();
  await muted.undo();
  await becomes(flags, { muted: false, until: null });
  await row.getByTitle("Без звука").waitFor({ state: "detached" });

  await choose(/^Без звука до завтра/u);
  await row.getByTitle(`Без звука до ${TOMORROW}`).waitFor();
  await look(page, "muted-until");
  await row.click({ button: "right" });
  await item(`Включить звук (выключен до ${TOMORROW})`).waitFor();
  await item("Уведомления").click();
  await item(`Включить звук (выключен до ${TOMORROW})`).waitFor();
  await becomes(() => item(/^Без звука/u).count(), 4); // of the menu that comes: the row above is in both
  await look(page, "notify-menu-muted");
  await assertInside(page);
  await item("Без звука навсегда").click();
  const forEver = await held(/выключен$/u);
  await becomes(flags, { muted: true, until: null });
  await row.getByTitle("Без звука", { exact: true }).waitFor();
  await forEver.undo();
  await becomes(flags, { muted: true, until });

  await choose("Включить звук");
  const unmuted = await held(/включён$/u);
  await becomes(async () => (await flags()).muted, false);
  await unmuted.undo();
  await becomes(flags, { muted: true, until });

  await row.click({ button: "right" });
  await item("О пользователе").click();
  const card = page.getByRole("dialog", { name: "О пользователе" });
  await card.getByText(`Без звука до ${TOMORROW}`).waitFor();
  await lookWideAndNarrow(page, "card-muted-until");
  await card.getByRole("button", { name: "Без звука" }).click();
  await card.getByText(`Без звука до ${TOMORROW}`).waitFor({ state: "detached" });
  assertNoErrors(vera);
});
