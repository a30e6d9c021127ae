/** Addresses of servers: those that come with the app, and those of its WebSockets. Pure. */

"use strict";

const { serverOrigin } = require("./rules/address.js");

/**
 * The first address of several that is one; they may come from the environment and from files that people wrote.
 * @param {unknown[]} candidates @returns {string | null}
 */
function firstAddress(candidates) {
  for (const candidate of candidates) {
    const url = typeof candidate === "string" ? serverOrigin(candidate) : null;
    if (url !== null) return url;
  }
  return null;
}

/** The address of the server's WebSockets. @param {string} origin */
const socketOrigin = (origin) => origin.replace(/^http/, "ws");

module.exports = { firstAddress, socketOrigin };
