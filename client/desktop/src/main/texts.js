/** The shell's own words (menus, tray, dialogs) from locales/{ru,en}.json, under "menu.*". */

"use strict";

const fs = require("node:fs");
const path = require("node:path");

/** @typedef {(key: string) => string} Texts */

/**
 * @param {string} folder with the locales @param {string} language
 * @returns {Texts} a key that is missing is shown as it is: a window without its menu would be worse
 */
function loadTexts(folder, language) {
  /** @type {Record<string, string>} */
  let texts = {};
  try {
    texts = JSON.parse(fs.readFileSync(path.join(folder, `${language}.json`), "utf8"));
  } catch {
    // the keys remain
  }
  return (key) => texts[key] ?? key;
}

module.exports = { loadTexts };
