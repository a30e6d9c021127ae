/**
 * Loopback ports that stay the same over a restart. Whoever is given one has it to the end of its test or file; then the
 * next is given the same: a browser keeps what pages are made of by their address, in which the port stands.
 */

import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { atEnd } from "./closing.js";

/** Each process of tests that run at once has ports of its own: one that is free for the moment may be waited for. */
const OWN = Number(process.env.PYTEST_XDIST_WORKER?.slice(2) ?? 0) % 6;
const [FIRST, EACH] = [20_000, 2_000];

/** Ports that were given back, the last one last: what was a server's becomes a server's. @type {Map<string, number[]>} */
const givenBack = new Map();

/**
 * A port that was free a moment ago, below the range from which the system gives ports to clients: there a client that
 * knocks while the server is away could be given the very port, and so connect to itself.
 * @param {"server" | "wire"} use
 */
export async function freePort(use) {
  const known = givenBack.get(use) ?? [];
  givenBack.set(use, known);
  for (;;) {
    const port = known.pop() ?? FIRST + EACH * OWN + randomInt(EACH);
    if (!(await isFree(port))) continue;
    atEnd(() => known.push(port));
    return port;
  }
}

/** @param {number} port */
async function isFree(port) {
  const probe = createServer();
  try {
    probe.listen(port, "127.0.0.1");
    await once(probe, "listening");
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}
