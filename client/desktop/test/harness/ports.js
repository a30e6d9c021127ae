/** Loopback ports that stay the same over a restart. */

import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Each process of tests that run at once has ports of its own: one that is free for the moment may be waited for. */
const OWN = Number(process.env.PYTEST_XDIST_WORKER?.slice(2) ?? 0) % 6;
const [FIRST, EACH] = [20_000, 2_000];

/**
 * A port that was free a moment ago, below the range from which the system gives ports to clients: there a client that
 * knocks while the server is away could be given the very port, and so connect to itself.
 */
export async function freePort() {
  for (;;) {
    const port = FIRST + EACH * OWN + randomInt(EACH);
    const probe = createServer();
    try {
      probe.listen(port, "127.0.0.1");
      await once(probe, "listening");
      return port;
    } catch {
      continue;
    } finally {
      probe.close();
    }
  }
}
