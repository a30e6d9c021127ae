/**
 * Runs files of tests one after the other in this process, with one browser whose profiles know the pages already: most of
 * what a file of its own takes is a start of all that. Each line of the standard input names a file, relative to the
 * working folder; it is a suite of that name, and what it does at its top level belongs to that suite. With the next line
 * whoever writes waits for the end of the suite (tests/desktop/in_turn.py).
 */

import assert from "node:assert/strict";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { after, describe } from "node:test";
import { pathToFileURL } from "node:url";
import { endFile, endRun, expectFiles } from "./closing.js";

let underWay = false;
const files = createInterface({ input: process.stdin });
files.on("close", () => underWay && process.exit(1)); // whoever asked for it is gone

expectFiles();
for await (const file of files) {
  underWay = true;
  await describe(file, async () => {
    after(endFile);
    await import(pathToFileURL(resolve(file)).href);
    after(() => assert.ok(!process.exitCode, "a test failed, or what no test waits for"));
  });
  underWay = false;
}
await endRun();
