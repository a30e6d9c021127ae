/**
 * In place of db.js where nothing may be kept in the browser, by the wish of who logged in or of its owner: the messages
 * on their way and drafts, until the tab is closed (tab.js). What was not acknowledged by then is lost with it. Their
 * files stay no longer than the page.
 */

import { keepInTab, keptInTab, unsentName } from "./tab.js";
import { isTooMuch } from "./waiting.js";

/** @typedef {import("./db.js").Kept} Kept @typedef {import("./db.js").Store} Store */

/** @typedef {import("../types.js").Output} Output @typedef {import("../types.js").Update} Update
 * @typedef {Extract<Output | Update, {do: "sent" | "failed" | "merged" | "discarded"}>} End */

/** @type {ReadonlySet<string>} */
const NONE = new Set();

/** @param {Output | Update} one @returns {one is End} what became of a row is told in it */
const endsRow = (one) => ["sent", "failed", "merged", "discarded"].includes(one.do);

/** @param {string} name of the profile @returns {Store} */
export function memoryStore(name) {
  const kept = keptInTab(unsentName(name));
  /** @type {Map<string, Kept>} */
  const rows = new Map((kept?.rows ?? []).map((/** @type {Kept} */ row) => [row.cid, row]));
  /** @type {Map<number, string>} */
  const texts = new Map(kept?.drafts ?? []);
  /** @type {Map<number, import("./db.js").Begun>} */
  const started = new Map(kept?.begun ?? []);
  /** @type {import("./db.js").Bytes} */
  const files = new Map();
  /** @type {number | null} */
  let open = kept?.current ?? null;
  let destroyed = false;

  function keep() {
    if (destroyed) return; // what comes late is not kept
    const empty = rows.size === 0 && texts.size === 0 && started.size === 0 && open === null;
    const unsent = { rows: [...rows.values()], drafts: [...texts], begun: [...started], current: open };
    keepInTab(unsentName(name), empty ? null : unsent);
  }

  /** What a session tells of rows: the window that owns it in `save`, one that follows in `noticed`, where a row of another
   * window is none of its own. @param {(import("../types.js").Output | import("../types.js").Update)[]} told @param {boolean} own */
  function follow(told, own) {
    const ends = new Set(told.flatMap((one) => (endsRow(one) ? [one.cid] : [])));
    const goOn = new Set(
      told.flatMap((one) => (one.do === "echo" ? one.echo.files.map(({ local_id }) => local_id) : [])),
    );
    let changed = false;
    for (const output of told) {
      if (output.do === "save_row") changed = ((own || rows.has(output.row.cid)) && put(output.row)) || changed;
      else if (output.do === "failed") changed = fail(output.cid, output.code) || changed;
      else if (output.do === "sent") changed = settle(output.cid, { stored: output }) || changed;
      else if (endsRow(output)) changed = settle(output.cid, { goOn }) || changed;
      else if (own && output.do === "drop_row" && !ends.has(output.cid)) changed = settle(output.cid) || changed;
    }
    if (changed) keep();
  }

  /** @param {import("../protocol/row.js").Row} row */
  function put(row) {
    const { state = "queued", code = null, written_at = new Date().toISOString() } = rows.get(row.cid) ?? {};
    rows.set(row.cid, { ...rows.get(row.cid), ...row, state, code, written_at });
    return true;
  }

  /** It leaves, and what names it by its cid names its place, or leaves too; so do its files, but for those that go on in
   * another message. @param {string} cid
   * @param {{stored?: {seq: number | null, created_at?: string | null}, goOn?: ReadonlySet<string>}} [how] */
  function settle(cid, { stored, goOn = NONE } = {}) {
    const gone = rows.get(cid);
    if (!gone) return false;
    rows.delete(cid);
    for (const { local_id } of gone.files ?? []) if (!goOn.has(local_id)) files.delete(local_id);
    for (const row of [...rows.values()].filter(({ of_cid }) => of_cid === cid)) {
      if (!stored?.created_at) rows.delete(row.cid);
      else rows.set(row.cid, { ...row, seq: stored.seq, target_at: stored.created_at, of_cid: null });
    }
    return true;
  }

  /** It waits for the user; as in saves.js, a change of what failed is what that is from now on.
   * @param {string} cid @param {string} code */
  function fail(cid, code) {
    const row = rows.get(cid);
    const target = rows.get(row?.of_cid ?? "");
    if (!row || row.state === "failed") return false;
    if (target?.state !== "failed") rows.set(cid, { ...row, state: "failed", code });
    else if (rows.delete(cid) && row.kind === "edit") rows.set(target.cid, { ...target, content: row.content });
    else rows.delete(target.cid);
    return true;
  }

  return {
    name,
    load: async () => ({
      me: null,
      current: open,
      place: null,
      epoch: null,
      erased: false,
      cursors: [],
      rows: [...rows.values()],
      chats: [],
      users: [],
      drafts: new Map(texts),
      begun: new Map(started),
    }),
    own: async () => {},
    save: async (outputs) => follow(outputs, true),
    // a window that only follows hears here what became of its rows
    noticed(updates) {
      for (const one of updates) if (one.do === "begun") void this.noteUpload(one.local_id, one.place);
      follow(updates, false);
    },
    shared: false,
    async addRow(row, instead, bytes = new Map()) {
      const before = new Map(files);
      if (instead) settle(instead);
      for (const { local_id } of row.files) {
        const file = before.get(local_id);
        if (file) files.set(local_id, file);
      }
      this.keepFiles(bytes);
      rows.set(row.cid, row);
      keep();
      return true; // what it replaces may be another window's, which is told
    },
    noRoom: async (more) => (isTooMuch([...rows.values()], more) ? "too_much_waiting" : null),
    file: async (localId) => files.get(localId) ?? null,
    async noteUpload(localId, place) {
      const file = files.get(localId);
      if (file) files.set(localId, { ...file, place });
    },
    keepFiles(bytes) {
      // who gives them has heard of the last upload, but perhaps not of the one that this window began
      for (const [localId, file] of bytes) {
        files.set(localId, { bytes: file.bytes, place: files.get(localId)?.place ?? file.place });
      }
    },
    async dropRow(cid) {
      if (settle(cid)) keep();
    },
    items: async () => [],
    keepItems: async () => {},
    countUnread: async () => null,
    async keepViews({ drafts = new Map(), begun = new Map(), current }) {
      if (drafts.size === 0 && begun.size === 0 && current === undefined) return;
      for (const [chatId, text] of drafts) {
        if (text) texts.set(chatId, text);
        else texts.delete(chatId);
      }
      for (const [chatId, one] of begun) {
        if (one) started.set(chatId, one);
        else started.delete(chatId);
      }
      if (current !== undefined) open = current;
      keep();
    },
    tidy: async () => {},
    onErased: () => {},
    rewrite: async () => true,
    forget: async () => {},
    async destroy() {
      rows.clear();
      files.clear();
      texts.clear();
      started.clear();
      open = null;
      keep();
      destroyed = true;
    },
    close: async () => {},
  };
}
