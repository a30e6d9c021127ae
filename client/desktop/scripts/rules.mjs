/**
 * Writes src/main/rules/ from renderer/rules/: the shell is CommonJS and cannot load modules of the pages (Node of an old
 * Electron), but keeps the same rules. `node scripts/rules.mjs`; a test tells where it was forgotten.
 */

import { readFileSync, writeFileSync } from "node:fs";

/** What the shell needs of them. */
const NEEDED = ["address.js", "external.js", "language.js", "settings.js"];
const FROM = new URL("../renderer/rules/", import.meta.url);
export const TO = new URL("../src/main/rules/", import.meta.url);

/** An ES module without imports as CommonJS. @param {string} name of the file @param {string} text */
export function commonJs(name, text) {
  const names = [...text.matchAll(/^export (?:const|function) (\w+)/gm)].map(([, exported]) => exported);
  const code = text.replace(/^export (?=const|function)/gm, "");
  const head = `// Made of renderer/rules/${name} by scripts/rules.mjs: change that one.\n"use strict";\n\n`;
  return `${head}${code}\nmodule.exports = { ${names.join(", ")} };\n`;
}

/** Name and text of each file of the shell's. @returns {[string, string][]} */
export const made = () => NEEDED.map((name) => [name, commonJs(name, readFileSync(new URL(name, FROM), "utf8"))]);

if (process.argv[1] === import.meta.filename) {
  for (const [name, text] of made()) writeFileSync(new URL(name, TO), text);
}
