/** Small files that are whole or not there: written beside, synced, renamed. */

"use strict";

const fs = require("node:fs");
const path = require("node:path");

/**
 * Replace a file at once. Throws what the file system throws; the old content then stays.
 * @param {string} file @param {string} text @param {number} [mode] for the owner alone unless told
 */
function writeDurably(file, text, mode = 0o600) {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const beside = `${file}.${process.pid}.tmp`;
  try {
    const handle = fs.openSync(beside, "w", mode);
    try {
      fs.fchmodSync(handle, mode); // the umask may have taken more away, or an old file given more
      fs.writeFileSync(handle, text);
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
    fs.renameSync(beside, file);
  } catch (error) {
    fs.rmSync(beside, { force: true });
    throw error;
  }
  syncFolder(path.dirname(file));
}

/** So that the rename survives a power cut too; not every system lets a folder be synced. @param {string} folder */
function syncFolder(folder) {
  try {
    const handle = fs.openSync(folder, "r");
    try {
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
  } catch {
    // Windows
  }
}

/**
 * The object in a JSON file; an empty one where there is none. What cannot be read as an object is put aside
 * as `<file>.broken`, for somebody to look at.
 * @param {string} file @returns {Record<string, unknown>}
 */
function readObject(file) {
  let text;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch {
    return {};
  }
  try {
    const value = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // told below
  }
  try {
    fs.renameSync(file, `${file}.broken`);
  } catch {
    // it will be written over
  }
  return {};
}

module.exports = { writeDurably, readObject };
