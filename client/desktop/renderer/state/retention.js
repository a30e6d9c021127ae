/** How long messages are kept: by the choice of a group's admins, and by the server. Pure. */

/** @typedef {import("../types.js").ChatView} ChatView */

/** What a server takes for a group, in days; 0: as long as the server keeps messages. */
const TAKEN = Object.freeze([0, 1, 7, 30, 90, 365]);

/**
 * What may be chosen for a group: what is shorter than the server's own time, and no time of its own. One that was chosen
 * before the server's became shorter stays to be seen.
 * @param {Pick<ChatView, "retention_days">} chat @param {Record<string, number>} limits @returns {number[]} days; or 0
 */
export function choices({ retention_days: chosen }, { retention_days: all = 0 }) {
  return TAKEN.filter((days) => days === chosen || all === 0 || days < all);
}

/** Days after which messages of a chat are removed: the shorter of both times counts. 0: never.
 * @param {Pick<ChatView, "retention_days">} chat @param {Record<string, number>} limits of the server */
export function keptDays({ retention_days: own }, { retention_days: all = 0 }) {
  const days = [own, all].filter((one) => one > 0);
  return days.length > 0 ? Math.min(...days) : 0;
}
