/** Rules that the pages and the shell have alike (renderer/rules): one source, and what it says. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { TO, made } from "../../scripts/rules.mjs";
import * as pageAddress from "../../renderer/rules/address.js";
import * as pageExternal from "../../renderer/rules/external.js";
import * as pageLanguage from "../../renderer/rules/language.js";
import * as pageSettings from "../../renderer/rules/settings.js";
import shellAddress from "../../src/main/rules/address.js";
import shellExternal from "../../src/main/rules/external.js";
import shellLanguage from "../../src/main/rules/language.js";
import shellSettings from "../../src/main/rules/settings.js";

test("the shell's files are made of the pages'", () => {
  const files = made();
  assert.deepEqual(readdirSync(TO).sort(), files.map(([name]) => name).sort());
  for (const [name, text] of files) {
    assert.equal(readFileSync(new URL(name, TO), "utf8"), text, `${name}: run node scripts/rules.mjs`);
  }
});

/** @type {[string, string | null][]} */
const ADDRESSES = [
  ["https://chat.example.org", "https://chat.example.org"],
  [" chat.example.org/ ", "https://chat.example.org"],
  ["chat.example.org:8443/path?x#y", "https://chat.example.org:8443"],
  ["CHAT.Example.ORG:8443", "https://chat.example.org:8443"],
  ["chat.example.org:443", "https://chat.example.org"],
  ["http://chat.example.org", "http://chat.example.org"],
  ["HTTP://10.0.0.5:8000/docs?x#y", "http://10.0.0.5:8000"],
  ["//chat.example.org/", "https://chat.example.org"],
  ["localhost:8000", "http://localhost:8000"],
  ["localhost", "http://localhost"],
  ["vestnik.localhost", "http://vestnik.localhost"],
  ["127.0.0.1:8000/", "http://127.0.0.1:8000"],
  ["[::1]:8000", "http://[::1]:8000"],
  ["https://localhost:8000", "https://localhost:8000"],
  ["10.0.0.5:8000", "http://10.0.0.5:8000"],
  ["192.168.1.5:8000", "http://192.168.1.5:8000"],
  ["172.20.0.1", "http://172.20.0.1"],
  ["172.200.0.1", "https://172.200.0.1"],
  ["10.evil.example", "https://10.evil.example"],
  ["192.168.1.5.evil.example", "https://192.168.1.5.evil.example"],
  ["localhost.evil.example", "https://localhost.evil.example"],
  ["вестник.рф", "https://xn--b1agjinxh.xn--p1ai"],
  ...["", "  ", "ftp://x.org", "data://x", "app://ui", "https://", "мой сервер", "https://a b", "://"].map(none),
  ...["https://me:secret@chat.example.org", "me@chat.example.org", `${"javascript"}:x`, "x".repeat(3000)].map(none),
];
/** @param {string} typed @returns {[string, null]} */
function none(typed) {
  return [typed, null];
}

/** What is given, what comes of it, and of it in plain http. @type {[unknown, string | null, string | null][]} */
const LINKS = [
  ["https://example.org/a b?x#y", "https://example.org/a%20b?x#y", "https://example.org/a%20b?x#y"],
  ["mailto:a@example.org", "mailto:a@example.org", "mailto:a@example.org"],
  ["http://example.org", null, "http://example.org/"],
  ...[
    "file:///etc/passwd",
    "data:text/html,x",
    "javascript:alert(1)",
    "smb://host/share",
    "vestnik://chat/1",
    "ms-msdt:/id",
    "https://me:pw@example.org",
    "http://me@example.org",
    "https://",
    "//example.org",
    "example.org",
    "",
    `https://example.org/${"x".repeat(9000)}`,
    null,
    { href: "https://example.org" },
  ].map((link) => /** @type {[unknown, null, null]} */ ([link, null, null])),
];

/** @type {[string, string[], string][]} */
const LANGUAGES = [
  ["en", ["ru-RU"], "en"],
  ["system", ["de-AT", "EN-gb", "ru"], "en"],
  ["system", ["run", "c"], "ru"],
  ["fr", ["de"], "ru"],
];

const GOOD = {
  language: "ru",
  theme: "dark",
  size: "xl",
  notifications: true,
  notify_text: false,
  sounds: false,
  send_key: "ctrl_enter",
  foreign_images: true,
  close_to_tray: false,
  autostart: true,
  spellcheck: true,
  side_width: 22.5,
  recent_emoji: "👍 🚀",
};
const MIXED = {
  language: "de",
  theme: 1,
  size: "xxl",
  sounds: "yes",
  spellcheck: null,
  foreign_images: true,
  side_width: 27,
  recent_emoji: "👍".repeat(501),
  evil: 1,
};

for (const [who, { serverOrigin }, { externalLink }, { FALLBACK, pickLanguage }, settings] of /** @type {const} */ ([
  ["pages", pageAddress, pageExternal, pageLanguage, pageSettings],
  ["shell", shellAddress, shellExternal, shellLanguage, shellSettings],
])) {
  test(`${who}: what a typed address means`, () => {
    for (const [typed, url] of ADDRESSES) assert.equal(serverOrigin(typed), url, typed);
  });

  test(`${who}: which links lead outside`, () => {
    for (const [link, href, plain] of LINKS) {
      assert.equal(externalLink(link), href, String(link).slice(0, 60));
      assert.equal(externalLink(link, { plain: true }), plain, String(link).slice(0, 60));
    }
  });

  test(`${who}: the language that was chosen, else the system's, else the first one`, () => {
    for (const [setting, preferred, expected] of LANGUAGES) {
      assert.equal(pickLanguage(setting, preferred, ["en", "ru"]), expected, setting);
    }
    assert.equal(FALLBACK, "ru");
  });

  test(`${who}: settings are read field by field`, () => {
    assert.deepEqual(settings.settingsOf(GOOD), GOOD);
    assert.deepEqual(Object.keys(GOOD), Object.keys(settings.SETTINGS), "each of them");
    assert.deepEqual(settings.settingsOf(MIXED), { foreign_images: true });
    assert.deepEqual(settings.settingsOf(Object.create({ theme: "dark" })), {});
    for (const raw of [null, undefined, 7, "x", []]) assert.deepEqual(settings.settingsOf(raw), {});
    assert.deepEqual(settings.settingsOf(settings.USUAL), settings.USUAL);
    assert.deepEqual(settings.LIGHT, ["side_width", "recent_emoji"]);
  });
}
