/** IndexedDB by promises: open, one transaction, one answer. */

/**
 * @typedef {Record<string, {options?: IDBObjectStoreParameters, indexes?: [string, string | string[], IDBIndexParameters][]}>} Stores
 */

/**
 * Open a database that has exactly these stores in this version. Rejects with what IndexedDB says: VersionError where
 * it is of a newer version.
 * @param {string} name @param {number | undefined} version undefined: as it is @param {Stores} stores
 * @returns {Promise<IDBDatabase>}
 */
export function openDatabase(name, version, stores) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name, version);
    opening.onupgradeneeded = () => {
      for (const [store, { options, indexes = [] }] of Object.entries(stores)) {
        if (opening.result.objectStoreNames.contains(store)) continue;
        const made = opening.result.createObjectStore(store, options);
        for (const index of indexes) made.createIndex(...index);
      }
    };
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
    opening.onblocked = () => {}; // the others close at `versionchange`, then it goes on
  });
}

/** @param {string} name @returns {Promise<void>} */
export async function deleteDatabase(name) {
  await answer(indexedDB.deleteDatabase(name));
}

/**
 * Have the browser write its files anew. Chromium keeps all databases of a page's origin in one LevelDB, where what is
 * deleted lies on in old files. The end of a database makes it gather them; but what came and went between two such ends
 * can stay for good. So this is called before databases are deleted, to divide the two, and after that.
 */
export async function rewriteFiles() {
  (await openDatabase("vestnik nothing", 1, {})).close();
  await deleteDatabase("vestnik nothing");
}

/**
 * One transaction: `work` issues requests (synchronously, or in their `onsuccess`). Resolves with what it returned when
 * all is committed; rejects, with nothing done, where anything failed or it was aborted.
 * @template T
 * @param {IDBDatabase} database @param {string[]} names @param {IDBTransactionMode} mode
 * @param {(store: (name: string) => IDBObjectStore, transaction: IDBTransaction) => T} work
 * @param {boolean} [strict] on the disk before it resolves
 * @returns {Promise<T>}
 */
export function transact(database, names, mode, work, strict = false) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(names, mode, { durability: strict ? "strict" : "relaxed" });
    /** @type {T} */
    let result;
    transaction.oncomplete = () => resolve(result);
    transaction.onabort = () => reject(transaction.error ?? new DOMException("given up", "AbortError"));
    transaction.onerror = () => {};
    try {
      result = work((name) => transaction.objectStore(name), transaction);
    } catch (error) {
      transaction.onabort = () => reject(error);
      transaction.abort();
    }
  });
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
export function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
