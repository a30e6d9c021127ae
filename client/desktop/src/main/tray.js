/** The icon beside the clock. On many desktops it is not there, so it is never the only way to anything. */

"use strict";

const path = require("node:path");

const { Menu, Tray } = require("electron");

const ICONS = path.join(__dirname, "icons");

/** @typedef {{show: () => void, quit: () => void}} Actions */
/** @typedef {{relabel: (texts: import("./texts.js").Texts) => void, setUnread: (count: number, title: string) => void}}
 *   TrayIcon */

/**
 * @param {Actions} actions @param {NodeJS.Platform} platform
 * @returns {TrayIcon | null} null where the system has none
 */
function createTray({ show, quit }, platform) {
  const icon = (/** @type {boolean} */ unread) =>
    path.join(ICONS, platform === "darwin" ? "trayTemplate.png" : unread ? "tray-unread.png" : "tray.png");
  /** @type {Tray} */
  let tray;
  try {
    tray = new Tray(icon(false));
  } catch {
    return null;
  }
  tray.setToolTip("Vestnik");
  tray.on("click", show);
  let wasUnread = false;
  return {
    relabel(texts) {
      tray.setContextMenu(
        Menu.buildFromTemplate([
          { label: texts("menu.open"), click: show },
          { type: "separator" },
          { label: texts("menu.quit"), click: quit },
        ]),
      );
    },
    setUnread(count, title) {
      tray.setToolTip(title);
      if (count > 0 === wasUnread) return;
      wasUnread = count > 0;
      tray.setImage(icon(wasUnread));
    },
  };
}

module.exports = { createTray };
