/**
 * Links that come from outside: vestnik://chat/42, vestnik://chat/42/7, vestnik://join/CODE, vestnik://setup/CODE; the last
 * two say of which server: ?server=https%3A%2F%2Fchat.example.org. Pure.
 */

"use strict";

const { serverOrigin } = require("./rules/address.js");

const OPEN_CHAT = /^vestnik:\/\/chat\/([1-9][0-9]{0,15})(?:\/([1-9][0-9]{0,15}))?\/?$/;

/** As the server makes them (runtime/codes.py). */
const JOIN = /^vestnik:\/\/(join|setup)\/([A-Za-z0-9_-]{22})\/?(?:\?server=([A-Za-z0-9._~%-]{1,2048}))?$/;

/**
 * A chat, a message in it, or an invitation; `first`: it makes whoever comes by it the first administrator; `server`: the
 * origin of whose it is, null where the link does not say.
 * @typedef {number | {chat_id: number, seq: number} | {join: string, first: boolean, server: string | null}} Place
 */

/** What a deep link opens; anything but the known forms is null. @param {unknown} link @returns {Place | null} */
function placeOfLink(link) {
  if (typeof link !== "string") return null;
  const join = JOIN.exec(link);
  if (join) {
    const server = join[3] === undefined ? null : originOf(join[3]);
    return server === "" ? null : { join: join[2], first: join[1] === "setup", server };
  }
  const found = OPEN_CHAT.exec(link);
  if (!found) return null;
  const id = Number(found[1]);
  const seq = found[2] === undefined ? null : Number(found[2]);
  if (!Number.isSafeInteger(id) || (seq !== null && !Number.isSafeInteger(seq))) return null;
  return seq === null ? id : { chat_id: id, seq };
}

/** An origin and nothing else; "" where it is none. @param {string} encoded */
function originOf(encoded) {
  try {
    const origin = decodeURIComponent(encoded);
    return serverOrigin(origin) === origin ? origin : "";
  } catch {
    return "";
  }
}

/** Where the first deep link in a command line leads. @param {readonly string[]} argv @returns {Place | null} */
function placeOfArguments(argv) {
  for (const argument of argv) {
    const place = placeOfLink(argument);
    if (place !== null) return place;
  }
  return null;
}

module.exports = { placeOfLink, placeOfArguments };
