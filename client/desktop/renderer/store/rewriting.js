/**
 * Erasing for good what was deleted from a database that stays. Chromium keeps all databases of an origin in one LevelDB,
 * where a deleted value lies on in old files until they are merged by chance. It merges, at once, those which hold
 * something of a database that ends (idb.js: rewritingFiles). So all that is kept is moved to another name, and back.
 *
 * Nothing is lost, whatever ends when: a database is filled in the one transaction that makes it, and deleted when the other
 * is whole. So where the one with the profile's name is there, it holds everything, and the other is of no use; where it is
 * not, the other does. Nobody else has either open meanwhile: who opens one holds a lock with others (`share`), who moves
 * it holds that alone.
 */

import { answer, deleteDatabase, openDatabase, openThere, rewritingFiles, transact } from "./idb.js";

/** @typedef {import("./idb.js").Stores} Stores */
/** How a database is made. @typedef {{version: number, stores: Stores}} Shape */
/** All of one: keys and values of each store. @typedef {Map<string, {keys: IDBValidKey[], values: any[]}>} Content */

/** Milliseconds that others have to let go. */
const PATIENCE = 2_000;
/** Milliseconds between askings: who has just opened it may not have heard the one before. */
const AGAIN = 100;
/** Entries that are read or written at once: in between the page goes on. */
const PART = 250;
/** Bytes of files on their way above which nothing is moved: they would be written twice. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Where everything is meanwhile. @param {string} name of the database */
export const movedName = (name) => `${name} moved`;

/** @param {string} name */
const lockName = (name) => `${name} open`;
/** @param {string} name */
const channelName = (name) => `${name} wanted`;

/**
 * Wait until nobody moves the database, and keep it from being moved.
 * @param {string} name @param {() => void} wanted somebody waits for it to be let go; may be told several times
 * @returns {Promise<() => void>} lets it go
 */
export async function share(name, wanted) {
  if (!navigator.locks) return () => {}; // pages over plain HTTP: nothing is ever moved there
  const channel = new BroadcastChannel(channelName(name));
  channel.onmessage = wanted;
  return new Promise((resolve, reject) => {
    const held = () =>
      new Promise((end) => {
        resolve(() => {
          channel.close();
          end(null);
        });
      });
    navigator.locks.request(lockName(name), { mode: "shared" }, held).catch((error) => {
      channel.close();
      reject(error);
    });
  });
}

/**
 * While nobody has it open. Rejects with a TimeoutError where somebody does not let go; who moves it is waited for.
 * @template T @param {string} name @param {() => Promise<T>} work @returns {Promise<T>}
 */
export async function alone(name, work) {
  if (!navigator.locks) return work();
  return navigator.locks.request(`${name} moving`, () => whenLetGo(name, work));
}

/** As `alone`, but who does not let go is not waited for long: the browser tells them, too. @param {string} name
 * @param {() => Promise<void>} work */
export async function almostAlone(name, work) {
  if (!navigator.locks) return work();
  await navigator.locks.request(`${name} moving`, () =>
    whenLetGo(name, work).catch((error) => {
      if (error.name !== "TimeoutError") throw error;
      return work();
    }),
  );
}

/** @template T @param {string} name @param {() => Promise<T>} work @returns {Promise<T>} */
async function whenLetGo(name, work) {
  const channel = new BroadcastChannel(channelName(name));
  const ask = () => channel.postMessage(null);
  const asking = setInterval(ask, AGAIN);
  const late = AbortSignal.timeout(PATIENCE);
  let given = false;
  ask();
  try {
    return await navigator.locks.request(lockName(name), { signal: late }, () => {
      given = true;
      clearInterval(asking);
      return work();
    });
  } catch (error) {
    // Electron's Chromium rejects with an AbortError of its own, whatever the signal gives as the reason
    throw given || !late.aborted ? error : late.reason;
  } finally {
    clearInterval(asking);
    channel.close();
  }
}

