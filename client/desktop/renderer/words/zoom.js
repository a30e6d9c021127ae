/**
 * Where a picture lies that is zoomed and moved: `x`, `y` is its middle, from the middle of what it is seen through, in
 * pixels; `scale` 1 is as it is without. Pure.
 *
 * @typedef {{scale: number, x: number, y: number}} View
 * @typedef {{width: number, height: number}} Size
 */

/** @type {View} */
export const WHOLE = Object.freeze({ scale: 1, x: 0, y: 0 });

/**
 * Zoom so that the point stays where it is. @param {View} view @param {number} scale @param {{x: number, y: number}} at from
 * the middle @returns {View}
 */
export function zoomedAt(view, scale, { x, y }) {
  const factor = scale / view.scale;
  return { scale, x: x - (x - view.x) * factor, y: y - (y - view.y) * factor };
}

/** No further aside than its edges reach. @param {View} view @param {Size} picture at scale 1 @param {Size} through
 * @returns {View} */
export function heldIn({ scale, x, y }, picture, through) {
  const [most, high] = [picture.width * scale - through.width, picture.height * scale - through.height];
  return { scale, x: between(x, Math.max(0, most / 2)), y: between(y, Math.max(0, high / 2)) };
}

/** @param {number} value @param {number} most */
function between(value, most) {
  return Math.min(Math.max(value, -most), most) || 0;
}

/** The size at which a picture is seen whole, never larger than it is. @param {Size} picture @param {Size} through
 * @returns {Size} */
export function fitted({ width, height }, through) {
  const scale = Math.min(1, through.width / width, through.height / height);
  return { width: width * scale, height: height * scale };
}
