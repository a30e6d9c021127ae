/** Completing the name of somebody after `@`: what is being typed, who it may be, and what is put in. Pure. */

import { rank } from "./fuzzy.js";

/** @typedef {import("../types.js").User} User
 * @typedef {{from: number, to: number, query: string}} Asked `from`: where the sign stands, `to`: the caret
 * @typedef {{kind: "user", user: User} | {kind: "all", word: string}} Offer */

const TYPED = /(?:^|[^\p{L}\p{N}_@.-])@([\p{L}\p{N}_.-]{0,32})$/u;
const MOST = 8;

/** The mention that is being typed at the caret; null where none is. @param {string} text @param {number} caret
 * @returns {Asked | null} */
export function askedAt(text, caret) {
  const found = TYPED.exec(text.slice(Math.max(0, caret - 40), caret));
  return found ? { from: caret - found[1].length - 1, to: caret, query: found[1] } : null;
}

/**
 * Who may be meant, by name and username, the best first; everybody at once last.
 * @param {string} query @param {readonly User[]} people @param {string | null} all the word that means everybody; null
 *   where one may not
 * @returns {Offer[]}
 */
export function offers(query, people, all) {
  const byName = [...people].sort((one, other) => one.display_name.localeCompare(other.display_name));
  const names = (/** @type {User} */ user) => [user.display_name, user.username];
  const found = query === "" ? byName : rank(query, byName, names, MOST).map(({ candidate }) => candidate);
  /** @type {Offer[]} */
  const offered = found.slice(0, MOST).map((user) => ({ kind: "user", user }));
  const wanted = query.toLowerCase();
  if (all !== null && [all, "all"].some((word) => word.startsWith(wanted))) offered.push({ kind: "all", word: all });
  return offered;
}

/** What is put in for the one who was chosen, in place of which part of the text, and where the caret then stands.
 * @param {string} text @param {Asked} asked @param {Offer} offer */
export function completed(text, { from, to }, offer) {
  // signs at the end belong to the name only where they are shielded (docs/text.md)
  const username =
    offer.kind === "all" ? offer.word : offer.user.username.replace(/[_.-]+$/u, (end) => end.replace(/./gu, "\\$&"));
  const name = `@${username}`;
  const spaced = /^\s/u.test(text.slice(to)) ? "" : " ";
  return { from, to, put: name + spaced, caret: from + name.length + 1 };
}