/**
 * Move all to the other name and back. Rejects where it cannot be done now; nothing is lost then.
 * @param {string} name @param {Shape} shape @returns {Promise<boolean>} false: it is not there, or there is too much to move
 */
export async function rewrite(name, shape) {
  if (!navigator.locks) return false;
  const moving = () =>
    alone(name, async () => {
      if (!(await isThere(name))) return false; // it was deleted, or comes back when it is opened
      if (bytesOf(await contentOf(name, ["files"])) > MOST_BYTES) return false;
      await deleteDatabase(movedName(name)); // of a time before that was broken off
      await move(await contentOf(name), name, movedName(name), shape);
      await move(await contentOf(movedName(name)), movedName(name), name, shape);
      return true;
    });
  return rewritingFiles(moving);
}

/**
 * Make it where it is not there: from what was moved, where a move was broken off. To be called alone.
 * @param {string} name @param {Shape} shape
 */
export async function restore(name, shape) {
  if (await isThere(name)) return;
  const moved = movedName(name);
  await deleteDatabase(name); // an empty one, which somebody made by looking for it
  if (await isThere(moved)) return move(await contentOf(moved), moved, name, shape);
  (await openDatabase(name, shape.version, shape.stores)).close();
}

/** @param {string} name */
async function isThere(name) {
  const database = await openThere(name, undefined, {});
  database?.close();
  return database !== null && database.objectStoreNames.length > 0;
}

/** @param {Content} content of `from` @param {string} from @param {string} to is not there @param {Shape} shape */
async function move(content, from, to, { version, stores }) {
  let filled = false;
  const database = await openDatabase(to, version, stores, (transaction) => {
    fill(transaction, content);
    filled = true;
  });
  try {
    if (!filled) throw new DOMException("somebody else made it", "InvalidStateError");
    const [first] = Object.keys(stores);
    // on the disk before the other one leaves it
    await transact(database, [first], "readwrite", (store) => store(first).delete(""), true);
  } finally {
    database.close();
  }
  await deleteDatabase(from);
}

/** @param {string} name @param {readonly string[]} [wanted] stores: all @returns {Promise<Content>} */
async function contentOf(name, wanted) {
  const database = await openThere(name, undefined, {});
  if (!database) throw new DOMException("it is gone", "NotFoundError");
  try {
    /** @type {Content} */
    const content = new Map();
    const names = [...database.objectStoreNames].filter((store) => wanted?.includes(store) ?? true);
    const transaction = database.transaction(names, "readonly");
    for (const store of names) content.set(store, await entriesOf(transaction.objectStore(store)));
    return content;
  } finally {
    database.close();
  }
}

/** @param {IDBObjectStore} store */
async function entriesOf(store) {
  /** @type {IDBValidKey[]} */
  const keys = [];
  const values = [];
  for (let range; ;) {
    const asked = [answer(store.getAllKeys(range, PART)), answer(store.getAll(range, PART))];
    const [moreKeys, more] = await Promise.all(asked);
    for (const key of moreKeys) keys.push(key);
    for (const value of more) values.push(value);
    if (more.length < PART) return { keys, values };
    range = IDBKeyRange.lowerBound(moreKeys[moreKeys.length - 1], true);
  }
}

/** @param {IDBTransaction} transaction that makes the stores @param {Content} content */
function fill(transaction, content) {
  for (const [name, { keys, values }] of content) {
    if (!transaction.objectStoreNames.contains(name)) continue; // nobody knows it
    const store = transaction.objectStore(name);
    const put = (/** @type {number} */ from) => {
      const upto = Math.min(from + PART, keys.length);
      let last;
      for (let at = from; at < upto; at += 1) {
        last = store.put(values[at], store.keyPath === null ? keys[at] : undefined);
      }
      if (last && upto < keys.length) last.onsuccess = () => put(upto);
    };
    put(0);
  }
}

/** Of files. @param {Content} content */
function bytesOf(content) {
  const files = content.get("files")?.values ?? [];
  return files.reduce((sum, { bytes }) => sum + (bytes instanceof Blob ? bytes.size : 0), 0);
}
