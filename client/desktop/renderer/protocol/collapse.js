/** What a new command of the log means for those before it that were never sent, so that nothing goes out in vain. */

/** @typedef {import("./row.js").Row} Row */
/**
 * `into`: the cid of the row that does what the new one is for: its own where it takes its place in the line; null where
 * nothing is left to be done. `change`: an earlier row, as it is from now on. `drops`: earlier rows that go.
 * @typedef {{into: string | null, change: Row | null, drops: string[]}} Plan
 */

/** @param {string | null} into @param {string[]} [drops] @param {Row | null} [change] @returns {Plan} */
const plan = (into, drops = [], change = null) => ({ into, change, drops });

/**
 * @param {Row} row
 * @param {Row[]} earlier the rows about the same message that no link has carried, the message itself among them where it
 *   is one, in their order
 * @returns {Plan}
 */
export function planOf(row, earlier) {
  switch (row.kind) {
    case "send":
      return plan(row.cid);
    case "edit": {
      const texts = earlier.filter(({ kind, forward }) => (kind === "send" && !forward) || kind === "edit");
      const text = texts.at(-1);
      return text ? plan(text.cid, [], { ...text, content: row.content }) : plan(row.cid);
    }
    case "delete": {
      const cids = earlier.map(({ cid }) => cid);
      if (earlier.some(({ kind }) => kind === "send")) return plan(null, cids);
      const same = earlier.find(({ kind }) => kind === "delete");
      return same ? plan(same.cid) : plan(row.cid, cids);
    }
    default: {
      const same = earlier.filter(({ kind, emoji }) => kind === row.kind && emoji === row.emoji).at(-1);
      if (!same) return plan(row.cid);
      return same.on === row.on ? plan(same.cid) : plan(null, [same.cid]);
    }
  }
}
