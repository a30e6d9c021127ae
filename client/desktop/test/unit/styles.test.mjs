/** The styles keep to what the oldest Chromium of ours knows, and to the values of tokens.css. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const FOLDER = new URL("../../renderer/styles/", import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".css"));
/** @param {string} name */
const read = (name) => readFileSync(new URL(name, FOLDER), "utf8").replace(/\/\*[\s\S]*?\*\//gu, "");
const tokens = read("tokens.css");
const all = files.map(read).join("\n");

test("dark is the same by choice and by the system's wish", () => {
  const chosen = /:root\[data-theme="dark"\] \{([^}]*)\}/u.exec(tokens)?.[1].split(/\s+/u).join(" ");
  const wished = /:not\(\[data-theme="dark"\]\) \{([^}]*)\}/u.exec(tokens)?.[1].split(/\s+/u).join(" ");
  assert.ok(chosen && chosen.length > 1000);
  assert.equal(chosen, wished);
});

test("every colour of light has its dark one", () => {
  const names = (/** @type {string} */ text) => new Set(text.match(/--[ce]-[\w-]+(?=:)/gu));
  const light = names(/:root \{([^}]*)\}/u.exec(tokens)?.[1] ?? "");
  const dark = names(/:root\[data-theme="dark"\] \{([^}]*)\}/u.exec(tokens)?.[1] ?? "");
  assert.deepEqual(
    [...light].filter((name) => !dark.has(name)),
    [],
  );
});

test("what is used is defined, what is defined is used", () => {
  const defined = new Set(all.match(/(?<![\w-])--[\w-]+(?=:)/gu));
  const used = new Set([...all.matchAll(/var\((--[\w-]+)/gu)].map(([, name]) => name));
  assert.deepEqual([...used].filter((name) => !defined.has(name)).sort(), []);
  assert.deepEqual([...defined].filter((name) => !used.has(name)).sort(), []);
});

test("nothing newer than Chromium 108, no colours of their own, lengths that grow with the text", () => {
  assert.doesNotMatch(all, /color-mix\(|light-dark\(|@scope|field-sizing|interpolate-size|^\s+&/mu);
  for (const name of files.filter((file) => file !== "tokens.css")) {
    assert.doesNotMatch(read(name), /#[0-9a-f]{3,8}\b(?![^;]*url)/iu, `${name}: colours stand in tokens.css`);
    const pixels = read(name).match(/(?<![\d.])\d+(?:\.\d+)?px/gu) ?? [];
    assert.deepEqual(
      pixels.filter((length) => parseFloat(length) > 4),
      [],
      `${name}: px are for hairlines and rings`,
    );
  }
});
