/** The count of unread messages where the system shows one: dock, launcher, taskbar. */

"use strict";

const path = require("node:path");

const { app, nativeImage } = require("electron");

const ICONS = path.join(__dirname, "icons");

/** The picture of a count: 1 to 9, else "9+". Pure. @param {number} count */
const badgeFile = (count) => `badge-${count > 9 ? "more" : count}.png`;

/**
 * @param {number} count @param {string} title as the page has it, with the count
 * @param {Electron.BrowserWindow[]} windows @param {NodeJS.Platform} platform
 */
function showBadge(count, title, windows, platform) {
  if (platform === "darwin") app.dock?.setBadge(count > 99 ? "99+" : count > 0 ? String(count) : "");
  else app.setBadgeCount(count);
  if (platform !== "win32") return;
  for (const window of windows) {
    const overlay = count > 0 ? nativeImage.createFromPath(path.join(ICONS, badgeFile(count))) : null;
    window.setOverlayIcon(overlay, title);
  }
}

module.exports = { showBadge };
