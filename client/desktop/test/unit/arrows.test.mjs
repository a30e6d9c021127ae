/** Arrows point down only (docs/desktop.md): who in renderer/ may import whom, and nobody goes in circles. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const RENDERER = fileURLToPath(new URL("../../renderer/", import.meta.url));

/** Rooms from which a room may import, besides itself. @type {Record<string, string[]>} */
const MAY_IMPORT = {
  vendor: [],
  rules: [],
  protocol: ["rules"],
  words: ["rules"],
  state: ["protocol", "words", "rules"],
  store: ["protocol", "state", "words"],
  link: ["protocol"],
  platform: ["store", "words", "rules"],
  profile: ["link", "store", "state", "protocol", "rules"],
  "ui/parts": ["state", "words", "rules", "vendor"],
  "ui/list": ["ui/parts", "state", "words", "rules", "vendor"],
  "ui/log": ["ui/parts", "state", "words", "rules", "vendor"],
  "ui/composer": ["ui/parts", "state", "words", "rules", "vendor"],
  "ui/dialogs": ["ui/parts", "ui/log", "state", "words", "rules", "vendor"],
  ui: ["ui/parts", "ui/list", "ui/log", "ui/composer", "ui/dialogs", "state", "words", "rules", "vendor"],
  app: ["ui", "profile", "platform"],
  types: [],
};

/** @param {string} file a path below renderer/ */
function roomOf(file) {
  const [first, second] = file.split("/");
  const inner = `${first}/${second}`;
  return inner in MAY_IMPORT ? inner : first.replace(/\.js$/, "");
}

/** Paths below renderer/ that a file imports; comments (types) do not count. @param {string} file */
function importsOf(file) {
  const code = readFileSync(join(RENDERER, file), "utf8").replace(/\/\*[^]*?\*\//g, "");
  const found = code.matchAll(
    /^\s*(?:import\s(?:[^"';()]*?\sfrom\s)?|export\s(?:\*|\{)[^"';]*?\sfrom\s)\s*["']([^"']+)|\bimport\(\s*["']([^"']+)/gm,
  );
  return [...found].map(([, still, moving]) => {
    const target = still ?? moving;
    assert.match(target, /^\.\.?\//, `${file} imports ${target}: the pages have relative addresses only`);
    return relative(RENDERER, join(RENDERER, dirname(file), target));
  });
}

const files = /** @type {string[]} */ (readdirSync(RENDERER, { recursive: true }))
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".js"));
const graph = new Map(files.map((file) => [file, importsOf(file)]));

test("there is something to look at", () => {
  assert.ok(graph.get("protocol/session.js")?.includes("protocol/outbox.js"));
});

test("every room imports from the rooms below it only", () => {
  const wrong = [...graph].flatMap(([file, targets]) =>
    targets
      .filter((target) => ![roomOf(file), ...MAY_IMPORT[roomOf(file)]].includes(roomOf(target)))
      .map((target) => `${file} -> ${target}`),
  );
  assert.deepEqual(wrong, []);
});

test("every imported file is there", () => {
  const missing = [...graph].flatMap(([file, targets]) =>
    targets.filter((target) => !graph.has(target)).map((target) => `${file} -> ${target}`),
  );
  assert.deepEqual(missing, []);
});

test("nobody goes in circles", () => {
  /** @type {Set<string>} */
  const done = new Set();
  /** @param {string} file @param {string[]} way */
  const walk = (file, way) => {
    assert.ok(!way.includes(file), [...way, file].join(" -> "));
    if (done.has(file) || file.startsWith("vendor/")) return;
    for (const target of graph.get(file) ?? []) walk(target, [...way, file]);
    done.add(file);
  };
  for (const file of graph.keys()) walk(file, []);
});
