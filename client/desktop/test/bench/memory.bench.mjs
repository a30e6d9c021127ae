/** Whether the page grows while others write: BENCH_MINUTES of traffic (2 where nothing is said, 30 for the whole). */

import assert from "node:assert/strict";
import { test } from "node:test";
import { launchChromium, newPerson, noChromium, openChat, startServer } from "../harness/harness.js";

const MINUTES = Number(process.env.BENCH_MINUTES ?? 2);
const RATE = 20;
/** What may come on top of the first look, of bytes and of nodes. */
const GROWTH = 1.1;
const SLACK = { bytes: 4 * 2 ** 20, nodes: 300 };

test(`memory stays flat over ${MINUTES} minutes of traffic`, { skip: noChromium() }, async () => {
  const server = await startServer();
  const browser = await launchChromium();
  const anna = await newPerson(browser, server, "anna");
  let boris = await server.register("boris");
  const chat = await server.direct(anna.account, boris);
  await server.send(boris, chat, "первое");
  await openChat(anna.page, chat);
  const cdp = await anna.context.newCDPSession(anna.page);
  await cdp.send("Performance.enable");
  const look = async () => {
    await cdp.send("HeapProfiler.collectGarbage");
    const { metrics } = await cdp.send("Performance.getMetrics");
    const found = Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
    console.log(`${(found.JSHeapUsedSize / 2 ** 20).toFixed(1)} MiB, ${found.Nodes} nodes`);
    return { bytes: found.JSHeapUsedSize, nodes: found.Nodes };
  };
  let sent = 0;
  /** @param {number} count */
  const traffic = async (count) => {
    const end = sent + count;
    for (const began = Date.now(), first = sent; sent < end; sent++) {
      await server.send(boris, chat, `message ${sent} ${"word ".repeat(sent % 30)}`);
      const ahead = began + ((sent - first) * 1000) / RATE - Date.now();
      if (ahead > 0) await new Promise((resolve) => setTimeout(resolve, ahead));
    }
    // faster than anybody reads: the log stays at what is unread until one goes to its end
    await anna.page.locator(".tobottom").click();
    await anna.page.locator(`[role=log] li[data-seq="${sent}"]`).waitFor();
  };
  await traffic(1000); // more than the log keeps in memory
  const before = await look();
  const looks = Math.max(2, Math.round(MINUTES));
  let after = before;
  for (let number = 0; number < looks; number++) {
    boris = await server.login(boris); // a token lives for 15 minutes
    await traffic((MINUTES * 60 * RATE) / looks);
    after = await look();
  }
  console.log(`${sent} messages at ${RATE} a second`);
  assert.ok(after.bytes <= before.bytes * GROWTH + SLACK.bytes, "the heap grew");
  assert.ok(after.nodes <= before.nodes * GROWTH + SLACK.nodes, "the page grew");
});
