/** What each call of the page may carry. Pure; a call that carries something else is a bug or an attack. */

"use strict";

const { EVENTS } = require("./page-events.js");

/** @typedef {(value: unknown) => boolean} Check */

/** @param {number} longest in UTF-16 units @returns {Check} */
const text = (longest) => (value) => typeof value === "string" && value.length <= longest;
/** @type {Check} */
const flag = (value) => typeof value === "boolean";
/** @param {number} least @param {number} most @returns {Check} */
const whole = (least, most) => (value) =>
  Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
/** Printable ASCII: a name is a key in a file. @type {Check} */
const secretName = (value) => typeof value === "string" && /^[ -~]{1,200}$/.test(value);
/** @type {Check} */
const object = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/** @param {Record<string, Check>} fields @returns {Check} exactly these fields */
const shape = (fields) => (value) =>
  object(value) &&
  Object.keys(/** @type {object} */ (value)).length === Object.keys(fields).length &&
  Object.entries(fields).every(([name, check]) => check(Reflect.get(/** @type {object} */ (value), name)));

const seq = whole(0, Number.MAX_SAFE_INTEGER);
const note = shape({
  tag: text(200),
  title: text(500),
  body: text(4000),
  chat_id: whole(0, Number.MAX_SAFE_INTEGER), // 0: of no chat alone
  seq,
  silent: flag,
});

/** By name of the call, its arguments in order. @type {Record<string, Check[]>} */
const CALLS = {
  info: [],
  probe: [text(4096)],
  setServer: [text(4096)],
  loadSecret: [secretName],
  saveSecret: [secretName, text(16384), flag],
  deleteSecret: [secretName],
  loadSettings: [],
  saveSettings: [object],
  notify: [note],
  notes: [],
  closeNote: [text(200), seq, seq],
  closeNotes: [],
  setBadge: [whole(0, 1_000_000), text(500)],
  openExternal: [text(8192)],
  attention: [],
  saveFile: [text(4096)],
  stopSaving: [],
  showInFolder: [whole(1, Number.MAX_SAFE_INTEGER)],
  listens: [(value) => EVENTS.includes(String(value))],
};

/** @param {string} call @param {unknown[]} values */
function acceptable(call, values) {
  const checks = Object.prototype.hasOwnProperty.call(CALLS, call) ? CALLS[call] : undefined;
  return checks !== undefined && checks.length === values.length && checks.every((check, n) => check(values[n]));
}

module.exports = { acceptable, CALL_NAMES: Object.keys(CALLS) };
