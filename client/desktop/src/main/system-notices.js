/** Notifications of the system. Where they cannot be shown the page is told, and shows them itself. */

"use strict";

const { Notification } = require("electron");
const { noticeBody } = require("./notice-body.js");

/** Milliseconds for the system to say whether it shows a notification. */
const PATIENCE = 3000;
/** How many are remembered, to be closed and clicked; the oldest is closed for a newer one. */
const MOST = 50;

/** @typedef {{tag: string, title: string, body: string, chat_id: number, silent: boolean}} Note */
/** @typedef {{show: (note: Note) => Promise<boolean>, close: (tag: string) => void, closeAll: () => void}} Notes */

/** @param {(chatId: number) => void} clicked is given 0 where the note is of no chat alone @returns {Notes} */
function createNotes(clicked) {
  /** @type {Map<string, Electron.Notification>} */
  const shown = new Map();

  /** @param {string} tag */
  const close = (tag) => {
    shown.get(tag)?.close();
    shown.delete(tag);
  };

  return {
    show(note) {
      if (!Notification.isSupported()) return Promise.resolve(false);
      close(note.tag);
      if (shown.size >= MOST) close([...shown.keys()][0]);
      const { title, body, silent } = note;
      const notification = new Notification({ title, body: noticeBody(body, process.platform), silent });
      shown.set(note.tag, notification);
      const forget = () => {
        if (shown.get(note.tag) === notification) shown.delete(note.tag);
      };
      notification.on("click", () => clicked(note.chat_id));
      notification.on("close", forget);
      return new Promise((resolve) => {
        /** @param {boolean} visible */
        const settle = (visible) => {
          clearTimeout(clock);
          resolve(visible);
        };
        const clock = setTimeout(settle, PATIENCE, false);
        notification.on("show", () => settle(true));
        notification.on("failed", () => {
          forget();
          settle(false);
        });
        notification.show();
      });
    },
    close,
    closeAll() {
      for (const tag of [...shown.keys()]) close(tag);
    },
  };
}

module.exports = { createNotes };
