// Made of renderer/rules/settings.js by scripts/rules.mjs: change that one.
"use strict";

/** Which settings there are, what each may be, and what it is where nobody chose. */

/**
 * `light`: it changes at a glance and is no loss, so that nothing waits for a disk because of it.
 * `font size`: s to xl. `send_key`: what sends; the other breaks the line. `notify_text` false hides what was written.
 * `foreign_images`: avatars from other https hosts may be loaded. `side_width`: of the list of chats, in rem.
 * `recent_emoji`: the newest first, apart by spaces; `most` counts UTF-16 units.
 */
const SETTINGS = /** @type {const} */ ({
  language: { kind: "choice", usual: "ru", of: ["ru", "en", "system"] },
  theme: { kind: "choice", usual: "system", of: ["system", "light", "dark"] },
  size: { kind: "choice", usual: "m", of: ["s", "m", "l", "xl"] },
  notifications: { kind: "flag", usual: true },
  notify_text: { kind: "flag", usual: true },
  sounds: { kind: "flag", usual: true },
  send_key: { kind: "choice", usual: "enter", of: ["enter", "ctrl_enter"] },
  foreign_images: { kind: "flag", usual: false },
  close_to_tray: { kind: "flag", usual: false },
  autostart: { kind: "flag", usual: false },
  spellcheck: { kind: "flag", usual: false },
  side_width: { kind: "number", usual: 20, least: 16, most: 26, light: true },
  recent_emoji: { kind: "text", usual: "", most: 1000, light: true },
});

/** @typedef {keyof typeof SETTINGS} Name
 * @typedef {{kind: "choice", of: readonly string[]} | {kind: "flag"} | {kind: "number", least: number, most: number} |
 *   {kind: "text", most: number}} Field */
/** @template F @typedef {F extends {kind: "choice", of: readonly (infer Value)[]} ? Value : F extends {kind: "flag"} ? boolean :
 *   F extends {kind: "number"} ? number : string} ValueOf */
/** @typedef {{-readonly [N in Name]: ValueOf<(typeof SETTINGS)[N]>}} Settings */

/** What is not chosen. @type {Readonly<Settings>} */
const USUAL = Object.freeze(
  /** @type {Settings} */ (Object.fromEntries(Object.entries(SETTINGS).map(([name, { usual }]) => [name, usual]))),
);

/** The names of those that are `light`. @type {readonly string[]} */
const LIGHT = Object.entries(SETTINGS).flatMap(([name, field]) => ("light" in field ? [name] : []));

/** The members of `raw` that are settings with values that they may have; a file may hold anything.
 * @param {unknown} raw @returns {Partial<Settings>} */
function settingsOf(raw) {
  if (typeof raw !== "object" || raw === null) return {};
  const found = Object.entries(SETTINGS).flatMap(([name, field]) => {
    const value = Object.prototype.hasOwnProperty.call(raw, name) ? Reflect.get(raw, name) : undefined;
    return isOf(field, value) ? [[name, value]] : [];
  });
  return Object.fromEntries(found);
}

/** @param {Field} field @param {unknown} value */
function isOf(field, value) {
  switch (field.kind) {
    case "choice":
      return typeof value === "string" && field.of.includes(value);
    case "flag":
      return typeof value === "boolean";
    case "number":
      return typeof value === "number" && value >= field.least && value <= field.most;
    case "text":
      return typeof value === "string" && value.length <= field.most;
  }
}

module.exports = { SETTINGS, USUAL, LIGHT, settingsOf };
