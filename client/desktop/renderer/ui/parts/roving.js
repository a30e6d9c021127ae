/** A list as one tab stop: arrows, Home, End and first letters move the focus among its items. */

import { findAll } from "./elements.js";

const ITEM = "[data-rove]";

/**
 * Handler of `keydown` on the list. @param {KeyboardEvent & {currentTarget: Element}} event
 */
export function rove(event) {
  const items = findAll(event.currentTarget, ITEM, HTMLElement);
  const here = items.findIndex((item) => item === document.activeElement);
  if (here < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
  const next = step(event, here, items.length) ?? byLetter(event.key, items, here);
  if (next === null) return;
  event.preventDefault();
  items[next].focus();
}

/** @param {string} key @param {HTMLElement[]} items @param {number} here @returns {number | null} */
function byLetter(key, items, here) {
  if ([...key].length !== 1 || key === " ") return null;
  const wanted = key.toLowerCase();
  const around = items.map((_, index) => (here + 1 + index) % items.length);
  return around.find((index) => items[index].dataset.rove?.toLowerCase().startsWith(wanted)) ?? here;
}

/**
 * Where an arrow leads in a circle of `count`. @param {{key: string}} event @param {number} here @param {number} count
 * @returns {number | null} null where the key is none of them
 */
export function step({ key }, here, count) {
  switch (key) {
    case "ArrowDown":
      return (here + 1) % count;
    case "ArrowUp":
      return (here + count - (here < 0 ? 0 : 1)) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}
