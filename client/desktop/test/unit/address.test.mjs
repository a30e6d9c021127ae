/** The server's address as people write it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { shownServer } from "../../renderer/words/address.js";

test("it is shown whole but for https", () => {
  assert.equal(shownServer("https://chat.example.org"), "chat.example.org");
  assert.equal(shownServer("https://chat.example.org:8443/"), "chat.example.org:8443");
  assert.equal(shownServer("http://127.0.0.1:8000"), "http://127.0.0.1:8000");
});
