/**
 * In place of db.js where nothing may be kept in the browser, by the wish of who logged in or of its owner: the messages
 * on their way and drafts, until the tab is closed (tab.js). What was not acknowledged by then is lost with it.
 */

import { followUp } from "../protocol/commands.js";
import { keepInTab, keptInTab, unsentName } from "./tab.js";

/** @typedef {import("./db.js").Kept} Kept @typedef {import("./db.js").Store} Store */

/** @param {string} name of the profile @returns {Store} */
export function memoryStore(name) {
  const kept = keptInTab(unsentName(name));
  /** @type {Map<string, Kept>} */
  const rows = new Map((kept?.rows ?? []).map((/** @type {Kept} */ row) => [row.cid, row]));
  /** @type {Map<number, string>} */
  const texts = new Map(kept?.drafts ?? []);
  /** @type {number | null} */
  let open = kept?.current ?? null;

  function keep() {
    const empty = rows.size === 0 && texts.size === 0 && open === null;
    keepInTab(unsentName(name), empty ? null : { rows: [...rows.values()], drafts: [...texts], current: open });
  }

  /** @param {string[]} gone cids @param {Record<string, any>[]} told */
  function leave(gone, told) {
    const failed = told.filter((one) => one.do === "failed");
    const sent = new Map(told.filter((one) => one.do === "sent" && one.created_at).map((one) => [one.cid, one]));
    const codes = new Map(failed.map(({ cid, code }) => [cid, code]));
    let changed = false;
    for (const cid of gone) {
      if (codes.has(cid)) continue;
      const [then, stored] = [rows.get(cid)?.then, sent.get(cid)];
      changed = rows.delete(cid) || changed;
      if (then && stored) rows.set(then.cid, followUp(then, /** @type {any} */ (stored), Date.now()));
    }
    for (const [cid, code] of codes) {
      const row = rows.get(cid);
      if (!row || row.state === "failed") continue;
      rows.set(cid, { ...row, state: "failed", code });
      changed = true;
    }
    if (changed) keep();
  }

  return {
    name,
    load: async () => ({
      me: null,
      current: open,
      epoch: null,
      cursors: [],
      rows: [...rows.values()],
      chats: [],
      users: [],
      drafts: new Map(texts),
    }),
    own: async () => {},
    async save(outputs) {
      leave(
        outputs.filter((output) => output.do === "drop_row").map(({ cid }) => cid),
        outputs,
      );
    },
    // a window that only follows hears here what became of its rows
    noticed: (updates) =>
      leave(
        updates.filter((update) => ["sent", "merged", "discarded"].includes(update.do)).map(({ cid }) => cid),
        updates,
      ),
    async addRow(row, instead) {
      if (instead) rows.delete(instead);
      rows.set(row.cid, row);
      keep();
    },
    async changeRow(cid, change) {
      const row = rows.get(cid);
      if (!row) return;
      rows.set(cid, { ...row, ...change });
      keep();
    },
    async dropRow(cid) {
      if (rows.delete(cid)) keep();
    },
    items: async () => [],
    keepItems: async () => {},
    countUnread: async () => null,
    async keepViews({ drafts = new Map(), current }) {
      if (drafts.size === 0 && current === undefined) return;
      for (const [chatId, text] of drafts) {
        if (text) texts.set(chatId, text);
        else texts.delete(chatId);
      }
      if (current !== undefined) open = current;
      keep();
    },
    tidy: async () => {},
    forget: async () => {},
    async destroy() {
      rows.clear();
      texts.clear();
      open = null;
      keep();
    },
    close: async () => {},
  };
}
