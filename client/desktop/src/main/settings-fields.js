/** Which settings there are and which values each may have (renderer/types.js: Settings). Pure. */

"use strict";

/** @typedef {import("../../renderer/types.js", {with: {"resolution-mode": "import"}}).Settings} Settings */

/** @param {...string} values @returns {(value: unknown) => boolean} */
const oneOf =
  (...values) =>
  (value) =>
    typeof value === "string" && values.includes(value);
/** @param {unknown} value */
const flag = (value) => typeof value === "boolean";

/** @param {number} least @param {number} most @returns {(value: unknown) => boolean} */
const between = (least, most) => (value) => typeof value === "number" && value >= least && value <= most;
/** @param {number} most characters @returns {(value: unknown) => boolean} */
const text = (most) => (value) => typeof value === "string" && value.length <= most;

/** @type {Record<keyof Settings, (value: unknown) => boolean>} */
const FIELDS = {
  language: oneOf("ru", "en", "system"),
  theme: oneOf("light", "dark", "system"),
  size: oneOf("s", "m", "l", "xl"),
  notifications: flag,
  notify_text: flag,
  sounds: flag,
  send_key: oneOf("enter", "ctrl_enter"),
  foreign_images: flag,
  close_to_tray: flag,
  autostart: flag,
  spellcheck: flag,
  side_width: between(16, 26),
  recent_emoji: text(1000),
};

/** The fields of `raw` that are settings with values they may have; the rest is left out. @param {unknown} raw */
function validSettings(raw) {
  /** @type {Record<string, unknown>} */
  const settings = {};
  if (typeof raw !== "object" || raw === null) return /** @type {Partial<Settings>} */ (settings);
  for (const [name, valid] of Object.entries(FIELDS)) {
    const value = Object.prototype.hasOwnProperty.call(raw, name) ? Reflect.get(raw, name) : undefined;
    if (valid(value)) settings[name] = value;
  }
  return /** @type {Partial<Settings>} */ (settings);
}

module.exports = { validSettings, FIELD_NAMES: Object.keys(FIELDS) };
