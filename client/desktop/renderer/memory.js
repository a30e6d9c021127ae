/**
 * In place of db.js where a browser keeps nothing (its user forbade it): the messages on their way and drafts, until the
 * page is closed. What was not acknowledged by then is lost with it, as the user wished.
 */

/** @typedef {import("./db.js").Kept} Kept @typedef {import("./db.js").Store} Store */

/** @returns {Store} */
export function memoryStore() {
  /** @type {Map<string, Kept>} */
  const rows = new Map();
  return {
    name: "memory",
    load: async () => ({
      me: null,
      current: null,
      epoch: null,
      cursors: [],
      rows: [...rows.values()],
      chats: [],
      users: [],
      drafts: new Map(),
    }),
    own: async () => {},
    async save(outputs) {
      for (const { do: what, cid, code } of outputs) {
        const row = rows.get(cid);
        if (what === "drop_row") rows.delete(cid);
        if (what === "failed" && row) rows.set(cid, { ...row, state: "failed", code });
      }
    },
    async addRow(row, instead) {
      if (instead) rows.delete(instead);
      rows.set(row.cid, row);
    },
    dropRow: async (cid) => void rows.delete(cid),
    items: async () => [],
    keepItems: async () => {},
    countUnread: async () => null,
    keepViews: async () => {},
    tidy: async () => {},
    destroy: async () => rows.clear(),
    close: async () => {},
  };
}
