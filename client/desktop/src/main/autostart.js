/** Start with the user's session: a .desktop file on Linux, the system's own list elsewhere. */

"use strict";

const fs = require("node:fs");
const path = require("node:path");

const { writeDurably } = require("./durable-file.js");

/** The argument by which a start at log-in is known: the window then opens minimised. */
const BACKGROUND = "--background";

/** What desktops write into the file of what is not to start any more. */
const TURNED_OFF = /^(Hidden *= *true|X-GNOME-Autostart-enabled *= *false) *$/m;

/** @typedef {{isOn: () => boolean, set: (on: boolean) => void}} Autostart */

/**
 * @param {string} folder of the user's configuration: $XDG_CONFIG_HOME or ~/.config
 * @param {string[]} command program and arguments
 * @returns {Autostart & {renew: () => void}}
 */
function linuxAutostart(folder, command) {
  const file = path.join(folder, "autostart", "vestnik.desktop");
  const isOn = () => fs.existsSync(file) && !TURNED_OFF.test(fs.readFileSync(file, "utf8"));
  return {
    isOn,
    /** Where one is there that starts the app from a place where it is no more: this one in its stead. */
    renew() {
      const found = isOn() ? /^Exec=(?:"([^"]+)"|(\S+))/m.exec(fs.readFileSync(file, "utf8")) : null;
      if (found !== null && !fs.existsSync(found[1] ?? found[2])) this.set(true);
    },
    set(on) {
      if (on) writeDurably(file, desktopEntry([...command, BACKGROUND]), 0o644);
      else fs.rmSync(file, { force: true });
    },
  };
}

/** The text of a .desktop file that runs a command. Pure. @param {string[]} command */
function desktopEntry(command) {
  return [
    "[Desktop Entry]",
    "Type=Application",
    "Name=Vestnik",
    "Name[ru]=Вестник",
    `Exec=${command.map(quoted).join(" ")}`,
    "Icon=vestnik",
    "Terminal=false",
    "X-GNOME-Autostart-enabled=true",
    "",
  ].join("\n");
}

/** As the Desktop Entry Specification wants arguments of Exec. @param {string} argument */
function quoted(argument) {
  const escaped = argument
    .replace(/[\\"`$]/g, "\\$&")
    .replace(/\\/g, "\\\\")
    .replace(/%/g, "%%");
  return /^[\w@+=:,./-]+$/.test(argument) ? argument : `"${escaped}"`;
}

/** @param {Electron.App} app @returns {Autostart} */
function systemAutostart(app) {
  return {
    isOn: () => app.getLoginItemSettings({ args: [BACKGROUND] }).openAtLogin,
    set: (on) => app.setLoginItemSettings({ openAtLogin: on, args: [BACKGROUND] }),
  };
}

/**
 * What this system has; null where it has nothing that works.
 * @param {Electron.App} app @param {string} root the folder of main.js @returns {Autostart | null}
 */
function autostartOf(app, root) {
  if (process.platform !== "linux") return app.isPackaged ? systemAutostart(app) : null;
  const folder = process.env.XDG_CONFIG_HOME || path.join(app.getPath("home"), ".config");
  const program = process.env.APPIMAGE || process.execPath; // an AppImage runs from a place that goes away
  const autostart = linuxAutostart(folder, app.isPackaged ? [program] : [program, root]);
  try {
    if (app.isPackaged) autostart.renew();
  } catch {
    // a folder that cannot be written: the next start tries again
  }
  return autostart;
}

module.exports = { autostartOf, linuxAutostart, desktopEntry, BACKGROUND };
