/** What is typed before the log-in, over one loading of the page, in this window; never a password. */

/** `invite`: the code of an invitation, "" for none; `first`: whoever registers by it keeps the server.
 * @typedef {{mode: "login" | "register", login: string, invite: string, first: boolean}} Typed */

const NAME = "vestnik typed";

/** @param {Typed} typed */
export function keepTyped(typed) {
  sessionStorage.setItem(NAME, JSON.stringify(typed));
}

/** It is told once. @returns {Typed} */
export function takeTyped() {
  const kept = sessionStorage.getItem(NAME);
  sessionStorage.removeItem(NAME);
  return kept ? JSON.parse(kept) : { mode: "login", login: "", invite: "", first: false };
}
