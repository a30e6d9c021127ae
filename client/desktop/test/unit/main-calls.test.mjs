/** What the page asks of the shell, and what the shell does with downloads, with a system that the test plays. */

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { test } from "node:test";

const require = createRequire(import.meta.url);
const electron = require.resolve("electron");
require.cache[electron] = /** @type {any} */ ({
  id: electron,
  filename: electron,
  loaded: true,
  exports: { app: {}, net: {} },
});
const { createCalls } = require("../../src/main/calls.js");
const { createDataCopies } = require("../../src/main/data-copies.js");
const { guardSession } = require("../../src/main/security.js");
const SERVER = "https://chat.example.org";

/** @param {import("../../src/main/ipc.js").Calls} calls */
const isShown = (calls) => /** @type {any} */ (calls.loadSettings(/** @type {any} */ (null))).autostart;

test("autostart is set where it was changed; what the system turned off stays off when something else is", () => {
  /** @type {Record<string, unknown>} */
  let values = { autostart: true, theme: "dark" };
  let on = true;
  const settings = {
    values: () => values,
    save(/** @type {Record<string, unknown>} */ wanted) {
      const changed = Object.keys(wanted).filter((name) => wanted[name] !== values[name]);
      values = { ...values, ...wanted };
      return changed;
    },
  };
  const autostart = { isOn: () => on, set: (/** @type {boolean} */ wanted) => void (on = wanted) };
  const calls = createCalls(/** @type {any} */ ({ settings, autostart, applySettings: () => {} }));
  const nobody = /** @type {any} */ (null);
  assert.equal(isShown(calls), true);
  on = false; // by the system
  calls.saveSettings(nobody, { autostart: true, theme: "light" });
  assert.equal(on, false);
  calls.saveSettings(nobody, { autostart: false, theme: "light" });
  calls.saveSettings(nobody, { autostart: true, theme: "light" });
  assert.equal(on, true);
});

test("autostart that the system turned off is turned on again by who sees it off", () => {
  const settings = { values: () => ({ autostart: true }), save: () => [] };
  let on = false;
  const autostart = { isOn: () => on, set: (/** @type {boolean} */ wanted) => void (on = wanted) };
  const calls = createCalls(/** @type {any} */ ({ settings, autostart, applySettings: () => {} }));
  const nobody = /** @type {any} */ (null);
  assert.equal(isShown(calls), false);
  calls.saveSettings(nobody, { autostart: false, theme: "light" });
  calls.saveSettings(nobody, { theme: "dark" });
  assert.equal(on, false);
  calls.saveSettings(nobody, { autostart: true, theme: "dark" });
  assert.equal(on, true);
});

/** A download that goes as it is told to. */
class Item extends EventEmitter {
  /** @param {string} url */
  constructor(url) {
    super();
    this.url = url;
  }
  getURL() {
    return this.url;
  }
  getFilename() {
    return "план.pdf";
  }
  getSavePath() {
    return "/home/anna/план.pdf";
  }
  getReceivedBytes() {
    return 1;
  }
  setSaveDialogOptions() {}
  cancel() {
    this.emit("done", {}, "cancelled");
  }
}

/** What the page is told of a download. @param {string} path @param {(item: Item) => void} goes @param {boolean} [gone] the page is */
function toldOf(path, goes, gone = false) {
  const told = /** @type {string[]} */ ([]);
  const session = Object.assign(new EventEmitter(), {
    webRequest: { onBeforeRequest() {} },
    setPermissionRequestHandler() {},
    setPermissionCheckHandler() {},
    setDevicePermissionHandler() {},
  });
  const copies = createDataCopies(() => SERVER, (/** @type {any} */ _contents, /** @type {any} */ { state }) => told.push(`copy ${state}`)); // prettier-ignore
  guardSession(/** @type {any} */ (session), () => SERVER, () => false, {
    saved: (/** @type {any} */ _contents, /** @type {string} */ place) => void told.push(`saved ${place}`),
    broken: (/** @type {any} */ _contents, /** @type {string} */ name) => void told.push(`broken ${name}`),
    begun: (/** @type {any} */ contents, /** @type {any} */ begun) => copies.begun(contents, begun),
  }); // prettier-ignore
  const item = new Item(SERVER + path);
  session.emit("will-download", { preventDefault: () => told.push("refused") }, item, { isDestroyed: () => gone });
  goes(item);
  return told;
}

test("a download that breaks off is given up, and the page is told of it once", () => {
  const file = "/api/files/7";
  const completes = (/** @type {Item} */ item) => void item.emit("done", {}, "completed");
  const breaks = (/** @type {Item} */ item) => void item.emit("updated", {}, "interrupted");
  const ends = (/** @type {Item} */ item) => void item.emit("done", {}, "interrupted");
  const stopped = (/** @type {Item} */ item) => {
    item.emit("updated", {}, "progressing");
    item.cancel();
  };
  assert.deepEqual(toldOf(file, completes), ["saved /home/anna/план.pdf"]);
  assert.deepEqual(toldOf(file, breaks), ["broken план.pdf"]);
  assert.deepEqual(toldOf(file, ends), ["broken план.pdf"]);
  assert.deepEqual(toldOf(file, stopped), [], "they wanted it so");
  assert.deepEqual(toldOf(file, breaks, true), [], "nobody is there");
  assert.deepEqual(toldOf("/api/auth/export?ticket=1", breaks), ["copy interrupted"], "its dialog tells");
});

test("a window stops its own copies, and leaves those of another", () => {
  const told = /** @type {string[]} */ ([]);
  const copies = createDataCopies(() => SERVER, (/** @type {any} */ page, /** @type {any} */ { state }) => told.push(`${page.name} ${state}`)); // prettier-ignore
  const [left, right] = ["left", "right"].map((name) => /** @type {any} */ ({ name, isDestroyed: () => false }));
  for (const page of [left, right]) {
    const item = /** @type {any} */ (new Item(`${SERVER}/api/auth/export?ticket=${page.name}`));
    assert.ok(copies.begun(page, item));
  }
  copies.stop(right);
  assert.deepEqual(told, ["right cancelled"]);
});
