/** Links that come from outside: vestnik://chat/42, vestnik://chat/42/7, vestnik://join/CODE, vestnik://setup/CODE. Pure. */

"use strict";

const OPEN_CHAT = /^vestnik:\/\/chat\/([1-9][0-9]{0,15})(?:\/([1-9][0-9]{0,15}))?\/?$/;

/** As the server makes them (runtime/codes.py). */
const JOIN = /^vestnik:\/\/(join|setup)\/([A-Za-z0-9_-]{22})\/?$/;

/**
 * A chat, a message in it, or an invitation; `first`: it makes whoever comes by it the first administrator.
 * @typedef {number | {chat_id: number, seq: number} | {join: string, first: boolean}} Place
 */

/** What a deep link opens; anything but the known forms is null. @param {unknown} link @returns {Place | null} */
function chatOfLink(link) {
  if (typeof link !== "string") return null;
  const join = JOIN.exec(link);
  if (join) return { join: join[2], first: join[1] === "setup" };
  const found = OPEN_CHAT.exec(link);
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

module.exports = { chatOfLink, chatOfArguments };
