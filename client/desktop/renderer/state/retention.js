/** How long messages are kept: by the choice of a group's admins, and by the server. Pure. */

/** @typedef {import("../types.js").ChatView} ChatView */

/** What may be chosen for a group, in days; 0: for ever. */
export const CHOICES = Object.freeze([0, 1, 7, 30, 90, 365]);

/** Days after which messages of a chat are removed: the shorter of both times counts. 0: never.
 * @param {Pick<ChatView, "retention_days">} chat @param {Record<string, number>} limits of the server */
export function keptDays({ retention_days: own }, { retention_days: all = 0 }) {
  const days = [own, all].filter((one) => one > 0);
  return days.length > 0 ? Math.min(...days) : 0;
}
