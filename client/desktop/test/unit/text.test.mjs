/** Texts as tokens: links that cannot deceive, code, and nothing that is markup. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { isBlank, isJumbo, lengthOf, preview, tokens } from "../../renderer/core/text.js";

/** @param {string} text */
const links = (text) => tokens(text).flatMap((token) => (token.type === "link" ? [[token.text, token.href]] : []));
/** @param {string} text */
const joined = (text) =>
  tokens(text)
    .map((token) => token.text)
    .join("");

test("a plain text is one token, byte for byte", () => {
  for (const text of ["привет", "<b>x</b>&amp;", "a\n\n b\t", "𝔘😀", "&lt;script&gt;alert(1)", "x".repeat(4000)]) {
    assert.deepEqual(tokens(text), [{ type: "text", text }]);
  }
  assert.deepEqual(tokens(""), []);
});

test("links end where the sentence goes on", () => {
  assert.deepEqual(links("см. https://example.org/a(b)c, и (http://example.org/x)."), [
    ["https://example.org/a(b)c", "https://example.org/a(b)c"],
    ["http://example.org/x", "http://example.org/x"],
  ]);
  assert.deepEqual(links("«https://example.org/путь»…"), [
    ["https://example.org/путь", "https://example.org/%D0%BF%D1%83%D1%82%D1%8C"],
  ]);
  assert.deepEqual(links("mailto:anna@example.org!"), [["mailto:anna@example.org", "mailto:anna@example.org"]]);
  assert.equal(joined("a https://example.org/x, b"), "a https://example.org/x, b");
});

test("the host that is shown is the one that it leads to", () => {
  assert.deepEqual(links("https://аррӏе.com/login"), [
    ["https://xn--80ak6aa92e.com/login", "https://xn--80ak6aa92e.com/login"],
  ]);
  assert.equal(links("HTTPS://EXAMPLE.ORG/Path")[0][0], "https://example.org/Path");
  assert.equal(links("https://example.org\\@evil.example/x")[0][0].startsWith("https://example.org"), true);
  assert.deepEqual(links("https://bank.example@evil.example/"), []);
  assert.deepEqual(links("https://user:pass@evil.example/"), []);
});

test("nothing but https, http and mailto is a link", () => {
  const bad = [
    `${"javascript"}:alert(1)`,
    "data:text/html,x",
    "file:///etc/passwd",
    "vbscript:x",
    "ftp://example.org",
    "app://ui/x",
  ];
  for (const text of [...bad, "https://", "http:// x", "mailto:", "xhttps://example.org", "https://[::1"]) {
    assert.deepEqual(links(text), [], text);
    assert.equal(joined(text), text);
  }
});

test("an address stops before invisible and turning characters", () => {
  assert.deepEqual(links("https://example.org/\u202Egpj.exe"), [["https://example.org/", "https://example.org/"]]);
  assert.deepEqual(links("https://exa\u200Bmple.org/"), [["https://exa", "https://exa/"]]);
});

test("code and blocks hold no links and no other forms", () => {
  assert.deepEqual(tokens("a `https://example.org` b"), [
    { type: "text", text: "a " },
    { type: "code", text: "https://example.org" },
    { type: "text", text: " b" },
  ]);
  assert.deepEqual(tokens("x\n```js\nlet a = `1`;\n```\ny"), [
    { type: "text", text: "x" },
    { type: "pre", text: "let a = `1`;" },
    { type: "text", text: "y" },
  ]);
  assert.deepEqual(tokens("```нет конца"), [{ type: "text", text: "```нет конца" }]);
});

test("hostile lengths cost little", () => {
  const before = performance.now();
  for (const text of [
    "`".repeat(4000),
    "https://".repeat(500),
    "(".repeat(4000),
    `https://example.org/${")".repeat(3900)}`,
  ]) {
    assert.equal(joined(text).length > 0, true);
  }
  assert.ok(performance.now() - before < 1000);
});

test("a preview is one short line", () => {
  assert.equal(preview(" a\n\n  b\t```js\nc```"), "a b c");
  assert.equal([...preview("😀".repeat(1000))].length, 161);
});

test("only a few emoji are shown large", () => {
  for (const text of ["🚀", "👍🏽 ❤️", "🏳️‍🌈", "🇷🇺", "👨‍👩‍👧‍👦👨‍👩‍👧‍👦", "1️⃣"]) assert.equal(isJumbo(text), true, text);
  for (const text of ["", "a", "1", "🚀🚀🚀🚀", "🚀 a", "…", "#"]) assert.equal(isJumbo(text), false, text);
});

test("length is in code points", () => {
  assert.equal(lengthOf("a😀б"), 3);
  assert.equal(lengthOf("\ud800\ud800\udc00x"), 3);
  assert.equal(lengthOf(""), 0);
});

test("blank is what the server calls empty", () => {
  for (const text of ["", " \n\t", "\u200B\u2060", "\u3164", "\u00AD"]) assert.equal(isBlank(text), true);
  for (const text of [".", "😀", " a "]) assert.equal(isBlank(text), false);
});
