/** Copies of one's data on their way to the disk: the page is told how much is here, and may stop it. */

"use strict";

/** Where the server gives them, below its address. */
const EXPORT = "/api/auth/export?";

/**
 * `begun` answers whether it is such a copy: the page is told of its end, but for its place, from here. `stop` ends the
 * copies of one page: another window may be saving its own.
 * @typedef {{begun: (contents: Electron.WebContents, item: Electron.DownloadItem) => boolean,
 *   stop: (contents: Electron.WebContents) => void}} DataCopies
 */

/**
 * @param {() => string} server the origin
 * @param {(contents: Electron.WebContents, saving: import("../../renderer/types.js",
 *   {with: {"resolution-mode": "import"}}).Saving) => void} tell
 * @returns {DataCopies}
 */
function createDataCopies(server, tell) {
  /** @type {Map<Electron.DownloadItem, Electron.WebContents>} */
  const items = new Map();
  return {
    begun(contents, item) {
      if (!item.getURL().startsWith(server() + EXPORT)) return false;
      items.set(item, contents);
      let broken = false;
      /** @param {"progressing" | "completed" | "cancelled" | "interrupted"} state */
      const told = (state) => {
        if (!contents.isDestroyed()) tell(contents, { state, bytes: item.getReceivedBytes() });
      };
      item.on("updated", (_event, state) => {
        if (state === "progressing") return told(state);
        broken = true;
        item.cancel(); // the link to it is good once: it cannot go on
      });
      item.once("done", (_event, state) => {
        items.delete(item);
        told(broken ? "interrupted" : state);
      });
      return true;
    },
    stop(contents) {
      for (const [item, page] of items) if (page === contents) item.cancel();
    },
  };
}

module.exports = { EXPORT, createDataCopies };
