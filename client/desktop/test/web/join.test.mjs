/** The links of invitations, as people open them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { assertNoErrors, launchChromium, newPage, newProfile, noChromium, startServer } from "../harness/harness.js";

const skip = noChromium();

test("somebody registers by a link into a group, and somebody with an account joins by it", { skip }, async () => {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const boris = await server.register("boris");
  const chatId = await server.group(boris, "Поход");
  const link = await server.call(boris, "POST", "/api/invites", { chat_id: chatId, uses: 2 });
  const profile = await newProfile(browser);
  const { page, errors } = await newPage(profile);
  await page.goto(`${server.url}/join#${link.code}`);
  await page.locator("#auth-username").fill("vera");
  await page.locator("#auth-display_name").fill("Вера");
  await page.locator("#auth-password").fill("correct horse battery");
  await page.keyboard.press("Enter");
  await page.locator(`nav.side [data-chat="${chatId}"]`).waitFor();
  await page.keyboard.press("Control+,");
  await page.getByRole("button", { name: "Выйти", exact: true }).click();
  await page.locator("#auth-login").waitFor(); // not the form of the link, which is somebody else's by now
  assert.equal(await page.getByText("Вас пригласили").count(), 0);
  assertNoErrors({ name: "vera", errors });

  await server.register("anna");
  const other = await newProfile(browser);
  const { page: hers, errors: faults } = await newPage(other);
  await hers.goto(`${server.url}/join#${link.code}`);
  await hers.getByRole("button", { name: "Войти", exact: true }).click();
  await hers.locator("#auth-login").fill("anna");
  await hers.locator("#auth-password").fill("correct horse battery");
  await hers.keyboard.press("Enter");
  await hers.locator(`nav.side [data-chat="${chatId}"][aria-current=true]`).waitFor();
  assertNoErrors({ name: "anna", errors: faults });
});
