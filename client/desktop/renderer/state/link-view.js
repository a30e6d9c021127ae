/** The link to the server as the face tells of it: when it is worth a word, and when that word changes. */

/** @typedef {import("../types.js").LinkView} LinkView */

/** A shorter silence (ms) is not worth a word. */
const QUIET = 2000;
const UNHEARD = ["no_connection", "bad_answer"];

/** What the server says of others is true just now. @param {LinkView} link */
export function isLive(link) {
  return link.state === "live" || link.state === "polling";
}

/** There was no answer of our server, and there may be one when the link is back. @param {string} code of a refusal */
export const isUnheard = (code) => UNHEARD.includes(code);

/** For who waits for the link: what is returned is to be shown each state of it, and tells whether it has just come back.
 * @returns {(link: LinkView) => boolean} */
export function watchReturn() {
  let away = false;
  return (link) => {
    const back = away && isLive(link);
    away = !isLive(link);
    return back;
  };
}

/** It has been away for so long that one is told. @param {LinkView} link @param {number} now milliseconds */
export function isAway(link, now) {
  if (isLive(link)) return false;
  return link.state === "stopped" || (link.since !== null && now - link.since >= QUIET);
}

/** Seconds until the next attempt, as they are shown; null where there is none to wait for. @param {LinkView} link @param {number} now */
export function countdown(link, now) {
  if (link.state !== "offline" || link.retry_at === null) return null;
  return Math.max(1, Math.ceil((link.retry_at - now) / 1000));
}

/**
 * In how many milliseconds something is to be shown that no change of State brings: the word, or its next number.
 * @param {LinkView} link @param {number} now
 * @returns {number | null}
 */
export function nextChange(link, now) {
  if (isLive(link) || link.state === "stopped" || link.since === null) return null;
  if (!isAway(link, now)) return link.since + QUIET - now;
  if (link.state !== "offline" || link.retry_at === null || link.retry_at <= now) return null;
  return ((link.retry_at - now) % 1000) + 1;
}
