import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { describeBrowser, deviceOf } from "../../renderer/words/device.js";
import { systemName } from "../../src/main/system-name.js";

test("what a session was opened with", () => {
  const known = [
    ["Vestnik, Linux", "app", "", "Linux", false],
    ["Vestnik, win32", "app", "", "Windows", false],
    ["Vestnik, Windows 11", "app", "", "Windows 11", false],
    ["Web, Windows", "browser", "", "Windows", false],
    ["Web, Firefox, Linux", "browser", "Firefox", "Linux", false],
    ["Web, Chrome, Android", "browser", "Chrome", "Android", true],
    ["vestnik-desktop/0.1.0 (Windows NT 10.0)", "app", "0.1.0", "Windows", false],
    ["Mozilla/5.0 (Linux; Android 14; Pixel) AppleWebKit/537.36 (KHTML,", "browser", "", "Android", true],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605", "browser", "", "macOS", false],
    ["curl/8.5", "other", "curl/8.5", "", false],
    ["unknown", "other", "", "", false],
    ["Vestnik", "app", "", "", false],
    ["Web", "browser", "", "", false],
    ["Python, Linux", "other", "Python", "Linux", false],
    ["Web, Safari, iOS", "browser", "Safari", "iOS", true],
  ];
  for (const [device, kind, name, system, phone] of known) {
    assert.deepEqual(deviceOf(String(device)), { kind, name, system, phone });
  }
});

test("browsers are named as the server names them", () => {
  const kept = new URL("../../../../tests/vectors/agent/labels.json", import.meta.url);
  /** @type {{agent: string, label: string}[]} */
  const labels = JSON.parse(readFileSync(kept, "utf8"));
  const browsers = labels.filter(({ agent, label }) => agent.startsWith("Mozilla/") && label.startsWith("Web, "));
  assert.ok(browsers.length >= 14);
  for (const { agent, label } of browsers) assert.equal(`Web, ${describeBrowser(agent)}`, label);
});

test("what the app calls the system it runs on", () => {
  const known = [
    ["win32", "10.0.19045", "Windows 10"],
    ["win32", "10.0.22000", "Windows 11"],
    ["win32", "10.0.26100", "Windows 11"],
    ["win32", "6.3.9600", "Windows"],
    ["darwin", "24.5.0", "macOS"],
    ["linux", "6.8.0-45-generic", "Linux"],
    ["freebsd", "14.1", "freebsd"],
  ];
  for (const [platform, release, name] of known) assert.equal(systemName(platform, release), name);
});

test("what a browser calls itself, whatever it claims to be besides", () => {
  const known = [
    ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"],
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
      "Chrome, Windows",
    ],
    [
      "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
      "Edge, Windows",
    ],
    [
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 YaBrowser/25.8 Safari/537.36",
      "Yandex Browser, Linux",
    ],
    [
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
      "Safari, macOS",
    ],
    ["something", ""],
  ];
  for (const [agent, described] of known) assert.equal(describeBrowser(agent), described);
});
