/** Is there a Vestnik server at the address that somebody typed, and if not, what is wrong? */

"use strict";

const { serverOrigin } = require("./rules/address.js");

/** Milliseconds for the whole answer. */
const TIME_LIMIT = 10_000;
/** Bytes of an answer that are read; the document that is asked for has some tens of thousands. */
const LARGEST = 2 * 1024 * 1024;

/** @typedef {{ok: true, url: string} | {ok: false, code: string}} Verdict */
/** @typedef {{kind: "answer", status: number, body: string} | {kind: "moved", to: string} |
 *   {kind: "failed", message: string} | {kind: "silent"}} Outcome */

/**
 * What an outcome of GET /openapi.json means, besides `moved`. Pure.
 * @param {Exclude<Outcome, {kind: "moved"}>} outcome @returns {string | null} null where it is a Vestnik server
 */
function faultOf(outcome) {
  if (outcome.kind === "silent") return "server_silent";
  if (outcome.kind === "failed") return faultOfError(outcome.message);
  if ([502, 503, 504].includes(outcome.status)) return "server_silent"; // a proxy, and nothing behind it
  return outcome.status === 200 && isOurDocument(outcome.body) ? null : "not_vestnik";
}

/** @param {string} message of Chromium's network: net::ERR_... */
function faultOfError(message) {
  if (/ERR_CERT_|ERR_SSL_(PINNED|SERVER_CERT|VERSION|WEAK)/.test(message)) return "bad_certificate";
  if (/ERR_SSL_|ERR_INVALID_HTTP|ERR_INVALID_RESPONSE|ERR_RESPONSE_|ERR_CONTENT_/.test(message)) return "not_vestnik";
  if (/TIMED_OUT|ERR_EMPTY_RESPONSE/.test(message)) return "server_silent";
  if (/ERR_(INVALID_URL|UNSAFE_PORT|DISALLOWED_URL_SCHEME|ADDRESS_INVALID)/.test(message)) return "bad_address";
  return "no_connection";
}

/** @param {string} body */
function isOurDocument(body) {
  try {
    return JSON.parse(body)?.info?.title === "Vestnik";
  } catch {
    return false;
  }
}

/**
 * Where a redirect leads that only says "use https here"; null for every other one. Pure.
 * @param {string} from an origin @param {string} to @returns {string | null} an origin
 */
function upgradeOf(from, to) {
  const target = serverOrigin(to);
  if (!from.startsWith("http://") || !target?.startsWith("https://")) return null;
  return new URL(from).hostname === new URL(target).hostname ? target : null;
}

/**
 * @param {(url: string) => Promise<Outcome>} fetchOutcome
 * @returns {(typed: string) => Promise<Verdict>}
 */
function createProbe(fetchOutcome) {
  return async (typed) => {
    let url = serverOrigin(typed);
    if (url === null) return { ok: false, code: "bad_address" };
    let outcome = await fetchOutcome(`${url}/openapi.json`);
    const upgraded = outcome.kind === "moved" ? upgradeOf(url, outcome.to) : null;
    if (upgraded !== null) {
      url = upgraded;
      outcome = await fetchOutcome(`${url}/openapi.json`);
    }
    if (outcome.kind === "moved") return { ok: false, code: "not_vestnik" };
    const code = faultOf(outcome);
    return code === null ? { ok: true, url } : { ok: false, code };
  };
}

/**
 * One GET through Chromium's network: its proxies, its certificates, no cookies.
 * @param {Electron.Net} net @param {number} [timeLimit] ms
 * @returns {(url: string) => Promise<Outcome>}
 */
function outcomeFetcher(net, timeLimit = TIME_LIMIT) {
  return (url) =>
    new Promise((resolve) => {
      // a session of its own: where requests are looked through, as those of the pages are, the reason of a failure is lost
      const request = net.request({
        url,
        partition: "probe",
        redirect: "manual",
        credentials: "omit",
        cache: "no-store",
      });
      const clock = setTimeout(() => finish({ kind: "silent" }), timeLimit);
      /** @param {Outcome} outcome */
      const finish = (outcome) => {
        clearTimeout(clock);
        resolve(outcome);
        request.abort(); // after the answer it does nothing
      };
      request.on("redirect", (_status, _method, to) => finish({ kind: "moved", to }));
      request.on("error", (error) => finish({ kind: "failed", message: error.message }));
      request.on("response", (response) => readBody(response, finish));
      request.end();
    });
}

/** @param {Electron.IncomingMessage} response @param {(outcome: Outcome) => void} finish */
function readBody(response, finish) {
  /** @type {Buffer[]} */
  const chunks = [];
  let size = 0;
  const done = () =>
    finish({ kind: "answer", status: response.statusCode, body: Buffer.concat(chunks).toString("utf8") });
  response.on("data", (chunk) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > LARGEST) done();
  });
  response.on("end", done);
  // an answer that breaks off
  /** @type {NodeJS.EventEmitter} */ (/** @type {unknown} */ (response)).on("error", (error) =>
    finish({ kind: "failed", message: error.message }),
  );
}

module.exports = { createProbe, outcomeFetcher, faultOf, upgradeOf };
