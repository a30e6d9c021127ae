/** Where the refresh token of a log-in is kept, and which of those that are found is not presented any more. */

import { isSpent, noteSpent } from "../store/spent.js";

/** @typedef {import("../link/tokens.js").Secret} Secret @typedef {import("../types.js").State["remembers"]} Remembers */

/**
 * @param {import("../platform.js").Platform} platform @param {string} name of the profile
 * @param {boolean} remembered past the end of the tab
 * @param {(remembers: Remembers) => void} told where it is now @returns {Secret}
 */
export function secretOf(platform, name, remembered, told) {
  const shared = remembered || platform.desktop;
  return {
    shared,
    load: () => platform.loadSecret(name).catch(() => null),
    isSpent,
    async save(value, spent) {
      /** @type {Remembers | null} */
      let remembers = null;
      try {
        remembers = await platform.saveSecret(name, value, remembered);
      } catch (error) {
        console.error("the log-in could not be stored:", error);
      }
      // each tab keeps its own; and where one for all could not be kept, what is there may be the one that is used up
      const isForAll = shared && remembers !== null && (remembers !== "memory" || !remembered);
      // after the save: where a crash comes before it the server takes the old one once more
      if (spent !== null && !isForAll) noteSpent(spent);
      told(remembers ?? "memory");
    },
  };
}
