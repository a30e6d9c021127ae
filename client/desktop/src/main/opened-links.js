/** Links that come from outside: vestnik://chat/42, vestnik://chat/42/7. Pure. */

"use strict";

const OPEN_CHAT = /^vestnik:\/\/chat\/([1-9][0-9]{0,15})(?:\/([1-9][0-9]{0,15}))?\/?$/;

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

module.exports = { chatOfLink, chatOfArguments };
