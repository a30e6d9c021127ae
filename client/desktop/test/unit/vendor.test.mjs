/** Files of others are unchanged: their sums are those written in renderer/vendor/README.md. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const VENDOR = new URL("../../renderer/vendor/", import.meta.url);

/** @param {string} folder relative to vendor/ @returns {string[]} */
function filesIn(folder) {
  return readdirSync(new URL(folder, VENDOR), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesIn(`${folder}${entry.name}/`) : [`${folder}${entry.name}`],
  );
}

const written = new Map(
  [...readFileSync(new URL("README.md", VENDOR), "utf8").matchAll(/^\| `([0-9a-f]{64})` \| `(.+)` \|$/gm)].map(
    ([, sum, file]) => [file, sum],
  ),
);
const present = filesIn("").filter((file) => file !== "README.md");

test("each file is written down, and each that is written down is there", () => {
  assert.deepEqual(present.sort(), [...written.keys()].sort());
  assert.ok(present.includes("lit-html/lit-html.js") && present.includes("lit-html/LICENSE"));
});

for (const file of present) {
  test(`${file} is as published`, () => {
    const sum = createHash("sha256")
      .update(readFileSync(new URL(file, VENDOR)))
      .digest("hex");
    assert.equal(sum, written.get(file));
  });
}

test("nothing is imported from outside", () => {
  for (const file of present.filter((name) => name.endsWith(".js"))) {
    const text = readFileSync(new URL(file, VENDOR), "utf8");
    for (const [, target] of text.matchAll(/(?<!")\b(?:from|import)\s*"([^"]+)"/g)) {
      assert.ok(present.includes(new URL(target, new URL(file, "file:///")).pathname.slice(1)), `${file}: ${target}`);
    }
  }
});
