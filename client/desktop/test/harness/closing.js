/**
 * What a test opened is closed when it ends, what its file opened (in `before`) when the file ends, in reverse order;
 * processes also when it ends badly.
 */

import { after, afterEach, beforeEach } from "node:test";

/** @type {(() => unknown)[]} */
const closers = [];
/** How many there were when each of the tests under way began, the outermost first. @type {number[]} */
const marks = [];
/** @type {Set<import("node:child_process").ChildProcess>} */
const processes = new Set();

/** Runs after the test that is under way; between tests: after the last one of this file. @param {() => unknown} close may be async */
export function atEnd(close) {
  closers.push(close);
}

/** Runs after the last test of this file. @param {() => unknown} close may be async */
export function atEndOfFile(close) {
  closers.unshift(close);
  marks.forEach((mark, number) => (marks[number] = mark + 1));
}

/** Killed with this process, whatever happens to it. @param {import("node:child_process").ChildProcess} child */
export function dieWithUs(child) {
  processes.add(child);
  child.once("exit", () => processes.delete(child));
}

/** @param {number} count of those that stay */
async function closeDownTo(count) {
  while (closers.length > count) await closers.pop()?.();
}

beforeEach(() => void marks.push(closers.length));
afterEach(() => closeDownTo(marks.pop() ?? 0));
after(() => closeDownTo(0));

process.on("exit", () => {
  for (const child of processes) child.kill("SIGKILL");
});
for (const name of /** @type {const} */ (["SIGTERM", "SIGINT", "SIGHUP"])) process.on(name, () => process.exit(1));
