/**
 * What is kept until the tab is closed (in the app: its window) for somebody who did not wish to be remembered: who they
 * are, their refresh token, and the messages and drafts of theirs that the server does not have yet. It outlives a reload;
 * a browser that lets pages keep nothing forgets it with the page.
 */

/** @typedef {import("../types.js").PrivateUser} PrivateUser */

/** @param {string} name @param {any} value null: none */
export function keepInTab(name, value) {
  try {
    if (value === null) sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, JSON.stringify(value));
    return true;
  } catch {
    return value === null; // forbidden, or full
  }
}

/** @param {string} name @returns {any} null where there is none */
export function keptInTab(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? "null");
  } catch {
    return null;
  }
}

/** @param {string} url of a server */
export const accountName = (url) => `vestnik account ${url}`;
/** @param {string} profile its name */
export const secretName = (profile) => `vestnik secret ${profile}`;
/** @param {string} profile its name */
export const unsentName = (profile) => `vestnik unsent ${profile}`;
