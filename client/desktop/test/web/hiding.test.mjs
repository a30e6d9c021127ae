/** Somebody hides when they are online and what they read, by mouse and by keyboard; neither sees it of the other. */

import { test } from "node:test";
import { hidesAndShows } from "../harness/accounts.js";
import { assertNoErrors, bothAtScreens, launchChromium, noChromium, startServer } from "../harness/harness.js";

const skip = noChromium();

test("who hides it is not seen to be online nor to read, and sees neither, until they show it", { skip }, async () => {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const { vera, boris, chatId } = await bothAtScreens(browser, server, "Привет");
  await hidesAndShows(server, chatId, vera, boris, "settings-hiding");
  assertNoErrors(vera, boris);
});
