/** Reads texts (a JSON array on stdin) and says their trees and steps, and the known top-level domains, as JSON. */

import { readFileSync } from "node:fs";
import { parseCounting } from "../../renderer/words/markup.js";
import { TLDS } from "../../renderer/words/tlds.js";

const texts = JSON.parse(readFileSync(0, "utf8"));
const read = texts.map((/** @type {string} */ text) => parseCounting(text));
console.log(JSON.stringify({ read, tlds: [...TLDS] }));
