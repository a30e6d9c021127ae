/** Where the refresh token of a log-in is kept, and which of those that are found is not presented any more. */

import { hasNewest, isNewest, noteNewest } from "../store/newest.js";

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
    isNewest: (value) => isNewest(name, value),
    async save(value, obtained) {
      if (obtained && !shared) noteNewest(name, value); // each tab keeps its own
      /** @type {Remembers} */
      let remembers = "memory";
      try {
        remembers = await platform.saveSecret(name, value, remembered);
      } catch (error) {
        console.error("the log-in could not be stored:", error);
      }
      // where it could not be kept, what is there is an older one
      const behind = remembered && remembers === "memory";
      if (obtained && shared && (behind || hasNewest(name))) noteNewest(name, value);
      told(remembers);
    },
  };
}

/** Nothing of it stays. @param {import("../platform.js").Platform} platform @param {string} name of the profile */
export async function dropSecret(platform, name) {
  noteNewest(name, null);
  await platform.deleteSecret(name).catch(() => {});
}
