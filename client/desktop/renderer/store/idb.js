/** IndexedDB by promises: open, one transaction, one answer. */

/**
 * @typedef {Record<string, {options?: IDBObjectStoreParameters, indexes?: [string, string | string[], IDBIndexParameters][]}>} Stores
 */

/** Databases with nothing in them, of which only the end counts. */
const FIRST = "vestnik nothing";
const MARKS = [1, 2, 3, 4].map((number) => `${FIRST} ${number}`);
/** Milliseconds between two ends: what the browser does because of one it does a moment later. */
const PAUSE = 100;

/**
 * Open a database that has exactly these stores in this version. Rejects with what IndexedDB says: VersionError where
 * it is of a newer version.
 * @param {string} name @param {number | undefined} version undefined: as it is @param {Stores} stores
 * @param {(transaction: IDBTransaction) => void} [fill] one that is made now, in the transaction that makes it
 * @returns {Promise<IDBDatabase>}
 */
export async function openDatabase(name, version, stores, fill = () => {}) {
  const database = await open(name, version, stores, fill);
  if (!database) throw new DOMException("it was not made", "AbortError");
  return database;
}

/**
 * The same, but where there is none, or one without any store, none is made.
 * @param {string} name @param {number | undefined} version @param {Stores} stores @returns {Promise<IDBDatabase | null>}
 */
export function openThere(name, version, stores) {
  return open(name, version, stores, null);
}

/**
 * @param {string} name @param {number | undefined} version @param {Stores} stores
 * @param {((transaction: IDBTransaction) => void) | null} fill null: where there is none none is made
 * @returns {Promise<IDBDatabase | null>}
 */
function open(name, version, stores, fill) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name, version);
    opening.onupgradeneeded = ({ oldVersion }) => {
      const { result: database } = opening;
      const transaction = /** @type {IDBTransaction} */ (opening.transaction);
      if (fill === null && (oldVersion === 0 || database.objectStoreNames.length === 0)) {
        opening.onerror = () => resolve(null);
        return transaction.abort();
      }
      for (const [store, { options, indexes = [] }] of Object.entries(stores)) {
        if (database.objectStoreNames.contains(store)) continue;
        const made = database.createObjectStore(store, options);
        for (const index of indexes) made.createIndex(...index);
      }
      if (oldVersion === 0) fill?.(transaction);
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
 * What `work` deletes is in none of the browser's files after that. Chromium keeps all databases of an origin in one
 * LevelDB, where what is deleted lies on in old files. The end of a database has it merge the files that hold keys on both
 * sides of that one's, a moment after the end was told; on a busy machine it happens that the end itself is in no file yet
 * by then. A database that is made later has higher keys, and its end may reach none of the old files. So those that end
 * after the work are made before it, and end one by one: what one of them misses the next one merges.
 * @template T @param {() => Promise<T>} work @returns {Promise<T>}
 */
export async function rewritingFiles(work) {
  await mark().catch(() => {}); // then it is as the browser leaves it
  try {
    return await work();
  } finally {
    for (const name of MARKS) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      await deleteDatabase(name).catch(() => {});
    }
  }
}

/** What is there now comes into another file than its end. */
async function mark() {
  for (const name of [FIRST, ...MARKS]) {
    await deleteDatabase(name); // of a time before that was broken off
    (await openDatabase(name, 1, {})).close();
  }
  await deleteDatabase(FIRST);
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
