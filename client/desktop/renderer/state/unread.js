/**
 * How many messages of others are unread (docs/protocol.md section 3, I7): the server's count up to some seq, and what
 * was applied above it. A server that counted less than we know, or did not hear yet what we read, takes nothing away.
 */

/** More than 999: the server counts no further, and neither do we. */
export const MANY = 1000;

/**
 * `base` messages are unread up to `upto`; `later` are the applied ones above it, ascending: a deletion is a message
 * with `takes`, the seq it takes away; an edit that makes an earlier message count `gives` that one's seq. `read`: one's own mark.
 * @typedef {{seq: number, takes?: number, gives?: number}} Later
 * @typedef {{base: number, upto: number, read: number, later: Later[]}} Unread
 */

/** @type {Unread} */
export const NOTHING_UNREAD = Object.freeze({ base: 0, upto: 0, read: 0, later: [] });

/** The message that it is about. @param {Later} one */
const messageOf = ({ seq, takes, gives }) => takes ?? gives ?? seq;

/** The number to show; MANY means more than that. @param {Unread} unread */
export function countOf({ base, later }) {
  if (base >= MANY) return MANY;
  const sum = later.reduce((count, { takes }) => count + (takes === undefined ? 1 : -1), base);
  return Math.min(MANY, Math.max(0, sum));
}

/**
 * The server has counted. @param {Unread} unread
 * @param {{unread_count: number, last_seq: number, read_seq: number}} told @returns {Unread}
 */
export function counted(unread, told) {
  if (told.read_seq < unread.read) return readUpTo(unread, unread.read, null);
  if (told.last_seq < unread.upto) return readUpTo(unread, told.read_seq, null);
  const later = unread.later.filter((one) => one.seq > told.last_seq && messageOf(one) > told.read_seq);
  return { base: told.unread_count, upto: told.last_seq, read: told.read_seq, later };
}

/** A message of somebody else was applied. @param {Unread} unread @param {number} seq @returns {Unread} */
export function arrived(unread, seq) {
  if (seq <= unread.upto || seq <= unread.read || !isNext(unread, seq)) return unread;
  return collapsed({ ...unread, later: [...unread.later, { seq }] });
}

/** It was deleted by the event `seq`, or counts no more after it. @param {Unread} unread @param {number} seq @param {number} target */
export function removed(unread, seq, target) {
  return changed(unread, { seq, takes: target });
}

/** It counts after the event `seq`, and did not before. @param {Unread} unread @param {number} seq @param {number} target */
export function given(unread, seq, target) {
  return changed(unread, { seq, gives: target });
}

/** @param {Unread} unread @param {Later} change @returns {Unread} */
function changed(unread, change) {
  const { seq } = change;
  if (seq <= unread.upto || messageOf(change) <= unread.read || !isNext(unread, seq)) return unread;
  return collapsed({ ...unread, later: [...unread.later, change] });
}

/**
 * Whether a message counts, as far as what was applied since the server counted tells it.
 * @param {Unread} unread @param {number} target @returns {boolean | null} null: that is not known here
 */
export function countsLately({ upto, later }, target) {
  const ofIt = later.filter((one) => messageOf(one) === target);
  const latest = ofIt[ofIt.length - 1];
  if (latest) return latest.takes === undefined;
  return target > upto ? false : null;
}

/** What came before `firstSeq` was removed. Some of what the server counted may be left: it counts again. @param {Unread} unread
 * @param {number} firstSeq @returns {Unread} */
export function expired(unread, firstSeq) {
  const later = unread.later.filter((one) => messageOf(one) >= firstSeq);
  return { ...unread, base: unread.upto < firstSeq ? 0 : unread.base, later };
}

/**
 * The user has read up to `read`.
 * @param {Unread} unread @param {number} read
 * @param {{left: number, upto: number} | null} seen how many of others are above it up to `upto`, where that is known
 * @returns {Unread}
 */
export function readUpTo(unread, read, seen) {
  if (read <= unread.read) return unread;
  const later = unread.later.filter((one) => messageOf(one) > read);
  if (read >= unread.upto) return { ...unread, base: 0, read, later };
  if (seen === null || seen.upto < unread.upto) return { ...unread, read, later };
  return { base: seen.left, upto: seen.upto, read, later: later.filter(({ seq }) => seq > seen.upto) };
}

/** @param {Unread} unread @param {number} seq */
function isNext({ later }, seq) {
  return later.length === 0 || later[later.length - 1].seq < seq;
}

/** Bounded: from MANY on nobody counts. @param {Unread} unread @returns {Unread} */
function collapsed(unread) {
  const { later } = unread;
  if (later.length < 2 * MANY) return unread;
  return { ...unread, base: MANY, upto: later[later.length - 1].seq, later: [] };
}
