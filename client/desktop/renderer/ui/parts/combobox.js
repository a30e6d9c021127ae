/** A box to type in over a list of options: the focus stays in the box, the arrows move a mark in the list. */

import { isComposed } from "./keys.js";

/**
 * What a key does to the mark. The list has `count` options, the mark is at `active`.
 * @param {{key: string, isComposing?: boolean, keyCode?: number, ctrlKey?: boolean, altKey?: boolean}} event
 * @param {number} active @param {number} count
 * @returns {{active: number} | {choose: number} | null} null: not a key of the list
 */
export function listKey(event, active, count) {
  if (isComposed(event) || event.ctrlKey || event.altKey || count === 0) return null;
  switch (event.key) {
    case "ArrowDown":
      return { active: (active + 1) % count };
    case "ArrowUp":
      return { active: (active + count - 1) % count };
    case "PageDown":
      return { active: Math.min(count - 1, active + 8) };
    case "PageUp":
      return { active: Math.max(0, active - 8) };
    case "Enter":
      return { choose: Math.min(active, count - 1) };
    default:
      return null;
  }
}

/**
 * Where the mark is, in a list that may be another one by now: it stays with its option, or is on the first one.
 * @param {readonly {id: unknown}[]} options @param {unknown} id of what was marked; null: nothing yet
 */
export const markOf = (options, id) =>
  Math.max(
    0,
    options.findIndex((option) => option.id === id),
  );

/** Bring the marked option into view after the next render. @param {string} id */
export function reveal(id) {
  requestAnimationFrame(() => document.getElementById(id)?.scrollIntoView({ block: "nearest" }));
}
