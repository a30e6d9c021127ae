/** Notifications of the system. Where they cannot be shown the page is told, and shows them itself. */

"use strict";

const { Notification } = require("electron");
const { noticeBody } = require("./notice-body.js");

/** Milliseconds for the system to say whether it shows a notification. */
const PATIENCE = 3000;
/** How many are remembered, to be closed and clicked; the oldest is closed for a newer one. */
const MOST = 50;

/** `seq`: of the message that it tells of, 0 where it tells of several.
 * @typedef {{tag: string, title: string, body: string, chat_id: number, seq: number, silent: boolean}} Note */
/** `close`: where it tells of a message from `first` to `last`. `list`: of all windows, and of pages that are gone.
 * @typedef {{show: (note: Note) => Promise<boolean>, close: (tag: string, first: number, last: number) => void,
 *   list: () => {tag: string, chat_id: number, seq: number}[], closeAll: () => void}} Notes */

/** @param {(chatId: number) => void} clicked is given 0 where the note is of no chat alone @returns {Notes} */
function createNotes(clicked) {
  /** @type {Map<string, {notification: Electron.Notification, note: Note}>} */
  const shown = new Map();

  /** @param {string} tag */
  const drop = (tag) => {
    shown.get(tag)?.notification.close();
    shown.delete(tag);
  };

  return {
    show(note) {
      if (!Notification.isSupported()) return Promise.resolve(false);
      drop(note.tag);
      if (shown.size >= MOST) drop([...shown.keys()][0]);
      const { title, body, silent } = note;
      const notification = new Notification({ title, body: noticeBody(body, process.platform), silent });
      shown.set(note.tag, { notification, note });
      const forget = () => {
        if (shown.get(note.tag)?.notification === notification) shown.delete(note.tag);
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
    close(tag, first, last) {
      const seq = shown.get(tag)?.note.seq;
      if (seq !== undefined && first <= seq && seq <= last) drop(tag);
    },
    list: () => [...shown.values()].map(({ note: { tag, chat_id, seq } }) => ({ tag, chat_id, seq })),
    closeAll() {
      for (const tag of [...shown.keys()]) drop(tag);
    },
  };
}

module.exports = { createNotes };
