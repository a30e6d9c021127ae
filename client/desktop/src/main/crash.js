/** A page that died is loaded again, once; one that hangs is asked about. */

"use strict";

const { dialog } = require("electron");

/** A second death within so many ms is not answered by loading again. */
const SOON = 60_000;

/**
 * @param {Electron.BrowserWindow} window @param {() => import("./texts.js").Texts} texts
 * @param {{report: (message: string, error?: unknown) => void, now: () => number, quit: () => void}} tools
 */
function mendCrashes(window, texts, { report, now, quit }) {
  let lastDeath = -Infinity;
  let asking = false;

  /** @param {string} message @param {string[]} buttons keys */
  const ask = async (message, buttons) => {
    asking = true;
    try {
      const labels = buttons.map((key) => texts()(key));
      const options = {
        type: /** @type {const} */ ("warning"),
        message: texts()(message),
        buttons: labels,
        noLink: true,
      };
      return buttons[(await dialog.showMessageBox(window, options)).response];
    } finally {
      asking = false;
    }
  };

  window.webContents.on("render-process-gone", async (_event, { reason, exitCode }) => {
    if (reason === "clean-exit" || window.isDestroyed()) return;
    report(`The page ended: ${reason}, ${exitCode}`);
    const again = now() - lastDeath < SOON;
    lastDeath = now();
    if (!again) {
      window.webContents.reload();
      await ask("menu.page_restarted", ["menu.ok"]);
      return;
    }
    const answer = await ask("menu.page_died", ["menu.reload", "menu.quit"]);
    if (answer === "menu.quit") quit();
    else if (!window.isDestroyed()) window.webContents.reload();
  });

  window.on("unresponsive", async () => {
    if (asking) return;
    report("The page does not respond");
    const answer = await ask("menu.page_hangs", ["menu.wait", "menu.reload"]);
    if (answer !== "menu.reload" || window.isDestroyed()) return;
    lastDeath = -Infinity; // the user asked for it
    window.webContents.forcefullyCrashRenderer();
  });
}

module.exports = { mendCrashes };
