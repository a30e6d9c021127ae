/**
 * What a test opened is closed when it ends, what its file opened (in `before`) when the file ends, in reverse order, and
 * what files share when the last of them has ended; processes also when it ends badly.
 */

import { after, afterEach, beforeEach } from "node:test";

/** @type {(() => unknown)[]} */
const closers = [];
/** @type {(() => unknown)[]} */
const lastClosers = [];
/** Whether this process runs further files after the one that ends. */
let goesOn = false;
/** How many there were when each of the tests under way began, the outermost first. @type {number[]} */
const marks = [];
/** @type {Set<import("node:child_process").ChildProcess>} */
const processes = new Set();

/** Runs after the test that is under way; between tests: after the last one of this file. @param {() => unknown} close may be async */
export function atEnd(close) {
  closers.push(close);
}

/** Runs after the last file of this process. @param {() => unknown} close may be async */
export function atEndOfRun(close) {
  lastClosers.push(close);
}

/** Whoever runs several files in this process tells the end of each, and that of the last. */
export function expectFiles() {
  goesOn = true;
}

/** After the last test of a file. */
export const endFile = () => closeDownTo(closers, 0);

/** After the last file. */
export const endRun = () => closeDownTo(lastClosers, 0);

/** Killed with this process, whatever happens to it. @param {import("node:child_process").ChildProcess} child */
export function dieWithUs(child) {
  processes.add(child);
  child.once("exit", () => processes.delete(child));
}

/** @param {(() => unknown)[]} opened @param {number} count of those that stay */
async function closeDownTo(opened, count) {
  while (opened.length > count) await opened.pop()?.();
}

beforeEach(() => void marks.push(closers.length));
afterEach(() => closeDownTo(closers, marks.pop() ?? 0));
after(async () => {
  if (goesOn) return;
  await endFile();
  await endRun();
});

process.on("exit", () => {
  for (const child of processes) child.kill("SIGKILL");
});
for (const name of /** @type {const} */ (["SIGTERM", "SIGINT", "SIGHUP"])) process.on(name, () => process.exit(1));
