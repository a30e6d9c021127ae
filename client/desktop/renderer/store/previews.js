/** Small pictures of files that this machine keeps, to be seen without a link: so many bytes, those that were seen last. */

import { deleteDatabase, openDatabase, transact } from "./idb.js";

/** Where the message is that holds the file. @typedef {{chat_id: number, seq: number}} Place */
/** @typedef {Place & {key: string, bytes: number, used_at: number}} Entry */

/** Bytes of all of them. */
const MOST = 64 * 1024 * 1024;
/** @type {import("./idb.js").Stores} */
const STORES = {
  entries: {
    options: { keyPath: "key" },
    indexes: [
      ["used_at", "used_at", {}],
      ["place", ["chat_id", "seq"], {}],
    ],
  },
  bytes: {},
  meta: {},
};

export class PreviewStore {
  /** @type {Promise<IDBDatabase> | null} */
  #opening = null;
  /** Nothing may be kept any more: the log-in is over. */
  #over = false;

  /** @param {string} profile its name @param {number} [most] bytes */
  constructor(profile, most = MOST) {
    this.name = `${profile} previews`;
    this.most = most;
  }

  /** @param {string} key @param {number} now ms @returns {Promise<ArrayBuffer | null>} */
  async get(key, now) {
    const found = await this.#transact("readwrite", (store) => {
      const entry = store("entries").get(key);
      entry.onsuccess = () => entry.result && store("entries").put({ ...entry.result, used_at: now });
      return store("bytes").get(key);
    });
    return found?.result instanceof ArrayBuffer ? found.result : null;
  }

  /** @param {string} key @param {ArrayBuffer} data @param {Place} place @param {number} now ms */
  async put(key, data, { chat_id, seq }, now) {
    if (data.byteLength > this.most / 8) return;
    await this.#transact("readwrite", (store) => {
      const entry = { key, chat_id, seq, bytes: data.byteLength, used_at: now };
      const before = store("entries").get(key);
      before.onsuccess = () => {
        store("entries").put(entry);
        store("bytes").put(data, key);
        this.#count(store, entry.bytes - (before.result?.bytes ?? 0));
      };
    });
  }

  /** What messages held that are deleted. @param {readonly Place[]} places */
  async drop(places) {
    await this.#transact("readwrite", (store) => {
      for (const { chat_id, seq } of places) this.#remove(store, IDBKeyRange.only([chat_id, seq]));
    });
  }

  /** What messages of a chat held before that place. @param {number} chatId @param {number} seq */
  async dropBefore(chatId, seq) {
    const range = IDBKeyRange.bound([chatId, 0], [chatId, seq], false, true);
    await this.#transact("readwrite", (store) => this.#remove(store, range));
  }

  /** What a chat held. @param {number} chatId */
  async dropChat(chatId) {
    await this.#transact("readwrite", (store) => this.#remove(store, IDBKeyRange.bound([chatId], [chatId, []])));
  }

  /** Nothing stays of it. */
  async destroy() {
    await this.close();
    await deleteDatabase(this.name);
  }

  async close() {
    this.#over = true;
    const opening = this.#opening;
    this.#opening = null;
    (await opening?.catch(() => null))?.close();
  }

  /** @param {(name: string) => IDBObjectStore} store @param {IDBKeyRange} places */
  #remove(store, places) {
    const walk = store("entries").index("place").openCursor(places);
    let freed = 0;
    walk.onsuccess = () => {
      const { result: cursor } = walk;
      if (!cursor) return void (freed && this.#count(store, -freed));
      freed += cursor.value.bytes;
      store("bytes").delete(cursor.primaryKey);
      cursor.delete();
      cursor.continue();
    };
  }

  /** More bytes, or less; above the bound the oldest go. @param {(name: string) => IDBObjectStore} store
   * @param {number} bytes */
  #count(store, bytes) {
    const before = store("meta").get("bytes");
    before.onsuccess = () => {
      const all = (Number(before.result) || 0) + bytes;
      store("meta").put(all, "bytes");
      if (all > this.most) this.#trim(store, all);
    };
  }

  /** @param {(name: string) => IDBObjectStore} store @param {number} all bytes that are kept */
  #trim(store, all) {
    const wanted = this.most * 0.75; // not one by one at each picture from now on
    const walk = store("entries").index("used_at").openCursor();
    walk.onsuccess = () => {
      const { result: cursor } = walk;
      if (!cursor || all <= wanted) return void store("meta").put(cursor ? all : 0, "bytes");
      all -= cursor.value.bytes;
      store("bytes").delete(cursor.primaryKey);
      cursor.delete();
      cursor.continue();
    };
  }

  /**
   * @template T @param {IDBTransactionMode} mode @param {(store: (name: string) => IDBObjectStore) => T} work
   * @returns {Promise<T | null>} null: there is nothing to work with
   */
  async #transact(mode, work) {
    if (this.#over) return null;
    try {
      const database = await (this.#opening ??= this.#open());
      return await transact(database, Object.keys(STORES), mode, work);
    } catch {
      return null; // a cache: what cannot be kept is asked for again
    }
  }

  async #open() {
    const database = await openDatabase(this.name, 1, STORES);
    database.onversionchange = ({ newVersion }) => {
      database.close();
      this.#opening = null;
      if (newVersion === null) this.#over = true; // the user signed out in another window
    };
    database.onclose = () => {
      this.#opening = null;
    };
    return database;
  }
}
