/** app://ui, the origin of the pages: files of the app, with the policy as a header. */

"use strict";

const fs = require("node:fs");

const { resolveAsset } = require("./assets.js");
const { serveScheme } = require("./compat.js");

const SCHEME = "app";
const START_PAGE = "app://ui/index.html";

/** To be called before the app is ready. @param {Electron.Protocol} protocol */
function declareScheme(protocol) {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/**
 * @param {Electron.Session} session @param {{renderer: string, locales: string}} folders
 * @param {() => string} policy the Content-Security-Policy of just now
 */
function servePages(session, folders, policy) {
  serveScheme(session, SCHEME, async (url) => {
    const found = resolveAsset(url, folders);
    if (found.status !== 200) return answer(found.status, "text/plain; charset=utf-8", Buffer.alloc(0), policy());
    try {
      return answer(200, found.type, await fs.promises.readFile(found.file), policy());
    } catch {
      return answer(404, "text/plain; charset=utf-8", Buffer.alloc(0), policy());
    }
  });
}

/** @param {number} status @param {string} type @param {Buffer} body @param {string} policy */
function answer(status, type, body, policy) {
  const headers = {
    "Content-Type": type,
    "Content-Security-Policy": policy,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
  };
  return { status, headers, body };
}

module.exports = { declareScheme, servePages, START_PAGE };
