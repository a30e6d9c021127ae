/**
 * The end of what is kept. What a database is emptied of lies on in the browser's files; what is deleted with its database
 * leaves them (idb.js: rewritingFiles). So a log-in that somebody ended takes its database with it, and what was not sent,
 * which no server has, moves to a fresh one, by way of a third: a crash in between loses nothing, and the next log-in ends
 * what it broke off.
 */

import { Db } from "./db.js";

/** @typedef {import("./db.js").Store} Store */

/** Milliseconds that a log-in waits for the end of the one before. */
const PATIENCE = 5_000;

/** Where that waits meanwhile. @param {string} name of the profile */
const asideName = (name) => `${name} aside`;

/**
 * What another window does at the same time comes after it, or before.
 * @template T @param {string} name of the profile @param {() => Promise<T>} work @param {AbortSignal} [patience]
 * @returns {Promise<T>}
 */
function alone(name, work, patience) {
  return navigator.locks.request(`${name} erasing`, patience ? { signal: patience } : {}, work);
}

/** Drop what the server has too; the outbox and drafts stay. @param {Db} db */
export async function erase(db) {
  if (!navigator.locks) return db.forget(); // pages over plain HTTP: two windows could take each other's rows
  await alone(db.name, async () => {
    await moveBack(db.name);
    const { rows, drafts, begun } = await db.load();
    if (!rows.length && !drafts.size && !begun.size) return db.destroy();
    const aside = new Db(asideName(db.name));
    await moveUnsent(db, aside);
    const fresh = new Db(db.name);
    await moveUnsent(aside, fresh);
    await fresh.close();
  });
}

/** When no other window erases any more: what a crash left aside goes where it belongs. @param {string} name */
export async function fetchAside(name) {
  if (navigator.locks) await alone(name, () => moveBack(name), AbortSignal.timeout(PATIENCE));
}

/** To be called alone. @param {string} name */
async function moveBack(name) {
  const there = (await indexedDB.databases?.()) ?? [];
  if (!there.some((one) => one.name === asideName(name))) return;
  const db = new Db(name);
  await moveUnsent(new Db(asideName(name)), db);
  await db.close();
}

/** The messages on their way, drafts, and what is begun. After a crash in between it is done again: what `to` has by then stays as it is.
 * @param {Store} from it is gone after that @param {Store} to */
export async function moveUnsent(from, to) {
  const { rows, drafts, begun } = await from.load();
  const moved = new Set((await to.load()).rows.map(({ cid }) => cid));
  for (const { place: _place, ...row } of rows.filter(({ cid }) => !moved.has(cid))) {
    /** @type {import("./db.js").Bytes} */
    const bytes = new Map();
    for (const { local_id } of row.files ?? []) {
      const file = await from.file(local_id);
      if (file) bytes.set(local_id, file); // with the place of its upload: it is the same account, at the same server
    }
    await to.addRow(row, undefined, bytes);
  }
  if (drafts.size || begun.size) await to.keepViews({ drafts, begun });
  await from.destroy();
}
