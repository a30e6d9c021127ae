/** The words of a notification, as its system takes them. */

"use strict";

/** @type {Record<string, string>} */
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/**
 * On Linux a body is markup: signs of the words would be tags, or be swallowed. The title is plain everywhere.
 * @param {string} words @param {NodeJS.Platform} system
 */
function noticeBody(words, system) {
  return system === "linux" ? words.replace(/[&<>]/gu, (sign) => ENTITIES[sign]) : words;
}

module.exports = { noticeBody };
