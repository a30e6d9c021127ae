/** The address of a server as people write it. */

const LONGEST = 2048;
/** This machine and private networks, where a server without a certificate is usual. */
const NEAR = [
  /^(?:.+\.)?localhost$/,
  /^127(?:\.\d+){3}$/,
  /^10(?:\.\d+){3}$/,
  /^192\.168(?:\.\d+){2}$/,
  /^172\.(?:1[6-9]|2\d|3[01])(?:\.\d+){2}$/,
  /^\[::1\]$/,
];

/**
 * The origin that was meant: scheme, host and maybe a port, without a slash at the end. Without a scheme it is https, but
 * http for this machine and private networks.
 * @param {string} typed @returns {string | null} null where it is no address, or one with a password in it
 */
export function serverOrigin(typed) {
  const text = typed.trim();
  if (text === "" || text.length > LONGEST) return null;
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0];
  const host = scheme === undefined ? text.replace(/^\/+/, "") : text.slice(scheme.length);
  const url = addressOf((scheme ?? "https://") + host);
  if (url === null) return null;
  const isNear = scheme === undefined && NEAR.some((near) => near.test(url.hostname));
  return isNear ? (addressOf(`http://${host}`)?.origin ?? null) : url.origin;
}

/** @param {string} text @returns {URL | null} */
function addressOf(text) {
  try {
    const url = new URL(text);
    const isWeb = url.protocol === "https:" || url.protocol === "http:";
    return isWeb && url.hostname !== "" && url.username === "" && url.password === "" ? url : null;
  } catch {
    return null;
  }
}
