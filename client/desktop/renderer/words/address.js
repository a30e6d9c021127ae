/** The server's address as people write it. */

/** Names and numbers of this machine and its local network, where a server without a certificate is usual. */
const NEAR =
  /^(?:(?:localhost|127(?:\.\d+){3}|10(?:\.\d+){3}|192\.168(?:\.\d+){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d+){2})(?![\w.-])|\[::1\])/iu;

/**
 * The origin that was meant, or null. Without a scheme it is https, but http for this machine and private networks.
 * @param {string} typed
 */
export function serverOrigin(typed) {
  const text = typed.trim();
  const whole = /^[a-z][a-z0-9+.-]*:\/\//iu.test(text) ? text : `${NEAR.test(text) ? "http" : "https"}://${text}`;
  try {
    const url = new URL(whole);
    const plain = (url.protocol === "https:" || url.protocol === "http:") && !url.username && !url.password;
    return plain && url.hostname ? url.origin : null;
  } catch {
    return null;
  }
}

/** What of an address is worth showing: all of it that tells servers apart. @param {string} url */
export function shownServer(url) {
  return url.replace(/^https:\/\//u, "").replace(/\/$/u, "");
}
