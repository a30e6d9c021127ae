/** Somebody is blocked and not blocked any more: by mouse and by keyboard, by two people who write to each other. */

import assert from "node:assert/strict";
import { before, test } from "node:test";
import {
  assertNoErrors,
  bothAtScreens,
  chatRow,
  composer,
  launchChromium,
  noChromium,
  openChat,
  say,
  startServer,
} from "../harness/harness.js";
import { assertInside, look } from "./look.js";

const skip = noChromium();

/** @type {import("../harness/browser.js").Person} */
let vera;
/** @type {import("../harness/browser.js").Person} */
let boris;
/** @type {import("../harness/server.js").Server} */
let server;
let chat = 0;
let group = 0;

before(async () => {
  if (skip) return;
  const browser = await launchChromium();
  server = await startServer();
  ({ vera, boris, chatId: chat } = await bothAtScreens(browser, server, "Ты где?"));
  group = await server.group(vera.account, "Поход", boris.account);
  await server.send(boris.account, group, "Всем привет");
});

/** What stands where one writes. @param {import("playwright-core").Page} page */
const closed = (page) => page.locator(".composer--closed", { hasText: "Вы заблокировали собеседника" });

test(
  "by mouse: asked before, said in place of the composer, refused to the other one with words",
  { skip },
  async () => {
    const { page } = vera;
    await page.getByRole("button", { name: "Меню чата" }).click();
    await page.getByRole("menuitem", { name: "Заблокировать…" }).click();
    const question = page.getByRole("dialog", { name: /Заблокировать: .*Борис Лебедев/ });
    await question.waitFor();
    await look(page, "block-question");
    const told = page.locator(".toast", { hasText: "Заблокировано" }).waitFor(); // from now on: for seconds only
    await question.getByRole("button", { name: "Заблокировать" }).click();
    await closed(page).waitFor();
    await told;
    assert.equal(await composer(page).count(), 0);
    await look(page, "block-composer");

    await say(boris.page, "Почему молчишь?");
    await boris.page.getByText("Сейчас в этом чате нельзя писать").waitFor();
    await look(boris.page, "block-refused");
    assert.equal((await server.items(vera.account, chat)).length, 1);
    await openChat(boris.page, group);
    await say(boris.page, "А тут?");
    await openChat(page, group);
    await page.getByText("А тут?").first().waitFor(); // groups go on
    await chatRow(page, chat).click(); // there is no composer to wait for
    await page.getByRole("button", { name: "Разблокировать" }).click();
    await composer(page).waitFor();
    await openChat(boris.page, chat);
    await boris.page.getByRole("button", { name: "Повторить" }).click();
    await page.locator(".log").getByText("Почему молчишь?").waitFor();
    assertNoErrors(vera);
    assertNoErrors(boris);
  },
);

test("by the keyboard: from the card of the person, and lifted in the settings", { skip }, async () => {
  const { page } = vera;
  await openChat(page, chat);
  await page.locator(".topbar__peer").focus();
  await page.keyboard.press("Enter");
  const card = page.getByRole("dialog", { name: "О пользователе" });
  await card.getByRole("button", { name: "Заблокировать…" }).press("Enter");
  const question = page.getByRole("dialog", { name: /Заблокировать: / });
  await question.getByRole("button", { name: "Заблокировать" }).press("Enter");
  await card.getByText("Вы заблокировали этого человека").waitFor();
  await look(page, "block-card");
  await page.keyboard.press("Escape");
  await closed(page).waitFor();
  await page.reload();
  await chatRow(page, chat).click();
  await closed(page).waitFor(); // another start knows it
  await page.keyboard.press("Control+,");
  await page.getByRole("tab", { name: "Приватность" }).press("Enter");
  const undo = page.getByRole("list", { name: "Заблокированные" }).getByRole("button", { name: /Борис Лебедев/ });
  await undo.waitFor();
  await look(page, "block-settings");
  await page.setViewportSize({ width: 360, height: 640 });
  await assertInside(page);
  await undo.press("Enter");
  await page.getByText("Никто не заблокирован").waitFor();
  await page.keyboard.press("Escape");
  await composer(page).waitFor();
  assertNoErrors(vera);
});

test("what another device of one's own does is seen at once; a card in a group blocks too", { skip }, async () => {
  const { page } = vera;
  await page.setViewportSize({ width: 1280, height: 800 });
  await openChat(page, chat);
  await server.call(vera.account, "PUT", `/api/users/${boris.account.user.id}/block`);
  await closed(page).waitFor();
  await server.call(vera.account, "DELETE", `/api/users/${boris.account.user.id}/block`);
  await composer(page).waitFor();
  await openChat(page, group);
  await page
    .locator(".log")
    .getByRole("button", { name: /Борис Лебедев/ })
    .first()
    .click();
  const card = page.getByRole("dialog", { name: "О пользователе" });
  await card.getByRole("button", { name: "Заблокировать…" }).click();
  await page
    .getByRole("dialog", { name: /Заблокировать: / })
    .getByRole("button", { name: "Заблокировать" })
    .click();
  await card.getByRole("button", { name: "Разблокировать" }).waitFor();
  await look(page, "block-person");
  await card.getByRole("button", { name: "Написать" }).click();
  await closed(page).waitFor();
  assertNoErrors(vera);
});
