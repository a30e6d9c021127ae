import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceOf } from "../../renderer/words/device.js";

test("what a session was opened with", () => {
  const known = [
    ["Vestnik, Linux", "app", "", "Linux", false],
    ["Web, Windows", "browser", "", "Windows", false],
    ["vestnik-desktop/0.1.0 (Windows NT 10.0)", "app", "0.1.0", "Windows", false],
    ["Mozilla/5.0 (Linux; Android 14; Pixel) AppleWebKit/537.36 (KHTML,", "browser", "", "Android", true],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605", "browser", "", "macOS", false],
    ["curl/8.5", "other", "curl/8.5", "", false],
    ["unknown", "other", "", "", false],
  ];
  for (const [device, kind, name, system, phone] of known) {
    assert.deepEqual(deviceOf(String(device)), { kind, name, system, phone });
  }
});
