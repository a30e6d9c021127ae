/** What a test file opened is closed when the file ends, in reverse order; processes also when it ends badly. */

import { after } from "node:test";

/** @type {(() => unknown)[]} */
const closers = [];
/** @type {Set<import("node:child_process").ChildProcess>} */
const processes = new Set();

/** Runs after the last test of this file. @param {() => unknown} close may be async */
export function atEnd(close) {
  closers.push(close);
}

/** Killed with this process, whatever happens to it. @param {import("node:child_process").ChildProcess} child */
export function dieWithUs(child) {
  processes.add(child);
  child.once("exit", () => processes.delete(child));
}

after(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

process.on("exit", () => {
  for (const child of processes) child.kill("SIGKILL");
});
for (const name of /** @type {const} */ (["SIGTERM", "SIGINT", "SIGHUP"])) process.on(name, () => process.exit(1));
