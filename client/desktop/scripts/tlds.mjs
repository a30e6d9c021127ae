/**
 * Writes the known top-level domains into the parser of the server and of the client, from the npm package `tlds` (MIT):
 * node scripts/tlds.mjs PATH/TO/tlds (its folder). International names are kept in both forms.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { domainToASCII } from "node:url";

const LINE = 110;
const folder = process.argv[2];
if (!folder) throw new Error("node scripts/tlds.mjs PATH/TO/tlds");
const { version } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
const names = JSON.parse(readFileSync(`${folder}/index.json`, "utf8"));
const all = [...new Set(names.flatMap((/** @type {string} */ name) => [name, domainToASCII(name)]))].sort();
const about = `The top-level domains of the npm package tlds ${version} (MIT), written by client/desktop/scripts/tlds.mjs.`;

function lines() {
  const result = [];
  let line = "";
  let width = 0;
  for (const name of all) {
    const wide = /[\u0e00-\uffff]/u.test(name) ? 2 * name.length : name.length;
    if (width + wide + 1 > LINE) {
      result.push(line);
      line = "";
      width = 0;
    }
    line += line === "" ? name : ` ${name}`;
    width += wide + 1;
  }
  return [...result, line].join("\n");
}

const here = new URL("../../../", import.meta.url);
writeFileSync(
  new URL("chatproto/wire/markup/tlds.py", here),
  `"""${about}"""\n\nfrom typing import Final\n\n_NAMES: Final = """\n${lines()}\n"""\n\nTLDS: Final = frozenset(_NAMES.split())\n`,
);
writeFileSync(
  new URL("client/desktop/renderer/words/tlds.js", here),
  `/** ${about} */\n\nconst NAMES = \`\n${lines()}\n\`;\n\nexport const TLDS = new Set(NAMES.trim().split(/\\s+/u));\n`,
);
