/** The server's address as people write it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { serverOrigin, shownServer } from "../../renderer/words/address.js";

test("https is meant where nothing is said, http on this machine and in private networks", () => {
  assert.equal(serverOrigin(" chat.example.org/ "), "https://chat.example.org");
  assert.equal(serverOrigin("chat.example.org:8443/path?x#y"), "https://chat.example.org:8443");
  assert.equal(serverOrigin("localhost:8000"), "http://localhost:8000");
  assert.equal(serverOrigin("192.168.1.5:8000"), "http://192.168.1.5:8000");
  assert.equal(serverOrigin("172.20.0.1"), "http://172.20.0.1");
  assert.equal(serverOrigin("172.200.0.1"), "https://172.200.0.1");
  assert.equal(serverOrigin("10.evil.example"), "https://10.evil.example");
  assert.equal(serverOrigin("localhost.evil.example"), "https://localhost.evil.example");
  assert.equal(serverOrigin("[::1]:8000"), "http://[::1]:8000");
  assert.equal(serverOrigin("http://chat.example.org"), "http://chat.example.org");
  assert.equal(serverOrigin("чат.рф"), "https://xn--80a0bn.xn--p1ai");
});

test("what is no address of a server is refused", () => {
  for (const typed of [
    "",
    "  ",
    "ftp://x",
    "https://",
    "a b",
    "https://user:pass@example.org",
    `${"javascript"}:x`,
    "://",
  ]) {
    assert.equal(serverOrigin(typed), null, typed);
  }
});

test("it is shown whole but for https", () => {
  assert.equal(shownServer("https://chat.example.org"), "chat.example.org");
  assert.equal(shownServer("https://chat.example.org:8443/"), "chat.example.org:8443");
  assert.equal(shownServer("http://127.0.0.1:8000"), "http://127.0.0.1:8000");
});
