/** What people call the system they use: how this app's sessions are named ("Vestnik for Windows 11"). */

"use strict";

const FIRST_BUILD_OF_11 = 22000;

/**
 * @param {string} platform as Node tells it @param {string} release of the system, as os.release() tells it
 * @returns {string} Windows 11 still calls itself 10.0 and differs by its build alone; an unknown platform is told as it is
 */
function systemName(platform, release) {
  if (platform === "darwin") return "macOS";
  if (platform === "linux") return "Linux";
  if (platform !== "win32") return platform;
  const build = /^10\.0\.(\d+)/.exec(release)?.[1];
  if (!build) return "Windows";
  return Number(build) >= FIRST_BUILD_OF_11 ? "Windows 11" : "Windows 10";
}

module.exports = { systemName };
