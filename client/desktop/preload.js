/** The only bridge between the page and the shell: named functions (renderer/types.js: Desktop), nothing of Electron. */

"use strict";

const { contextBridge, ipcRenderer, webFrame } = require("electron");

/** @param {string} name @param {...unknown} values */
const call = (name, ...values) => ipcRenderer.invoke(`vestnik:${name}`, ...values);

/** For calls without an answer. @param {string} name @param {...unknown} values */
const tell = (name, ...values) => {
  call(name, ...values).catch((error) => console.error(error.message));
};

/** @param {string} event @param {(value: any) => void} listener */
const listen = (event, listener) => {
  ipcRenderer.on(`vestnik:${event}`, (_event, value) => listener(value));
  tell("listens", event);
};

/** @type {import("./renderer/types.js", {with: {"resolution-mode": "import"}}).Desktop} */
const desktop = {
  info: () => call("info"),
  probe: (url) => call("probe", url),
  setServer: (url) => call("setServer", url),
  loadSecret: (name) => call("loadSecret", name),
  saveSecret: (name, value, consent) => call("saveSecret", name, value, consent),
  deleteSecret: (name) => call("deleteSecret", name),
  loadSettings: () => call("loadSettings"),
  saveSettings: (settings) => call("saveSettings", settings),
  notify: (note) => call("notify", note),
  notes: () => call("notes"),
  closeNote: (tag, first = 0, last = Number.MAX_SAFE_INTEGER) => call("closeNote", tag, first, last),
  closeNotes: () => call("closeNotes"),
  setBadge: (count, title) => tell("setBadge", count, title),
  openExternal: (url) => call("openExternal", url),
  saveFile: (url) => call("saveFile", url),
  showInFolder: (key) => call("showInFolder", key),
  attention: () => tell("attention"),
  onOpenChat: (listener) => listen("open-chat", listener),
  onWake: (listener) => listen("wake", () => listener()),
  onMenu: (listener) => listen("menu", listener),
  onSaved: (listener) => listen("saved", listener),
  onSaving: (listener) => listen("saving", listener),
  stopSaving: () => tell("stopSaving"),
  // it tells Chromium that memory is short, and that collects what nothing refers to
  collectGarbage: () => webFrame.clearCache(),
};

if (location.origin === "app://ui") contextBridge.exposeInMainWorld("vestnik", desktop);
