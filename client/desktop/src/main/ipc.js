/** The calls of the page: who calls and what it hands over is checked before anything is done. */

"use strict";

const { ipcMain } = require("electron");

const { acceptable } = require("./arguments.js");
const { isOwnPage } = require("./assets.js");

/** @typedef {Record<string, (contents: Electron.WebContents, ...values: any[]) => unknown>} Calls */

/**
 * Only the top frame of one of our own pages may call.
 * @param {Electron.IpcMainInvokeEvent | Electron.IpcMainEvent} event
 */
function isOurs({ senderFrame }) {
  return senderFrame !== null && senderFrame.parent === null && isOwnPage(senderFrame.url);
}

/**
 * @param {Calls} calls by their names in arguments.js
 * @param {(message: string, error?: unknown) => void} report
 */
function answerCalls(calls, report) {
  for (const [name, run] of Object.entries(calls)) {
    ipcMain.handle(`vestnik:${name}`, async (event, ...values) => {
      if (!isOurs(event)) throw new Error(`${name}: not for this page`);
      if (!acceptable(name, values)) throw new TypeError(`${name}: bad arguments`);
      try {
        return await run(event.sender, ...values);
      } catch (error) {
        report(`The call ${name} failed`, error);
        throw new Error(`${name} failed`, { cause: error }); // the page learns no paths
      }
    });
  }
}

module.exports = { answerCalls };
