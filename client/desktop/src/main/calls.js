/** What the page may call, by name (renderer/types.js: Desktop); arguments.js has checked what it hands over. */

"use strict";

const os = require("node:os");

const { app, net, Notification, shell } = require("electron");

const { serverOrigin } = require("./rules/address.js");
const { showBadge } = require("./badge.js");
const { externalLink } = require("./rules/external.js");
const { EXPORT } = require("./data-copies.js");
const { createProbe, outcomeFetcher } = require("./probe.js");
const { settingsOf } = require("./rules/settings.js");
const { systemName } = require("./system-name.js");

/**
 * @typedef {{server: {url: string}, settings: import("./settings-file.js").SettingsFile,
 *   secrets: import("./secrets.js").Secrets, keyring: import("./compat.js").Keyring,
 *   autostart: import("./autostart.js").Autostart | null, windows: import("./windows.js").Windows,
 *   tray: import("./tray.js").TrayIcon | null, notes: import("./system-notices.js").Notes,
 *   events: import("./page-events.js").PageEvents, savedFiles: import("./saved-files.js").SavedFiles, copies: import("./data-copies.js").DataCopies,
 *   applySettings: (changed: readonly string[]) => void}} Parts
 */

/** @param {Parts} parts @returns {import("./ipc.js").Calls} */
function createCalls(parts) {
  return {
    ...aboutApp(parts),
    ...aboutServer(parts),
    ...aboutSecrets(parts),
    ...aboutSettings(parts),
    ...aboutSigns(parts),
  };
}

/** @param {Parts} parts @returns {import("./ipc.js").Calls} */
const aboutApp = ({ server, keyring, autostart, tray, events, savedFiles, copies }) => ({
  info: async () => ({
    version: app.getVersion(),
    os: systemName(process.platform, os.release()),
    server: server.url,
    server_fixed: false,
    keyring: await keyring.available(),
    notifications: Notification.isSupported(),
    tray: tray !== null,
    autostart: autostart !== null,
    languages: app.getPreferredSystemLanguages(),
  }),
  /** A link of the page to another origin would be a way out of it, and is none. */
  saveFile(contents, url) {
    const ours = ["/api/files/", EXPORT].some((path) => url.startsWith(server.url + path));
    if (ours) contents.downloadURL(url);
    return ours;
  },
  stopSaving: (contents) => copies.stop(contents),
  showInFolder(_contents, key) {
    const place = savedFiles.placeOf(key);
    if (place !== null) shell.showItemInFolder(place);
    return place !== null;
  },
  listens: (contents, event) => events.listens(contents, event),
  async openExternal(_contents, url) {
    const link = externalLink(url, { plain: true });
    if (link === null) return false;
    try {
      await shell.openExternal(link);
      return true;
    } catch {
      return false; // no program for it
    }
  },
});

/** @param {Parts} parts @returns {import("./ipc.js").Calls} */
function aboutServer({ server, settings, windows }) {
  const probe = createProbe(outcomeFetcher(net));
  /** What was found last: the server may have sent on from http to https. */
  let found = { typed: "", url: "" };
  return {
    async probe(_contents, typed) {
      const verdict = await probe(typed);
      if (verdict.ok) found = { typed, url: verdict.url };
      return verdict;
    },
    setServer(_contents, typed) {
      const url = serverOrigin(typed);
      if (url === null) return { ok: false, code: "bad_address" };
      server.url = found.typed === typed ? found.url : url;
      settings.saveServer(server.url);
      setImmediate(() => windows.loadAnew()); // with the policy for this server; after the answer
      return { ok: true };
    },
  };
}

/** @param {Parts} parts @returns {import("./ipc.js").Calls} */
const aboutSecrets = ({ secrets }) => ({
  loadSecret: (_contents, name) => secrets.load(name),
  saveSecret: (_contents, name, value, consent) => secrets.save(name, value, consent),
  deleteSecret: (_contents, name) => secrets.remove(name),
});

/** @param {Parts} parts @returns {import("./ipc.js").Calls} */
function aboutSettings({ settings, autostart, applySettings }) {
  /** Autostart as people see it. The file may say something else: the system may have changed it. */
  let shown = settings.values().autostart ?? false;
  return {
    loadSettings() {
      shown = autostart?.isOn() ?? false;
      return { ...settings.values(), autostart: shown };
    },
    saveSettings(_contents, values) {
      const changed = settings.save(values);
      const { autostart: wanted = shown } = settingsOf(values);
      if (autostart !== null && wanted !== shown && wanted !== autostart.isOn()) autostart.set(wanted);
      shown = wanted;
      applySettings(changed);
    },
  };
}

/** @param {Parts} parts @returns {import("./ipc.js").Calls} */
function aboutSigns({ windows, tray, notes }) {
  const attention = () => {
    const window = windows.front();
    if (window === undefined || window.isFocused()) return;
    if (process.platform === "darwin") app.dock?.bounce("informational");
    else window.flashFrame(true);
  };
  return {
    async notify(_contents, note) {
      const shown = await notes.show(note);
      if (!shown) attention();
      return shown;
    },
    notes: () => notes.list(),
    closeNote: (_contents, tag, first, last) => notes.close(tag, first, last),
    closeNotes: () => notes.closeAll(),
    setBadge(_contents, count, title) {
      showBadge(count, title, windows.all(), process.platform);
      tray?.setUnread(count, title);
    },
    attention,
  };
}

module.exports = { createCalls };
