/** What the page may load and whom it may call (Content-Security-Policy). Pure. */

"use strict";

const { socketOrigin } = require("./server-address.js");

/**
 * The header's value. The page calls the one server that is set and nobody else; whether pictures come from other sites is
 * decided for each of them (security.js), so that the setting needs no new page.
 * @param {{server: string}} options server: an origin
 */
function contentPolicy({ server }) {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' data: blob: ${server} https:`,
    `media-src 'self' ${server}`,
    // the page's own files (locales) besides the server
    `connect-src 'self' ${server} ${socketOrigin(server)}`,
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types lit-html vestnik-paste vestnik-worker vestnik-search",
  ].join("; ");
}

module.exports = { contentPolicy };
