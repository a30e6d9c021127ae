/** Messages on their way where windows share nothing (store/memory.js): each has those that were written in it, and whoever
 * has the link sends them all. */

import { echoOf } from "../protocol/commands.js";
import { isUploaded, rowOf } from "../protocol/row.js";

/** @typedef {import("../store/db.js").Kept} Kept @typedef {import("../store/db.js").Store} Store */

/**
 * An owner need not have what was written in this window: what it has already it takes no second time, by the cid.
 * @param {Store} db @param {Pick<import("./profile.js").Profile, "publish" | "command">} profile
 */
export async function giveRows(db, profile) {
  if (db.shared) return;
  const { rows } = await db.load();
  profile.publish(rows.map((row) => ({ do: "echo", echo: echoOf(row) })));
  for (const row of rows.filter(({ state }) => state === "queued")) {
    /** @type {import("../store/db.js").Bytes} */
    const bytes = new Map();
    for (const { local_id } of row.files) {
      const file = await db.file(local_id);
      if (file) bytes.set(local_id, file);
    }
    void profile.command({ do: "row", row, bytes });
  }
}

/**
 * The rows of a window that takes over, with those of others that wait in its sight: the others may be gone by now. Bytes of
 * files only they have, who give them. In the order in which they were written.
 * @param {import("../state/model.js").Model} model @param {Kept[]} rows of this window @param {Store} db
 * @returns {Promise<Kept[]>}
 */
export async function withOrphans(model, rows, db) {
  if (db.shared) return rows;
  const own = new Set(rows.map(({ cid }) => cid));
  const { lists, acked } = model.echoes;
  const waiting = [...lists.values()].flat().filter(({ cid, state }) => state === "queued" && !acked.has(cid));
  const whole = waiting.filter((row) => !own.has(row.cid) && isUploaded(row));
  const orphans = whole.map((echo) => {
    const { state, code, written_at, source = null } = echo;
    return { ...rowOf(echo), tried: true, state, code, written_at, source }; // a link may have carried it
  });
  for (const row of orphans) await db.addRow(row);
  const written = new Map([...rows, ...orphans].map((row) => [row, Date.parse(row.written_at)]));
  return [...written.keys()].sort((one, other) => (written.get(one) ?? 0) - (written.get(other) ?? 0));
}
