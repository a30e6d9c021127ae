/** Somebody hides when they are online and what they read, by mouse and by keyboard; neither sees it of the other. */

import { before, test } from "node:test";
import {
  assertNoErrors,
  bothAtScreens,
  eventually,
  launchChromium,
  noChromium,
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

before(async () => {
  if (skip) return;
  const browser = await launchChromium();
  server = await startServer();
  ({ vera, boris } = await bothAtScreens(browser, server, "Привет"));
});

/** What stands under the name in the heading of the chat. @param {string} text */
const under = (/** @type {import("playwright-core").Page} */ page, text) =>
  page.locator(".topbar__sub", { hasText: text }).waitFor();
/** @param {string} text @param {string} state */
const delivered = (text, state) =>
  boris.page
    .getByRole("log", { name: "Сообщения", exact: true })
    .getByRole("article")
    .filter({ hasText: text })
    .filter({ hasText: state })
    .waitFor();
/** @param {string | RegExp} name @param {boolean} [checked] */
const knob = (name, checked) => vera.page.getByRole("switch", { name, checked });
/** Vera's window has the focus, and the server knows that all of it was read. */
async function readByVera() {
  await vera.page.bringToFront();
  await eventually(async () => {
    const { chats } = await server.call(vera.account, "GET", "/api/chats");
    return chats[0].unread_count === 0;
  }, "it was read");
}

test("who hides it is not seen to be online nor to read, and sees neither, until they show it", { skip }, async () => {
  await under(boris.page, "в сети");
  await under(vera.page, "в сети");
  await vera.page.bringToFront();
  await vera.page.keyboard.press("Control+,");
  await vera.page.getByRole("tab", { name: "Приватность" }).click();
  await knob(/Скрывать, когда/).click();
  await knob(/Скрывать, когда/, true).waitFor();
  await under(boris.page, "@vera");
  await knob(/Скрывать, что прочитано/).focus();
  await vera.page.keyboard.press("Space");
  await knob(/Скрывать, что прочитано/, true).waitFor();
  await look(vera.page, "settings-hiding");
  await assertInside(vera.page);
  await vera.page.keyboard.press("Escape");
  await under(vera.page, "@boris");
  await say(boris.page, "Читаешь?");
  await readByVera();
  await delivered("Читаешь?", "Доставлено");

  await vera.page.keyboard.press("Control+,");
  await vera.page.getByRole("tab", { name: "Приватность" }).click();
  await knob(/Скрывать, когда/, true).click();
  await knob(/Скрывать, что прочитано/, true).click();
  await knob(/Скрывать, что прочитано/, false).waitFor();
  await knob(/Скрывать, когда/, false).waitFor();
  await vera.page.keyboard.press("Escape");
  await under(boris.page, "в сети");
  await under(vera.page, "в сети");
  await say(boris.page, "А теперь?");
  await readByVera();
  await delivered("А теперь?", "Прочитано");
  assertNoErrors(vera, boris);
});
