/** Whoever takes the machine into another zone sees its times. */

import { test } from "node:test";
import {
  assertNoErrors,
  becomes,
  chatRow,
  launchChromium,
  messageRow,
  noChromium,
  startServer,
  veraAndBoris,
} from "../harness/harness.js";

const skip = noChromium();

/** @param {string} iso @param {string} zone */
const clock = (iso, zone) =>
  new Intl.DateTimeFormat("ru", { hour: "2-digit", minute: "2-digit", timeZone: zone }).format(new Date(iso));

test("times, days and the list are those of the zone that the machine is in", { skip }, async () => {
  const server = await startServer();
  const { vera, boris, chatId } = await veraAndBoris(await launchChromium(), server, {
    options: { timezoneId: undefined },
  });
  const { page } = vera;
  const machine = await page.context().newCDPSession(page);
  const { created_at: at } = await server.send(boris, chatId, "Когда?");
  await messageRow(page, "Когда?").waitFor();
  for (const timezoneId of ["Pacific/Kiritimati", "Pacific/Pago_Pago"]) {
    await machine.send("Emulation.setTimezoneOverride", { timezoneId });
    await page.evaluate(() => window.dispatchEvent(new Event("focus")));
    const here = clock(at, timezoneId);
    await becomes(() => messageRow(page, "Когда?").locator("time").innerText(), here);
    await becomes(() => chatRow(page, chatId).locator("time").innerText(), here);
    await page.getByRole("region", { name: "Сегодня" }).getByText("Когда?").waitFor();
  }
  assertNoErrors(vera);
});
