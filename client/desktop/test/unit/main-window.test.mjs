/** Where a window opens, what the page may ask for, and which words it is answered in. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import checks from "../../src/main/arguments.js";
import autostarts from "../../src/main/autostart.js";
import bodies from "../../src/main/notice-body.js";
import texts from "../../src/main/texts.js";
import states from "../../src/main/window-state.js";

const { fitWindow } = states;
const LAPTOP = { x: 0, y: 0, width: 1280, height: 800 };
const BESIDE = { x: 1280, y: 0, width: 1920, height: 1080 };

test("a window opens where it was, if that place is still there", () => {
  const saved = { x: 1400, y: 50, width: 900, height: 700, maximised: true };
  assert.deepEqual(fitWindow(saved, [LAPTOP, BESIDE]), saved);
  assert.deepEqual(fitWindow(saved, [LAPTOP]), { width: 900, height: 700, maximised: true });
  assert.deepEqual(fitWindow({ ...saved, x: 1230 }, [LAPTOP]), { width: 900, height: 700, maximised: true });
  assert.equal(fitWindow({ ...saved, x: 1200 }, [LAPTOP]).x, 1200);
  assert.equal(fitWindow({ ...saved, x: -860 }, [LAPTOP]).x, undefined);
  assert.equal(fitWindow({ ...saved, x: 0, y: -30 }, [LAPTOP]).y, undefined, "its head would be above the display");
  assert.equal(fitWindow({ ...saved, x: 0, y: 790 }, [LAPTOP]).y, undefined);
});

test("its size is kept between the least and the display", () => {
  assert.deepEqual(fitWindow({ width: 10, height: 10 }, [LAPTOP]), { width: 360, height: 480, maximised: false });
  assert.deepEqual(fitWindow({ width: 9e9, height: 9e9 }, [LAPTOP]), { width: 1280, height: 800, maximised: false });
  for (const odd of [{}, { width: "wide", height: null }, { x: NaN, y: 1.5, width: Infinity, maximised: 1 }]) {
    assert.deepEqual(fitWindow(odd, [LAPTOP]), { width: 1120, height: 760, maximised: false });
  }
  assert.deepEqual(fitWindow({}, []), { width: 360, height: 480, maximised: false });
});

test("the words of a notice are not markup where the system takes it for that", () => {
  const words = "a < b && b > c: <a href='x'>да</a> &lt;";
  assert.equal(
    bodies.noticeBody(words, "linux"),
    "a &lt; b &amp;&amp; b &gt; c: &lt;a href='x'&gt;да&lt;/a&gt; &amp;lt;",
  );
  assert.equal(bodies.noticeBody(words, "win32"), words);
});

test("calls carry what they may, and nothing else", () => {
  const note = { tag: "1", title: "t", body: "b", chat_id: 1, seq: 3, silent: false };
  /** @type {[string, unknown[]][]} */
  const good = [
    ["info", []],
    ["probe", ["x"]],
    ["loadSecret", ["refresh https://chat.example.org:8443 1"]],
    ["saveSecret", ["a", "b", true]],
    ["saveSettings", [{}]],
    ["notify", [note]],
    ["notify", [{ ...note, chat_id: 0 }]],
    ["closeNote", ["1", 0, Number.MAX_SAFE_INTEGER]],
    ["setBadge", [0, ""]],
    ["listens", ["wake"]],
  ];
  for (const [name, values] of good) assert.ok(checks.acceptable(name, values), name);
  /** @type {[string, unknown[]][]} */
  const bad = [
    ["info", [1]],
    ["probe", []],
    ["probe", [7]],
    ["probe", ["x", "y"]],
    ["probe", ["x".repeat(5000)]],
    ["loadSecret", [""]],
    ["loadSecret", ["имя"]],
    ["loadSecret", ["a\n"]],
    ["loadSecret", ["a".repeat(201)]],
    ["saveSecret", ["a", "b", 1]],
    ["saveSecret", ["a", "b".repeat(20000), true]],
    ["saveSettings", [null]],
    ["saveSettings", [[]]],
    ["notify", [{ ...note, chat_id: -1 }]],
    ["notify", [{ ...note, chat_id: 1.5 }]],
    ["notify", [{ ...note, icon: "https://x" }]],
    ["notify", [{ tag: "1" }]],
    ["closeNote", ["1"]],
    ["setBadge", [-1, ""]],
    ["setBadge", [NaN, ""]],
    ["openExternal", [{}]],
    ["listens", ["quit"]],
    ["toString", []],
    ["nonsense", []],
  ];
  for (const [name, values] of bad) assert.ok(!checks.acceptable(name, values), `${name} ${JSON.stringify(values)}`);
});

test("the shell speaks the language of the page", () => {
  const folder = fileURLToPath(new URL("../../locales", import.meta.url));
  assert.equal(texts.loadTexts(folder, "ru")("menu.open"), "Открыть Вестник");
  assert.equal(texts.loadTexts(folder, "en")("menu.open"), "Open Vestnik");
  assert.equal(texts.loadTexts("/nowhere", "en")("menu.open"), "menu.open");
});

test("a start at log-in is a .desktop file that can be taken away", () => {
  const folder = mkdtempSync(join(tmpdir(), "vestnik-autostart-"));
  try {
    const autostart = autostarts.linuxAutostart(folder, ["/opt/Мой Вестник/vestnik", "50%", 'a"b$c`d\\e']);
    assert.equal(autostart.isOn(), false);
    autostart.set(true);
    assert.equal(autostart.isOn(), true);
    const file = join(folder, "autostart", "vestnik.desktop");
    assert.equal(statSync(file).mode & 0o777, 0o644);
    const exec = /^Exec=(.*)$/m.exec(readFileSync(file, "utf8"))?.[1];
    assert.equal(exec, String.raw`"/opt/Мой Вестник/vestnik" "50%%" "a\\"b\\$c\\${"`"}d\\\\e" --background`);
    autostart.renew();
    assert.match(readFileSync(file, "utf8"), /Вестник/);
    writeFileSync(file, readFileSync(file, "utf8").replace(/^Exec=.*$/m, "Exec=/opt/no-more/vestnik --background"));
    autostart.renew();
    assert.match(readFileSync(file, "utf8"), /^Exec="\/opt\/Мой Вестник/m, "the app moved");
    const there = `Exec=${process.execPath} --background`;
    writeFileSync(file, readFileSync(file, "utf8").replace(/^Exec=.*$/m, there));
    autostart.renew();
    assert.match(readFileSync(file, "utf8"), new RegExp(`^${there}$`, "m"), "another app that is there stays");
    for (const off of ["X-GNOME-Autostart-enabled=false", "Hidden=true"]) {
      const text = readFileSync(file, "utf8").replace(/^Exec=.*$/m, "Exec=/opt/no-more/vestnik --background");
      writeFileSync(file, text.replace("X-GNOME-Autostart-enabled=true", off));
      autostart.renew();
      assert.equal(autostart.isOn(), false, "the desktop turned it off");
      autostart.set(true);
      assert.equal(autostart.isOn(), true);
    }
    autostart.set(false);
    autostart.set(false);
    autostart.renew();
    assert.equal(autostart.isOn(), false);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
