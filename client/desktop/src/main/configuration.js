/** What the one who installs or starts the app decides: config.json and the environment. */

"use strict";

const fs = require("node:fs");
const path = require("node:path");

const { firstAddress } = require("./server-address.js");

const USUAL_SERVER = "http://localhost:8000";

/**
 * `environmentServer` wins over what the user saved, `server` is what they meet at the first start.
 * @typedef {{environmentServer: string | null, server: string, profile: string | null,
 *   dictionaryUrl: string | null}} Configuration
 */

/**
 * @param {string[]} files places of config.json, of which the first that can be read holds; else the usual values
 * @param {Record<string, string | undefined>} environment
 * @returns {Configuration}
 */
function readConfiguration(files, environment) {
  const config = files.map(readConfig).find((found) => found !== null) ?? {};
  const profile = environment.VESTNIK_USER_DATA;
  return {
    environmentServer: firstAddress([environment.VESTNIK_SERVER]),
    server: firstAddress([config.baseUrl, USUAL_SERVER]) ?? USUAL_SERVER,
    profile: profile ? path.resolve(profile) : null,
    dictionaryUrl: folderUrl(config.dictionaryUrl),
  };
}

/** @param {string} file @returns {Record<string, unknown> | null} */
function readConfig(file) {
  try {
    return { ...JSON.parse(fs.readFileSync(file, "utf8")) };
  } catch {
    return null;
  }
}

/** @param {unknown} text @returns {string | null} with a slash at the end, as Chromium wants it */
function folderUrl(text) {
  if (typeof text !== "string" || !/^https?:\/\/[^/]/.test(text)) return null;
  return text.endsWith("/") ? text : `${text}/`;
}

module.exports = { readConfiguration };
