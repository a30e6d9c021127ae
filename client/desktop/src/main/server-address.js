/** Addresses of servers as people type them. Pure. */

"use strict";

/** @typedef {{ok: true, url: string}} Address an origin: scheme, host and maybe a port, without a slash at the end
 * @typedef {{ok: false, code: string}} Refused */

const LONGEST = 2048;
const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * The origin that a typed text means. Without a scheme it is https, and http for this very machine.
 * @param {string} typed @returns {Address | Refused}
 */
function parseAddress(typed) {
  const text = typed.trim();
  if (text === "" || text.length > LONGEST) return { ok: false, code: "bad_address" };
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1].toLowerCase();
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") return { ok: false, code: "bad_address" };
  const url = parsed(scheme === undefined ? `https://${text.replace(/^\/+/, "")}` : text);
  if (url === null || url.username !== "" || url.password !== "") return { ok: false, code: "bad_address" };
  if (scheme === undefined && LOOPBACK.test(url.hostname)) {
    const local = parsed(`http://${text.replace(/^\/+/, "")}`);
    return local === null ? { ok: false, code: "bad_address" } : { ok: true, url: local.origin };
  }
  return { ok: true, url: url.origin };
}

/** @param {string} text @returns {URL | null} */
function parsed(text) {
  try {
    const url = new URL(text);
    return url.hostname === "" ? null : url;
  } catch {
    return null;
  }
}

/**
 * The first address of several that is one; they may come from the environment and from files that people wrote.
 * @param {unknown[]} candidates @returns {string | null}
 */
function firstAddress(candidates) {
  for (const candidate of candidates) {
    const address = typeof candidate === "string" ? parseAddress(candidate) : null;
    if (address?.ok) return address.url;
  }
  return null;
}

/** The address of the server's WebSockets. @param {string} origin */
const socketOrigin = (origin) => origin.replace(/^http/, "ws");

module.exports = { parseAddress, firstAddress, socketOrigin };
