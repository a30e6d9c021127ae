/**
 * A profile's database: how it is made, opened, and made anew where it cannot be used. Who has it open lets it go when
 * somebody has to have it alone (rewriting.js), and opens it again for what is to be done next.
 */

import { deleteDatabase, openDatabase, openThere, transact } from "./idb.js";
import { almostAlone, alone, movedName, restore, rewrite, share } from "./rewriting.js";

/** Since 2 there is a place for the bytes of files on their way. */
const VERSION = 2;
/** @type {import("./idb.js").Stores} */
const STORES = {
  meta: {},
  cursors: { options: { keyPath: "chat_id" } },
  outbox: { options: { keyPath: "place", autoIncrement: true }, indexes: [["cid", "cid", { unique: true }]] },
  files: { options: { keyPath: "local_id" } },
  items: { options: { keyPath: ["chat_id", "seq"] } },
  chats: { options: { keyPath: "id" } },
  users: { options: { keyPath: "id" } },
  drafts: {},
};
/** @type {import("./rewriting.js").Shape} */
const SHAPE = { version: VERSION, stores: STORES };
/** Times that others may be in the way of making it. */
const TRIES = 5;

/** Of all its stores. */
export const STORE_NAMES = Object.keys(STORES);

/** One that is open. */
export class Connection {
  /** @type {Set<Promise<unknown>>} */
  #running = new Set();
  /** @type {Promise<void> | null} */
  #closing = null;

  /** @param {IDBDatabase} database @param {() => void} release for who wants it alone */
  constructor(database, release) {
    this.database = database;
    this.release = release;
    database.onversionchange = () => void this.close();
    database.onclose = () => void this.close();
  }

  get isOpen() {
    return this.#closing === null;
  }

  /**
   * As in idb.js.
   * @template T @param {string[]} names @param {IDBTransactionMode} mode
   * @param {(store: (name: string) => IDBObjectStore, transaction: IDBTransaction) => T} work @param {boolean} [strict]
   * @returns {Promise<T>}
   */
  transact(names, mode, work, strict) {
    const running = transact(this.database, names, mode, work, strict);
    this.#running.add(running);
    const ended = () => void this.#running.delete(running);
    running.then(ended, ended);
    return running;
  }

  /** Nothing begins any more; resolves when what runs is done, and others may have it alone. */
  close() {
    if (this.isOpen) this.database.close();
    this.#closing ??= Promise.allSettled(this.#running).then(this.release);
    return this.#closing;
  }
}

/** Open it, made where it is not there. @param {string} name @returns {Promise<Connection>} */
export async function connect(name) {
  for (let tries = 1; ; tries += 1) {
    /** @type {Connection | null} */
    let connection = null;
    const release = await share(name, () => void connection?.close()); // whoever wants it asks again and again
    const database = await openOrRebuild(name).catch((error) => {
      release();
      throw error;
    });
    if (database) return (connection = new Connection(database, release));
    release();
    await alone(name, () => restore(name, SHAPE)).catch((error) => {
      if (error.name !== "TimeoutError" || tries === TRIES) throw error;
    });
  }
}

/** Something was deleted that is still on the disk. @param {IDBObjectStore} meta */
export function noteErasure(meta) {
  const before = meta.get("erased");
  before.onsuccess = () => void meta.put((Number(before.result) || 0) + 1, "erased");
}

/**
 * Have what was deleted leave the disk. One that is not there, or is deleted meanwhile, is not made.
 * @param {string} name @returns {Promise<boolean>} false: not now
 */
export async function rewriteProfile(name) {
  const erased = await inMeta(name, "readonly", (meta) => meta.get("erased"));
  if (erased?.result === undefined) return true;
  if (!(await rewrite(name, SHAPE))) return false;
  await inMeta(name, "readwrite", (meta) => {
    const now = meta.get("erased");
    now.onsuccess = () => void (now.result === erased.result && meta.delete("erased"));
  });
  return true;
}

/** @template T @param {string} name @param {IDBTransactionMode} mode @param {(meta: IDBObjectStore) => T} work
 * @returns {Promise<T | null>} null: it is not there */
async function inMeta(name, mode, work) {
  const release = await share(name, () => {}); // it is short
  try {
    const database = await openThere(name, undefined, {});
    if (!database) return null;
    const done = transact(database, ["meta"], mode, (store) => work(store("meta")));
    database.close(); // when that is done
    return await done;
  } finally {
    release();
  }
}

/** Nothing stays of it. @param {string} name it is not open here any more */
export function destroyProfile(name) {
  return almostAlone(name, async () => {
    await deleteDatabase(movedName(name)); // first: what is left of a move would be taken for the whole
    await deleteDatabase(name);
  });
}

/** @param {string} name @returns {Promise<IDBDatabase | null>} null: there is none */
async function openOrRebuild(name) {
  try {
    const database = await openThere(name, VERSION, STORES);
    if (!database || isWhole(database)) return database;
    database.close();
  } catch (error) {
    console.warn("the local database cannot be used and is made anew:", error);
  }
  const rows = await salvage(name);
  await deleteDatabase(movedName(name));
  await deleteDatabase(name);
  return openDatabase(name, VERSION, STORES, (transaction) => {
    for (const { place: _place, ...row } of rows) transaction.objectStore("outbox").add(row);
  });
}

/** @param {IDBDatabase} database */
function isWhole(database) {
  return STORE_NAMES.every((name) => database.objectStoreNames.contains(name));
}

/** What of an outbox can be read. @param {string} name @returns {Promise<any[]>} */
async function salvage(name) {
  try {
    const database = await openThere(name, undefined, {});
    if (!database) return [];
    try {
      const found = await transact(database, ["outbox"], "readonly", (store) => store("outbox").getAll());
      return found.result.filter(isRow);
    } finally {
      database.close();
    }
  } catch {
    return [];
  }
}

/** @param {any} one of the outbox: what is read is checked, for anybody may have written the file
 * @returns {one is import("./db.js").Kept} */
export function isRow(one) {
  return typeof one?.cid === "string" && Number.isSafeInteger(one.chat_id) && typeof one.content === "string";
}
