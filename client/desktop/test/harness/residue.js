/** What lies in the files of a folder: for tests of what is erased. */

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { unpacked } from "./tables.js";

/**
 * Which of these bytes or texts (as UTF-8, and as browsers keep them: UTF-16) are in which files, also where a database
 * made them smaller.
 * @param {string} folder @param {Record<string, string | Buffer>} wanted by what they are
 * @returns {string[]} what, and where
 */
export function residue(folder, wanted) {
  const needles = Object.entries(wanted).flatMap(([what, one]) =>
    (typeof one === "string" ? [Buffer.from(one), Buffer.from(one, "utf16le")] : [one]).map((bytes) => ({
      what,
      bytes,
    })),
  );
  for (;;) {
    const found = search(folder, needles);
    if (found) return [...found].sort();
  }
}

/**
 * @param {string} folder @param {{what: string, bytes: Buffer}[]} needles
 * @returns {Set<string> | null} null: a file went meanwhile, and what was in it may be in one that was read before
 */
function search(folder, needles) {
  const entries = everything(folder);
  if (entries === null) return null;
  const found = new Set();
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = contents(path);
    if (bytes === null) return null;
    const inside = entry.name.endsWith(".ldb") ? unpacked(bytes) : null;
    for (const needle of needles) {
      const there = bytes.includes(needle.bytes) || inside?.includes(needle.bytes);
      if (there) found.add(`${needle.what}: ${path.slice(folder.length + 1)}`);
    }
  }
  return found;
}

/**
 * @param {string} folder of which any part may go at any time, but not the whole
 * @returns {import("node:fs").Dirent[] | null} null: a folder in it went meanwhile
 */
function everything(folder) {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    if (existsSync(folder) && /** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return null;
    throw error;
  }
}

/** @param {string} path of a file that may go at any time */
function contents(path) {
  try {
    return readFileSync(path);
  } catch {
    return existsSync(path) ? Buffer.alloc(0) : null;
  }
}
