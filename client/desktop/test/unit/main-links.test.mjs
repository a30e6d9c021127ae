/** Links into the app. */

import assert from "node:assert/strict";
import { test } from "node:test";
import links from "../../src/main/opened-links.js";

const { placeOfArguments, placeOfLink } = links;

test("one form opens a chat, one a message, two bring people in, and only those", () => {
  assert.equal(placeOfLink("vestnik://chat/42"), 42);
  assert.equal(placeOfLink("vestnik://chat/42/"), 42);
  assert.equal(placeOfLink("vestnik://chat/9007199254740991"), Number.MAX_SAFE_INTEGER);
  assert.deepEqual(placeOfLink("vestnik://chat/42/7"), { chat_id: 42, seq: 7 });
  const code = "AAAAAAAAAAAAAAAAAAAA-_";
  assert.deepEqual(placeOfLink(`vestnik://join/${code}`), { join: code, first: false, server: null });
  assert.deepEqual(placeOfLink(`vestnik://setup/${code}`), { join: code, first: true, server: null });
  for (const server of ["https://chat.example.org", "http://127.0.0.1:8000", "http://[::1]:8000"]) {
    const link = `vestnik://join/${code}?server=${encodeURIComponent(server)}`;
    assert.deepEqual(placeOfLink(link), { join: code, first: false, server });
  }
  const others = [
    ...[
      "",
      "chat.example.org",
      "https://a:b@chat.example.org",
      "https://chat.example.org/x",
      "javascript:alert(1)",
      "file:///",
    ].map((server) => `vestnik://join/${code}?server=${encodeURIComponent(server)}`),
    `vestnik://join/${code}?server=%zz`,
    `vestnik://join/${code}?server=https%3A%2F%2Fchat.example.org&x=1`,
    `vestnik://join/${code}?server=https%3A%2F%2F${"a".repeat(2048)}`,
    "vestnik://join/",
    "vestnik://setup/",
    `vestnik://setup/${"A".repeat(21)}`,
    `vestnik://join/${"A".repeat(21)}`,
    `vestnik://join/${"A".repeat(23)}`,
    `vestnik://join/${"A".repeat(21)}%`,
    `vestnik://join/${"A".repeat(22)}\n`,
    `vestnik://join/${"A".repeat(22)}?x`,
    "vestnik://chat/42/0",
    "vestnik://chat/42/9007199254740992",
    "vestnik://chat/42/7/1",
    "vestnik://chat/9007199254740992",
    "vestnik://chat/0",
    "vestnik://chat/-1",
    "vestnik://chat/1e3",
    "vestnik://chat/042",
    "vestnik://chat/42?x=1",
    "vestnik://chat/42#x",
    "vestnik://chat/42/../43",
    "vestnik://chat/42\n",
    " vestnik://chat/42",
    "vestnik://user/42",
    "VESTNIK://chat/42",
    "https://chat/42",
    `vestnik://chat/${"1".repeat(400)}`,
    42,
    null,
    undefined,
    {},
  ];
  for (const link of others) assert.equal(placeOfLink(link), null, String(link));
});

test("a command line is searched for the first link", () => {
  assert.equal(placeOfArguments(["/opt/vestnik", "--background", "vestnik://chat/7", "vestnik://chat/8"]), 7);
  assert.equal(placeOfArguments(["/opt/vestnik", "--x=vestnik://chat/7"]), null);
});
