/** Where a window was and where it may open now. Pure. */

"use strict";

const MINIMUM = { width: 360, height: 480 };
const USUAL = { width: 1120, height: 760 };
/** So much of a window's head must be on a display, in px, for it to be found and dragged. */
const GRIP = { width: 80, height: 24 };

/** @typedef {{x: number, y: number, width: number, height: number}} Box */
/** @typedef {{x?: number, y?: number, width: number, height: number, maximised: boolean}} WindowState */

/**
 * The saved state brought onto the displays that are present: the size within the largest, the position kept only
 * where the window can be seen.
 * @param {Record<string, unknown>} saved as read from a file, unchecked
 * @param {Box[]} displays their work areas
 * @returns {WindowState}
 */
function fitWindow(saved, displays) {
  const widest = Math.max(MINIMUM.width, ...displays.map((display) => display.width));
  const highest = Math.max(MINIMUM.height, ...displays.map((display) => display.height));
  const width = within(saved.width, MINIMUM.width, widest, USUAL.width);
  const height = within(saved.height, MINIMUM.height, highest, USUAL.height);
  const maximised = saved.maximised === true;
  const { x, y } = saved;
  if (!Number.isInteger(x) || !Number.isInteger(y)) return { width, height, maximised };
  const box = { x: Number(x), y: Number(y), width, height };
  return displays.some((display) => canBeGrasped(box, display)) ? { ...box, maximised } : { width, height, maximised };
}

/** @param {unknown} value @param {number} least @param {number} most @param {number} usual */
function within(value, least, most, usual) {
  const wanted = Number.isInteger(value) ? Number(value) : usual;
  return Math.min(Math.max(wanted, least), most);
}

/** Whether enough of the window's head lies on the display. @param {Box} box @param {Box} display */
function canBeGrasped(box, display) {
  const seen = Math.min(box.x + box.width, display.x + display.width) - Math.max(box.x, display.x);
  const below = display.y + display.height - box.y;
  return seen >= GRIP.width && box.y >= display.y && below >= GRIP.height;
}

module.exports = { fitWindow, MINIMUM };
