/** Which file a URL of app://ui means, and of what type it is. Pure. */

"use strict";

const path = require("node:path");

const HOST = "ui";

/** @type {Record<string, string>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml; charset=utf-8",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".ico": "image/x-icon",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
  ".mp3": "audio/mpeg",
  ".ogg": "audio/ogg",
  ".wav": "audio/wav",
  ".txt": "text/plain; charset=utf-8",
};

/**
 * @typedef {{status: 200, file: string, type: string} | {status: 403 | 404}} Found
 */

/**
 * Resolve a URL of the app's pages: /locales/* lies in `locales`, everything else in `renderer`, whose index.html is
 * also /. Nothing outside the two, no hidden file, no file of an unknown type.
 * @param {string} url @param {{renderer: string, locales: string}} folders absolute
 * @returns {Found}
 */
function resolveAsset(url, { renderer, locales }) {
  const names = namesOf(url);
  if (names === null) return { status: 403 };
  const [root, inside] = names[0] === "locales" ? [locales, names.slice(1)] : [renderer, names];
  const file = path.join(root, ...(inside.length === 0 ? ["index.html"] : inside));
  const type = TYPES[path.extname(file).toLowerCase()];
  return type === undefined ? { status: 404 } : { status: 200, file, type };
}

/** The parts of the path, decoded once; null where one could lead elsewhere. @param {string} url */
function namesOf(url) {
  let parts;
  try {
    const { host, pathname } = new URL(url);
    if (host !== HOST) return null;
    parts = pathname.split("/").slice(1).map(decodeURIComponent);
  } catch {
    return null;
  }
  if (parts[parts.length - 1] === "") parts.pop();
  return parts.every((name) => /^[^./\\:\0][^/\\:\0]*$/.test(name)) ? parts : null;
}

/** Whether a URL is one of the app's own pages. @param {unknown} url */
function isOwnPage(url) {
  try {
    const { protocol, host } = new URL(String(url));
    return protocol === "app:" && host === HOST;
  } catch {
    return false;
  }
}

module.exports = { resolveAsset, isOwnPage };
