/**
 * All who reacted to a message. The message itself names the first of them (docs/protocol.md, "Objects"); each reaction is
 * an entry of the log that names who gave it, so the log after the message tells them all.
 */

/** @typedef {import("../types.js").Item} Item @typedef {import("../types.js").Reaction} Reaction */
/** What the log tells up to the entry `upto`: by emoji who gave it, in the order of time; `whole`: to its end.
 * @typedef {{upto: number, given: ReadonlyMap<string, ReadonlySet<number>>, whole: boolean}} Reactors */

/** Before anything was read. @param {number} seq of the message @returns {Reactors} */
export const unread = (seq) => ({ upto: seq, given: new Map(), whole: false });

/** With what the next entries tell. @param {Reactors} known @param {number} seq of the message @param {readonly Item[]} items
 * @param {{upto: number, whole: boolean}} place where they end @returns {Reactors} */
export function readOn(known, seq, items, place) {
  /** @type {Map<string, Set<number>>} */
  const given = new Map([...known.given].map(([emoji, ids]) => [emoji, new Set(ids)]));
  for (const item of items) {
    if (item.type !== "event" || item.target_seq !== seq) continue;
    const emoji = item.data.emoji;
    if (typeof emoji !== "string") continue;
    const ids = given.get(emoji) ?? new Set();
    given.set(emoji, ids);
    if (item.event === "reaction_added") ids.add(item.actor_id);
    else if (item.event === "reaction_removed") ids.delete(item.actor_id);
  }
  return { ...place, given };
}

/**
 * Whom to name under a reaction, at most `most` of them: those that the log told, else those that the message names. One's
 * own is there as the message has it, where what one does just now counts already.
 * @param {Reaction} reaction @param {Reactors | null} known @param {number} me @param {number} most
 */
export function namedUnder({ emoji, user_ids: ids }, known, me, most) {
  const mine = ids.includes(me);
  const told = known?.whole ? [...(known.given.get(emoji) ?? [])].filter((id) => mine || id !== me) : [];
  const all = [...new Set([...told, ...(told.length > 0 ? ids.filter((id) => id === me) : ids)])];
  const first = all.slice(0, most);
  return mine && !first.includes(me) ? [...first, me] : first;
}
