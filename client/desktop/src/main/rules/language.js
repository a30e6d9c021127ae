// Made of renderer/rules/language.js by scripts/rules.mjs: change that one.
"use strict";

/** Which language is spoken. */

/** What is shown where nothing was chosen and what every other language falls back to. */
const FALLBACK = "ru";

/**
 * The one that the user chose, else the first one of the system's that there is.
 * @param {string} setting a language of `available`, or "system"
 * @param {readonly string[]} preferred tags as the system names them, such as "en-GB"
 * @param {readonly string[]} available
 */
function pickLanguage(setting, preferred, available) {
  if (available.includes(setting)) return setting;
  const short = preferred.map((tag) => tag.toLowerCase().split("-")[0]);
  return short.find((tag) => available.includes(tag)) ?? FALLBACK;
}

module.exports = { FALLBACK, pickLanguage };
