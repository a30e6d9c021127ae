/**
 * What one profile keeps on this machine: cursors, marks and the outbox (docs/protocol.md section 3: C1, C6), and, as a
 * cache, the last items of each chat, chats, users and drafts. A database that cannot be used is made anew from the
 * server; what of its outbox can be read is carried over.
 */

import { isChat, isItem, isUser } from "../protocol/frames.js";
import { isBegunShape } from "../state/begun.js";
import { within } from "../protocol/chat-log.js";
import { STORE_NAMES, connect, destroyProfile, isRow, noteErasure, rewriteProfile } from "./opening.js";
import { ITEMS, moveItems, trim } from "./log-items.js";
import { addRow, moveCursor, savePlanOf, replaceRow, settleRow } from "./saves.js";
import { isTooMuch } from "./waiting.js";

/** @typedef {import("../types.js").Item} Item */
/**
 * A command in the outbox; `failed` ones wait for the user. `written_at` is this machine's clock.
 * `place`: its key in the database.
 * @typedef {import("../protocol/row.js").Row & {state: "queued" | "failed", code: string | null,
 *   written_at: string, source?: import("../types.js").Source | null, place?: number}} Kept
 * @typedef {{bytes: Blob, place: string | null}} KeptFile `place`: where its upload has begun
 * @typedef {Map<string, KeptFile>} Bytes of the files of a row, by their local ids
 * @typedef {{user_id: number, epoch: string | null}} Epoch
 * @typedef {import("./opening.js").Connection} Connection
 * @typedef {Pick<Db, keyof Db>} Store what a profile is kept in: this, or memory.js
 * @typedef {{me: import("../types.js").PrivateUser | null, current: number | null, place: number | null, epoch: Epoch | null,
 *   erased: boolean, cursors: Cursor[], rows: Kept[], chats: import("../state/chats.js").Chat[],
 *   users: import("../types.js").User[], drafts: Map<number, string>, begun: Map<number, Begun>}} Loaded `erased`: what was deleted may still be on the disk
 * @typedef {import("../types.js").Begun} Begun
 * @typedef {import("./saves.js").Cursor} Cursor
 * @typedef {"too_much_waiting" | "disk_full"} NoRoom `too_much_waiting`: with what waits already it is more than is kept
 */

/** Items of all chats; above it each keeps only its last SPARE ones. */
const ALL_ITEMS = 60_000;
const SPARE = 60;
/** Another window has taken the profile over: this one writes no more. */
export class Fenced extends Error {}

export class Db {
  /** @type {Promise<Connection> | null} */
  #opening = null;
  /** The last one that was opened: who cannot wait needs it. @type {Connection | null} */
  #connection = null;
  #owner = "";
  #destroyed = false;
  /** Something was deleted from it. */
  onErased = () => {};

  /** @param {string} name of the database */
  constructor(name) {
    this.name = name;
  }

