/** Links that lead out of the app. */

const LONGEST = 8192;

/**
 * The link in the form in which it may be handed to the system, or null. Only https and mailto: other schemes start
 * programs, and http tells everybody on the way what is read: only what the user was asked about may be `plain`.
 * @param {unknown} link @param {{plain?: boolean}} [options] @returns {string | null}
 */
export function externalLink(link, { plain = false } = {}) {
  if (typeof link !== "string" || link.length > LONGEST) return null;
  let url;
  try {
    url = new URL(link);
  } catch {
    return null;
  }
  if (url.protocol === "mailto:") return url.href;
  const isWeb = url.protocol === "https:" || (plain && url.protocol === "http:");
  const isHonest = url.hostname !== "" && url.username === "" && url.password === "";
  return isWeb && isHonest ? url.href : null;
}
