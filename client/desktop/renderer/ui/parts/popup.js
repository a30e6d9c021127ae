/** Where a menu or a picker stands: beside what it was opened from, wholly inside the window. */

const GAP = 4;

/** @typedef {Element | {x: number, y: number}} Anchor */

/**
 * The corner of a box beside an anchor: below where there is room, else above; never outside of the window.
 * @param {{width: number, height: number}} box @param {{left: number, right: number, top: number, bottom: number}} anchor
 * @param {{width: number, height: number}} view @param {"start" | "end"} [align] which edges stand in one line
 */
export function cornerOf(box, anchor, view, align = "start") {
  const below = anchor.bottom + GAP;
  const above = anchor.top - GAP - box.height;
  const top = below + box.height <= view.height || above < 0 ? below : above;
  const left = align === "end" ? anchor.right - box.width : anchor.left;
  return {
    left: Math.max(GAP, Math.min(left, view.width - box.width - GAP)),
    top: Math.max(GAP, Math.min(top, view.height - box.height - GAP)),
  };
}

/** Where a menu opens: at the pointer, or at what has the focus where a key asked for it. @param {MouseEvent} event
 * @returns {Anchor} */
export function pointOf({ clientX: x, clientY: y, currentTarget }) {
  return x === 0 && y === 0 && currentTarget instanceof Element ? currentTarget : { x, y };
}

/** @param {HTMLElement} element of position fixed @param {Anchor} at @param {"start" | "end"} [align] */
export function place(element, at, align = "start") {
  const anchor =
    at instanceof Element
      ? at.getBoundingClientRect()
      : { left: at.x, right: at.x, top: at.y - GAP, bottom: at.y - GAP };
  const { width, height } = element.getBoundingClientRect();
  const corner = cornerOf({ width, height }, anchor, { width: innerWidth, height: innerHeight }, align);
  element.style.left = `${corner.left}px`;
  element.style.top = `${corner.top}px`;
}
