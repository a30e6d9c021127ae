/** Addresses that come with the app, and what the probe makes of an answer. */

import assert from "node:assert/strict";
import { test } from "node:test";
import address from "../../src/main/server-address.js";
import probe from "../../src/main/probe.js";

const { firstAddress, socketOrigin } = address;
const { createProbe, faultOf, upgradeOf } = probe;

test("the first address that is one holds", () => {
  assert.equal(firstAddress([undefined, "", 7, "ftp://x", "localhost:1", "https://later"]), "http://localhost:1");
  assert.equal(firstAddress([null]), null);
  assert.equal(socketOrigin("https://x:1"), "wss://x:1");
  assert.equal(socketOrigin("http://x"), "ws://x");
});

const OURS = JSON.stringify({ openapi: "3.1.0", info: { title: "Vestnik", version: "1.0" } });

test("an answer is told apart from no answer, and ours from others", () => {
  /** @param {number} status @param {string} body */
  const answer = (status, body) => faultOf({ kind: "answer", status, body });
  assert.equal(answer(200, OURS), null);
  assert.equal(answer(404, OURS), "not_vestnik");
  assert.equal(answer(200, "<!doctype html>"), "not_vestnik");
  for (const body of ["null", "[]", "{}", '{"info":null}', '{"info":{"title":"Petstore"}}', "7"]) {
    assert.equal(answer(200, body), "not_vestnik", body);
  }
  assert.equal(answer(502, "<h1>Bad Gateway"), "server_silent");
  assert.equal(faultOf({ kind: "silent" }), "server_silent");
});

const ERRORS = {
  "net::ERR_CERT_AUTHORITY_INVALID": "bad_certificate",
  "net::ERR_CERT_DATE_INVALID": "bad_certificate",
  "net::ERR_SSL_VERSION_OR_CIPHER_MISMATCH": "bad_certificate",
  "net::ERR_SSL_PROTOCOL_ERROR": "not_vestnik",
  "net::ERR_INVALID_HTTP_RESPONSE": "not_vestnik",
  "net::ERR_CONNECTION_TIMED_OUT": "server_silent",
  "net::ERR_EMPTY_RESPONSE": "server_silent",
  "net::ERR_UNSAFE_PORT": "bad_address",
  "net::ERR_CONNECTION_REFUSED": "no_connection",
  "net::ERR_NAME_NOT_RESOLVED": "no_connection",
  "net::ERR_INTERNET_DISCONNECTED": "no_connection",
};
for (const [message, code] of Object.entries(ERRORS)) {
  test(`${message} is ${code}`, () => assert.equal(faultOf({ kind: "failed", message }), code));
}

test("only a step from http to https on the same host is followed, and once", async () => {
  assert.equal(upgradeOf("http://x.org", "https://x.org/openapi.json"), "https://x.org");
  assert.equal(upgradeOf("http://x.org", "https://evil.org/openapi.json"), null);
  assert.equal(upgradeOf("https://x.org", "https://x.org:8443/"), null);
  assert.equal(upgradeOf("http://x.org", "http://x.org/login"), null);

  /** @type {string[]} */
  const asked = [];
  /** @param {string} to */
  const redirecting = (to) =>
    createProbe(async (url) => {
      asked.push(url);
      if (url.startsWith("http:")) return { kind: "moved", to };
      return { kind: "answer", status: 200, body: OURS };
    });
  assert.deepEqual(await redirecting("https://x.org/")("http://x.org"), { ok: true, url: "https://x.org" });
  assert.deepEqual(asked, ["http://x.org/openapi.json", "https://x.org/openapi.json"]);
  assert.deepEqual(await redirecting("https://evil.org/")("http://x.org"), { ok: false, code: "not_vestnik" });
  assert.equal(asked.length, 3);
});
