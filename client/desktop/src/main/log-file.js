/** A log file that stays small and holds no secret. */

"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { inspect } = require("node:util");

/** Bytes of one file; the one before is kept as main.log.1. */
const LIMIT = 256 * 1024;
const LONGEST_LINE = 4096;

/** @typedef {(message: string, error?: unknown) => void} Report */

/** What looks like a token is left out: JWTs, and any long run of their letters. @param {string} text */
function redact(text) {
  return text
    .replace(/\beyJ[\w-]*(\.[\w-]*){1,2}/g, "<token>")
    .replace(/(Bearer|token=|token"?:)\s*"?[^\s"&]+/gi, "$1 <token>")
    .replace(/[A-Za-z0-9_-]{32,}={0,2}/g, "<token>");
}

/**
 * @param {string} folder @param {() => number} now ms of the clock
 * @param {number} [limit] bytes of a file
 * @returns {Report} never throws: a full disk must not take the app down
 */
function openLog(folder, now, limit = LIMIT) {
  const file = path.join(folder, "main.log");
  return (message, error) => {
    const tail = error === undefined ? "" : ` ${error instanceof Error ? error.stack : inspect(error)}`;
    const line = `${new Date(now()).toISOString()} ${redact(message + tail).slice(0, LONGEST_LINE)}\n`;
    try {
      fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
      const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
      if (size + line.length > limit) fs.renameSync(file, `${file}.1`);
      fs.appendFileSync(file, line, { mode: 0o600 });
    } catch {
      // there is nobody to tell
    }
  };
}

module.exports = { openLog, redact };
