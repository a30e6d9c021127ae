/** What of a chat is worth a notification: muted for a while or for ever, and the choice of all, mentions, nothing. */

/** @typedef {import("../types.js").ChatView} ChatView @typedef {import("../types.js").Message} Message */

const HOUR = 3_600_000;
/** The hour of tomorrow at which a chat is heard again. */
const MORNING = 8;

/** @param {{muted: boolean, muted_until?: string | null}} chat @param {number} now ms since 1970 */
export function isMuted({ muted, muted_until: until }, now) {
  return muted && (!until || Date.parse(until) > now);
}

/** The message names this user, or everybody. @param {Pick<Message, "mentions" | "mentions_all" | "sender_id">} message
 * @param {number} me */
export function mentionsMe({ mentions, mentions_all: all, sender_id: sender }, me) {
  return sender !== me && (all === true || (mentions ?? []).includes(me));
}

/** A mention is told also from a muted chat, but not where one wishes nothing. @param {ChatView} chat
 * @param {Message} message @param {number} me @param {number} now ms since 1970 */
export function isToTell(chat, message, me, now) {
  if (chat.notify === "none") return false;
  if (mentionsMe(message, me)) return true;
  return !isMuted(chat, now) && chat.notify !== "mentions";
}

/**
 * For how long a chat can be muted: until when, null for ever. @param {Date} now
 * @returns {{id: "hour" | "hours" | "tomorrow" | "ever", until: string | null}[]}
 */
export function mutings(now) {
  const tomorrow = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1, MORNING);
  const after = (/** @type {number} */ hours) => new Date(now.getTime() + hours * HOUR).toISOString();
  return [
    { id: "hour", until: after(1) },
    { id: "hours", until: after(8) },
    { id: "tomorrow", until: tomorrow.toISOString() },
    { id: "ever", until: null },
  ];
}
