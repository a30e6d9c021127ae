/**
 * A search of messages that runs as one types: the last wish wins, pages follow, a search that was refused for its haste is
 * made again when it may be, and one that saw only this machine when there is a link again.
 */

import { isLive, watchReturn } from "../../state/link-view.js";
import { isRemoved } from "../../state/removed.js";

/** @typedef {import("../../types.js").Wanted} Wanted @typedef {import("../../types.js").Found} Found
 * @typedef {import("../../types.js").Refused} Refused */
/**
 * `asked`: what the results are of, null before the first answer. `here`: they are of this machine alone. `cursor`: there is
 * more. `problem`: why there is no answer, or no more of it. `until`: when it is asked for again (ms of `Date.now()`).
 * @typedef {{wanted: Wanted | null, asked: Wanted | null, results: Found[], cursor: string | null, complete: boolean,
 *   here: boolean, busy: boolean, problem: Refused | null, until: number | null}} Answer
 */

/** Milliseconds that a search waits for more of what is typed. */
const PAUSE = 250;
/** And one that found no link, although there seems to be one, for another attempt. */
const RETRY = 5000;
/** Results that are enough to look at: a page with fewer is followed by the next one, so many times. */
const [FEW, FOLLOWED] = [10, 3];
/** Results that are kept; who needs more of them narrows the search. */
const MOST = 500;

/** @type {Answer} */
const NOTHING = {
  wanted: null,
  asked: null,
  results: [],
  cursor: null,
  complete: true,
  here: false,
  busy: false,
  problem: null,
  until: null,
};

/** A search needs words, a person, or what a message has. @param {Wanted} wanted */
const isEmpty = ({ query, sender_id, has }) => query.trim() === "" && sender_id === null && has === null;

/**
 * @param {import("../face.js").Face} face
 * @param {Answer} [before] an answer to go on with
 */
export function createFinding(face, before = NOTHING) {
  /** @type {Answer} */
  let answer = { ...before, busy: false, until: null };
  let turn = 0;
  /** The next page, which was asked for because there was little on the last. @type {Promise<void> | null} */
  let following = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting;
  const isBack = watchReturn();

  /** @param {Partial<Answer>} change */
  function update(change) {
    answer = { ...answer, ...change };
    face.redraw();
  }

  /** Ask after a while, instead of what was to be asked. @param {string | null} cursor @param {number} ms 0: never */
  function later(cursor, ms) {
    clearTimeout(waiting);
    waiting = ms === 0 ? undefined : setTimeout(() => ask(cursor), ms);
  }

  /**
   * @param {string | null} cursor null: from the beginning
   * @param {number} [followed] how often a page was not enough
   * @returns {Promise<void>}
   */
  async function ask(cursor, followed = 0) {
    later(null, 0);
    const { wanted } = answer;
    if (wanted === null) return;
    const mine = ++turn;
    const busy = followed === 0 || answer.results.length === 0; // what there is can be gone to meanwhile
    update({ busy, until: null, ...(cursor === null ? {} : { problem: null }) });
    const page = await face.messenger.searchMessages(wanted, cursor);
    if (mine !== turn) return;
    following = null;
    if (page.ok) {
      const results = cursor === null ? page.results : added(answer.results, page.results);
      const full = results.length >= MOST;
      const { complete, here } = page;
      const next = full ? null : page.next_cursor;
      if (here && isLive(face.messenger.state().link)) later(null, RETRY);
      const goesOn = next !== null && page.results.length < FEW && followed < FOLLOWED;
      update({ asked: wanted, results, cursor: next, complete, here, busy: false, problem: null });
      following = goesOn ? ask(next, followed + 1) : null;
      return following ?? undefined;
    }
    const wait = page.code === "rate_limited" ? (page.retry_after_ms ?? 1000) : null;
    if (cursor === null) answer = { ...answer, asked: wanted, results: [], cursor: null };
    update({ busy: false, problem: page, until: wait === null ? null : Date.now() + wait });
    if (wait !== null) later(cursor, wait);
  }

  return {
    get: () => answer,
    /** Look for it, after a pause in typing unless `now`. @param {Wanted} wanted @param {boolean} [now] */
    want(wanted, now = false) {
      const same = answer.wanted !== null && JSON.stringify(answer.wanted) === JSON.stringify(wanted);
      if (same && now && waiting !== undefined) void ask(null);
      if (same) return;
      later(null, 0);
      turn += 1;
      following = null;
      if (isEmpty(wanted)) return update({ ...NOTHING });
      update({ wanted, busy: true, until: null });
      if (now) void ask(null);
      else later(null, PAUSE);
    },
    /** The next page, where there is one and nothing is on its way. */
    more() {
      if (following) return following;
      return answer.busy || answer.cursor === null || answer.until !== null ? null : ask(answer.cursor);
    },
    /** Once more. */
    again: () => void ask(null),
    /** To be told of each State: what was deleted goes; where the link is back, what was looked for here alone is
     * looked for everywhere. @param {import("../../types.js").State} state */
    follow(state) {
      const results = answer.results.filter(({ message }) => !isRemoved(state, message));
      if (results.length < answer.results.length) answer = { ...answer, results };
      if (isBack(state.link) && answer.here) void ask(null);
    },
    stop() {
      later(null, 0);
      turn += 1;
      following = null;
    },
  };
}

/** Each once: the log goes on between two pages. @param {Found[]} before @param {Found[]} page */
function added(before, page) {
  const known = new Set(before.map(keyOf));
  return [...before, ...page.filter((found) => !known.has(keyOf(found)))];
}

/** @param {Found} found */
export const keyOf = ({ message }) => `${message.chat_id}-${message.seq}`;
