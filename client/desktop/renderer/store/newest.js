/**
 * Which refresh token of a profile is the newest: who presents an older one is taken for a thief, and the log-in ends in all
 * windows. A tab that the browser put to sleep, or opens again, has what it had; the others of its log-in went on. So a number
 * made from the newest is kept for all tabs, under another one made from the profile's name: neither tells of anybody, or of the
 * token. A browser that lets pages keep nothing has none, and then each is taken for the newest.
 */

/** @param {string} profile its name */
const keyOf = (profile) => `vestnik newest ${fingerprint(profile)}`;

/** @param {string} profile its name @param {string | null} token null: forget it */
export function noteNewest(profile, token) {
  try {
    if (token === null) localStorage.removeItem(keyOf(profile));
    else localStorage.setItem(keyOf(profile), fingerprint(token));
  } catch {
    // forbidden, or full
  }
}

/** Whether there is a word of it. @param {string} profile its name */
export function hasNewest(profile) {
  return noted(profile) !== null;
}

/** @param {string} profile its name @param {string} token */
export function isNewest(profile, token) {
  const newest = noted(profile);
  return newest === null || newest === fingerprint(token);
}

/** @param {string} profile its name */
function noted(profile) {
  try {
    return localStorage.getItem(keyOf(profile));
  } catch {
    return null;
  }
}

/** 32 bits of what has many more (FNV-1a). @param {string} text */
function fingerprint(text) {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(36);
}
