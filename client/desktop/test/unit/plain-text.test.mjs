/** One line of a text, how long it is, and links that cannot deceive. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { parse } from "../../renderer/words/markup.js";
import { shownLink } from "../../renderer/words/shown-link.js";
import { isBlank } from "../../renderer/rules/blank.js";
import { isJumbo, lengthOf, preview } from "../../renderer/words/text.js";

/** What is shown of the links of one paragraph, and where they lead. @param {string} text */
function links(text) {
  const [block] = parse(text);
  const nodes = block?.type === "paragraph" ? block.children : [];
  return nodes.flatMap((node) => {
    const shown = node.type === "link" ? shownLink(node) : null;
    return shown ? [[shown.text, shown.href]] : [];
  });
}

test("a link is shown as it was typed", () => {
  for (const [typed, href] of [
    ["https://example.org/путь", "https://example.org/%D0%BF%D1%83%D1%82%D1%8C"],
    ["https://пример.рф/a", "https://xn--e1afmkfd.xn--p1ai/a"],
    ["пример.рф", "https://xn--e1afmkfd.xn--p1ai/"],
    ["HTTPS://EXAMPLE.ORG/Path", "https://example.org/Path"],
    ["https://bücher.example", "https://xn--bcher-kva.example/"],
    ["https://яндекс.com", "https://xn--d1acpjx3f.com/"],
    ["https://мост.com", "https://xn--l1aeje.com/"],
    ["https://中国.中国", "https://xn--fiqs8s.xn--fiqs8s/"],
    ["пример.com", "https://xn--e1afmkfd.com/"],
    ["https://łódź-1.com", "https://xn--d-1-fna80b2k.com/"],
    ["https://việtnam.com", "https://xn--vitnam-jk8b.com/"],
    ["https://ラーメン.com", "https://xn--4dkp5a8a.com/"],
    ["https://한국.com", "https://xn--3e0b707e.com/"],
    ["https://ουτ.ελ", "https://xn--0xakc.xn--qxam/"],
    ["http://[::1]:8080/a", "http://[::1]:8080/a"],
    ["mailto:anna@example.org", "mailto:anna@example.org"],
    ["anna@example.org", "mailto:anna@example.org"],
    ["anna@пример.рф", "mailto:anna@%D0%BF%D1%80%D0%B8%D0%BC%D0%B5%D1%80.%D1%80%D1%84"],
    ["https://xn--e1afmkfd.xn--p1ai/a", "https://xn--e1afmkfd.xn--p1ai/a"],
    ["xn--80ak6aa92e.com", "https://xn--80ak6aa92e.com/"],
    ["anna@xn--80ak6aa92e.com", "mailto:anna@xn--80ak6aa92e.com"],
  ]) {
    assert.deepEqual(links(typed), [[typed, href]]);
  }
});

test("a host that looks like another one is shown as it is called", () => {
  for (const [typed, shown] of [
    ["https://аррӏе.com/login", "https://xn--80ak6aa92e.com/login"],
    ["https://gооgle.com", "https://xn--ggle-55da.com"],
    ["gооgle.com/a", "xn--ggle-55da.com/a"],
    ["https://ｅxample.com", "https://example.com"],
    ["https://ᏢᎪᎩᏢᎪᏞ.com/login", "https://xn--f9dbb2sqac.com/login"],
    ["gⲟⲟgle.com", "xn--ggle-vd0ca.com"],
    ["gဝဝgle.com", "xn--ggle-blqa.com"],
    ["ոսո.com", "xn--mbbao.com"],
    ["ουτ.com", "xn--0xakc.com"],
    ["ɡoogle.com", "xn--oogle-qmc.com"],
    ["https://comノlogin.com", "https://xn--comlogin-634g.com"],
    ["anna@ουτ.com", "anna@xn--0xakc.com"],
    ["http://0x7f.1/", "http://127.0.0.1/"],
    ["anna@аррӏе.com", "anna@xn--80ak6aa92e.com"],
    ["mailto:anna@gооgle.com", "mailto:anna@xn--ggle-55da.com"],
  ]) {
    assert.equal(links(typed)[0][0], shown);
  }
});

test("an address with a name before the host is no link, nor is what no browser reads", () => {
  for (const text of ["https://bank.example@evil.example/", "https://user:pass@evil.example/", "https://1.2.3.4.5/"]) {
    assert.deepEqual(links(text), []);
  }
  assert.equal(shownLink({ text: "x", href: "ftp://example.org/" }), null);
});

test("a preview is one short line", () => {
  assert.equal(preview(" a\n\n  b\t**c**\n```js\nd\n```"), "a b c d");
  assert.equal(preview(`||${"a".repeat(1000)}|| @anna`), "▒▒▒▒▒ @anna", "what is hidden is not told");
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
  for (const text of ["", " \n\t", "\u200B\u2060", "\u3164", "\u00AD", "\u034F"]) assert.equal(isBlank(text), true);
  for (const text of [".", "😀", " a "]) assert.equal(isBlank(text), false);
});
