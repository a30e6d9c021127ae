/** The pinned messages of a chat, as the events of its log leave them. */

import { changedBy } from "./timeline.js";

/** @typedef {import("../types.js").Message} Message @typedef {import("../types.js").Event} Event */

/** In the order in which they are shown: the newest message first. @param {Message[]} messages */
export function inOrder(messages) {
  return [...messages].sort((one, other) => other.seq - one.seq);
}

/**
 * @param {Message[]} pins the newest first @param {Event} event @param {Message | null} target its message, where that
 *   is in memory
 * @returns {Message[] | null} the same where nothing changed; null: they are to be asked for again
 */
export function pinsAfter(pins, event, target) {
  const seq = event.target_seq ?? 0;
  const there = pins.some((message) => message.seq === seq);
  switch (event.event) {
    case "pinned":
      if (there) return pins;
      return target && !target.deleted ? inOrder([...pins, target]) : null;
    case "unpinned":
    case "deleted":
      return there ? pins.filter((message) => message.seq !== seq) : pins;
    default:
      return there ? pins.map((message) => changedBy(message, event)) : pins;
  }
}
