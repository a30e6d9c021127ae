/** Links that come from outside (vestnik://chat/42, vestnik://chat/42/7) and links that lead outside. Pure. */

"use strict";

const OPEN_CHAT = /^vestnik:\/\/chat\/([1-9][0-9]{0,15})(?:\/([1-9][0-9]{0,15}))?\/?$/;
const LONGEST = 8192;

/** A chat, or a message in it. @typedef {number | {chat_id: number, seq: number}} Place */

/** What a deep link opens; anything but the two known forms is null. @param {unknown} link @returns {Place | null} */
function chatOfLink(link) {
  const found = typeof link === "string" ? OPEN_CHAT.exec(link) : null;
  if (!found) return null;
  const id = Number(found[1]);
  const seq = found[2] === undefined ? null : Number(found[2]);
  if (!Number.isSafeInteger(id) || (seq !== null && !Number.isSafeInteger(seq))) return null;
  return seq === null ? id : { chat_id: id, seq };
}

/** Where the first deep link in a command line leads. @param {readonly string[]} argv @returns {Place | null} */
function chatOfArguments(argv) {
  for (const argument of argv) {
    const id = chatOfLink(argument);
    if (id !== null) return id;
  }
  return null;
}

/**
 * The link in the form in which it may be handed to the system, or null. Only https and mailto: other schemes start
 * programs, and http tells everybody on the way what is read: only what the page has asked about may be `plain`.
 * @param {unknown} link @param {{plain?: boolean}} [options] @returns {string | null}
 */
function externalLink(link, { plain = false } = {}) {
  if (typeof link !== "string" || link.length > LONGEST) return null;
  let url;
  try {
    url = new URL(link);
  } catch {
    return null;
  }
  if (url.protocol === "mailto:") return url.href;
  const web = url.protocol === "https:" || (plain && url.protocol === "http:");
  const honest = url.hostname !== "" && url.username === "" && url.password === "";
  return web && honest ? url.href : null;
}

module.exports = { chatOfLink, chatOfArguments, externalLink };