  /** Everything but items. @returns {Promise<Loaded>} */
  async load() {
    const found = await this.#transact(STORE_NAMES, "readonly", (store) => {
      const meta = store("meta");
      return {
        me: meta.get("me"),
        current: meta.get("current"),
        place: meta.get("place"),
        epoch: meta.get("epoch"),
        erased: meta.get("erased"),
        cursors: store("cursors").getAll(),
        rows: store("outbox").getAll(),
        chats: store("chats").getAll(),
        users: store("users").getAll(),
        drafts: { keys: store("drafts").getAllKeys(), texts: store("drafts").getAll() },
      };
    });
    return {
      me: isUser(found.me.result) ? found.me.result : null,
      current: Number.isSafeInteger(found.current.result) ? Number(found.current.result) : null,
      place: Number.isSafeInteger(found.place.result) ? Number(found.place.result) : null,
      epoch: isEpoch(found.epoch.result) ? found.epoch.result : null,
      erased: found.erased.result !== undefined,
      cursors: found.cursors.result.filter(isCursor),
      rows: found.rows.result.filter(isRow),
      chats: found.chats.result.filter(isView),
      users: found.users.result.filter(isUser),
      drafts: draftsOf(found.drafts.keys.result, found.drafts.texts.result),
      begun: begunOf(found.drafts.keys.result, found.drafts.texts.result),
    };
  }

  /** From now on this window alone saves. @param {string} owner a name that nobody else has */
  async own(owner) {
    this.#owner = owner;
    await this.#transact(["meta"], "readwrite", (store) => void store("meta").put(owner, "owner"), true);
  }

  /**
   * Make durable what one or several inputs of the session asked for, all or none. Rejects with Fenced.
   * @param {import("../types.js").Output[]} outputs
   */
  async save(outputs) {
    const plan = savePlanOf(outputs);
    if (!plan.size) return;
    let [fenced, erases] = [false, false];
    const save = this.#transact(
      ["meta", "cursors", "outbox", "files", "items"],
      "readwrite",
      (store, transaction) => {
        const owner = store("meta").get("owner");
        owner.onsuccess = () => {
          fenced = owner.result !== this.#owner;
          if (fenced) transaction.abort();
        };
        if (plan.epoch) store("meta").put(plan.epoch, "epoch");
        const erased = () => {
          if (!erases) noteErasure(store("meta"));
          erases = true;
        };
        for (const write of plan.rows) write(store("outbox"));
        for (const [chatId, moves] of plan.moves) {
          moveItems(store("items"), chatId, moves, erased);
          moveCursor(store("cursors"), chatId, moves);
        }
      },
      plan.strict,
    );
    await save.catch((error) => {
      throw fenced ? new Fenced("another window owns the profile") : error;
    });
    if (erases) this.onErased();
  }

  /**
   * Have what was deleted leave the disk. Others wait for as long as it takes. Rejects where it cannot be done now.
   * @returns {Promise<boolean>} false: not now
   */
  rewrite() {
    return rewriteProfile(this.name);
  }

  /** Windows share it: what one has kept the others find. */
  shared = true;

  /** A message that was just written, durable with its files before this resolves. @param {Kept} row
   * @param {string} [instead] a cid that it replaces @param {Bytes} [bytes] of files that are not kept yet
   * @returns {Promise<boolean>} false: what it was to replace is there no more, and it is not kept */
  async addRow(row, instead, bytes = new Map()) {
    let added = true;
    await this.#transact(["outbox", "files"], "readwrite", (store) => {
      for (const [local_id, file] of bytes) store("files").put({ local_id, bytes: file.bytes, place: file.place });
      if (instead) replaceRow(store("outbox"), row, instead, () => void (added = false));
      else addRow(store("outbox"), row);
    }, true); // prettier-ignore
    return added;
  }

  /** @param {string} cid */
  async dropRow(cid) {
    await this.#transact(["meta", "outbox", "files"], "readwrite", (store) => {
      settleRow(store("outbox"), cid);
      noteErasure(store("meta"));
    }, true); // prettier-ignore
    this.onErased();
  }

  /** Why so many bytes more cannot be kept here; null: they can. @param {number} more @returns {Promise<NoRoom | null>} */
  async noRoom(more) {
    const found = await this.#transact(["outbox"], "readonly", (store) => store("outbox").getAll());
    if (isTooMuch(found.result.filter(isRow), more)) return "too_much_waiting";
    const { quota = Infinity, usage = 0 } = (await navigator.storage?.estimate().catch(() => null)) ?? {};
    return usage + more <= quota ? null : "disk_full";
  }

  /** A file on its way; null where it is not here. @param {string} localId @returns {Promise<KeptFile | null>} */
  async file(localId) {
    const found = await this.#transact(["files"], "readonly", (store) => store("files").get(localId));
    return found.result?.bytes instanceof Blob ? found.result : null;
  }

  /** Its upload has begun there. @param {string} localId @param {string} place */
  async noteUpload(localId, place) {
    await this.#transact(["files"], "readwrite", (store) => {
      const before = store("files").get(localId);
      before.onsuccess = () => void (before.result && store("files").put({ ...before.result, place }));
    });
  }

  /** Files of another window, where windows share nothing. @param {Bytes} _bytes */
  keepFiles(_bytes) {}

  /** Up to `limit` items before `below`, ascending, without a hole. @param {number} chatId @param {number} below
   * @param {number} limit @returns {Promise<Item[]>} */
  async items(chatId, below, limit) {
    if (limit <= 0) return [];
    const range = IDBKeyRange.bound([chatId, below - limit], [chatId, below], false, true);
    const found = await this.#transact(["items"], "readonly", (store) => store("items").getAll(range));
    return lastRun(found.result, below);
  }

  /**
   * Keep a run of items that ends where the kept ones begin, or at `applied`. Nothing is kept where the log was applied
   * further meanwhile: the items may be out of date then.
   * @param {number} chatId @param {Item[]} items ascending, without a hole @param {number} applied
   */
  async keepItems(chatId, items, applied) {
    const kept = items.filter(({ seq }) => seq > applied - ITEMS && seq <= applied);
    if (kept.length === 0) return;
    const last = kept[kept.length - 1].seq;
    await this.#transact(["items", "cursors"], "readwrite", (store) => {
      const cursor = store("cursors").get(chatId);
      const put = () => {
        const { first_seq = 1 } = cursor.result; // what was removed meanwhile does not come back
        const there = kept.filter(({ seq }) => seq >= first_seq);
        for (const item of there) store("items").put(within(item, first_seq));
      };
      cursor.onsuccess = () => {
        if (cursor.result?.applied !== applied) return;
        if (last === applied) return put();
        const next = store("items").getKey([chatId, last + 1]);
        next.onsuccess = () => void (next.result && put());
      };
    });
  }

  /** How many messages of others are kept above `read`; null where not all of those are kept.
   * @param {number} chatId @param {number} read @param {number} applied @param {number} me */
  async countUnread(chatId, read, applied, me) {
    if (applied - read > ITEMS) return null;
    const items = await this.items(chatId, applied + 1, applied - read);
    if (items.length < applied - read) return null;
    return items.filter((item) => item.type === "message" && item.sender_id !== me && !item.deleted).length;
  }

  /**
   * What is shown before the server has answered, drafts, and the chat that is open (null: none). Begun before this
   * returns, so that it is done even where the page is closed right after.
   * `gone` and `strangers`: chats and people that are not kept any more. `begun`: beside the drafts, null: nothing.
   * @param {{me?: any, chats?: any[], users?: any[], gone?: number[], strangers?: number[], drafts?: Map<number, string>,
   *   begun?: Map<number, Begun | null>, current?: number | null, place?: number | null}} views `place`: the seq that is looked at in it, null: its end
   */
  keepViews({
    me,
    chats = [],
    users = [],
    gone = [],
    strangers = [],
    drafts = new Map(),
    begun = new Map(),
    current,
    place,
  }) {
    return this.#transact(["meta", "chats", "users", "drafts"], "readwrite", (store, transaction) => {
      if (me) store("meta").put(me, "me");
      if (current !== undefined) store("meta").put(current, "current");
      if (place !== undefined) store("meta").put(place, "place");
      for (const chat of chats) store("chats").put(chat);
      for (const user of users) store("users").put(user);
      for (const id of gone) store("chats").delete(id);
      for (const id of strangers) store("users").delete(id);
      for (const [chatId, text] of drafts) {
        if (text) store("drafts").put(text, chatId);
        else store("drafts").delete(chatId);
      }
      for (const [chatId, one] of begun) {
        if (one) store("drafts").put(one, begunKey(chatId));
        else store("drafts").delete(begunKey(chatId));
      }
      transaction.commit();
    });
  }

  /** Give room back where there is too much. @param {(userId: number) => boolean} isKnown whom the window still knows */
  async tidy(isKnown) {
    await this.#transact(["users"], "readwrite", (store) => {
      const there = store("users").getAllKeys();
      there.onsuccess = () => {
        for (const id of there.result) if (!isKnown(Number(id))) store("users").delete(id);
      };
    });
    const found = await this.#transact(["items", "cursors"], "readonly", (store) => ({
      count: store("items").count(),
      cursors: store("cursors").getAll(),
    }));
    if (found.count.result <= ALL_ITEMS) return;
    await this.#transact(["items"], "readwrite", (store) => {
      for (const { chat_id, applied } of found.cursors.result) trim(store("items"), chat_id, applied - SPARE);
    });
  }

  /** Windows share the database: what became of a row is in it. @param {import("../types.js").Update[]} _updates */
  noticed(_updates) {}

  /** Drop what the server has too; the outbox and drafts, which it has not, stay. */
  async forget() {
    const gone = ["meta", "cursors", "items", "chats", "users"];
    await this.#transact(gone, "readwrite", (store) => gone.forEach((name) => store(name).clear()), true);
  }

  /** Delete all of it. */
  async destroy() {
    this.#destroyed = true; // what comes late does not make it anew
    await this.close();
    await destroyProfile(this.name);
  }

  async close() {
    const [opening, connection] = [this.#opening, this.#connection];
    this.#opening = this.#connection = null;
    await connection?.close();
    await (await opening?.catch(() => null))?.close();
  }

  /**
   * @template T
   * @param {string[]} names @param {IDBTransactionMode} mode
   * @param {(store: (name: string) => IDBObjectStore, transaction: IDBTransaction) => T} work @param {boolean} [strict]
   * @returns {Promise<T>}
   */
  #transact(names, mode, work, strict) {
    if (this.#connection?.isOpen) return this.#connection.transact(names, mode, work, strict);
    return this.#opened().then((connection) => connection.transact(names, mode, work, strict));
  }

  /** @returns {Promise<Connection>} */
  async #opened() {
    for (;;) {
      if (this.#destroyed) throw new DOMException("it was destroyed", "AbortError");
      if (this.#connection?.isOpen) return this.#connection;
      const opening = (this.#opening ??= connect(this.name));
      try {
        const connection = await opening;
        if (this.#opening !== opening && !connection.isOpen) throw new DOMException("it was closed", "AbortError");
        this.#connection = connection;
      } finally {
        if (this.#opening === opening) this.#opening = null;
      }
    }
  }
}

// --- what is read is checked: anybody may have written the file ---

/** @param {Item[]} items @param {number} below @returns {Item[]} the run that ends just before `below` */
function lastRun(items, below) {
  const run = [];
  for (let at = items.length - 1; at >= 0; at -= 1) {
    if (!isItem(items[at]) || items[at].seq !== below - 1 - run.length) break;
    run.push(items[at]);
  }
  return run.reverse();
}

/** Texts by chat. @param {IDBValidKey[]} chatIds @param {any[]} texts in the same order @returns {Map<number, string>} */
function draftsOf(chatIds, texts) {
  const drafts = new Map();
  for (const [at, chatId] of chatIds.entries()) {
    if (Number.isSafeInteger(chatId) && typeof texts[at] === "string") drafts.set(chatId, texts[at]);
  }
  return drafts;
}

/** Where what is begun in a chat stands among the drafts: versions that know of none pass over it. @param {number} chatId */
const begunKey = (chatId) => ["begun", chatId];

/** What is begun, by chat. @param {IDBValidKey[]} keys @param {any[]} values in the same order @returns {Map<number, Begun>} */
function begunOf(keys, values) {
  const begun = new Map();
  for (const [at, key] of keys.entries()) {
    const chatId = Array.isArray(key) && key[0] === "begun" ? key[1] : null;
    if (Number.isSafeInteger(chatId) && isBegunShape(values[at])) begun.set(chatId, values[at]);
  }
  return begun;
}

/** @param {any} one @returns {one is Cursor} */
function isCursor(one) {
  return Number.isSafeInteger(one?.chat_id) && Number.isSafeInteger(one.applied) && one.applied >= 0;
}

/** @param {any} one @returns {one is Epoch} */
function isEpoch(one) {
  return Number.isSafeInteger(one?.user_id) && typeof one.epoch === "string";
}

/** A chat as state/chats.js has it. @param {any} one @returns {one is import("../state/chats.js").Chat} */
function isView(one) {
  const counts = [one?.told, one?.members_told, one?.applied, one?.unread?.base, one?.unread?.upto, one?.unread?.read];
  return counts.every(Number.isSafeInteger) && Array.isArray(one.unread.later) && isChat(one);
}
