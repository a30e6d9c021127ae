/** settings.json of a profile: the settings and the address of the server. */

"use strict";

const path = require("node:path");

const { firstAddress } = require("./server-address.js");
const { readObject, writeDurably } = require("./durable-file.js");
const { LIGHT, settingsOf } = require("./rules/settings.js");

/** @typedef {import("./rules/settings.js").Settings} Settings */
/**
 * `values` holds what was saved and is valid; what is absent is as usual. `save` answers
 * what has changed by it; `flush` writes what waits.
 * @typedef {{values: () => Partial<Settings>, save: (values: unknown) => string[], flush: () => void,
 *   server: () => string | null, saveServer: (url: string) => void}} SettingsFile
 */

/** Milliseconds until a change of what is light is written: nobody waits for a disk at each pick of an emoji. */
const LATER = 2_000;

/** @param {string} folder of the profile @returns {SettingsFile} */
function openSettings(folder) {
  const file = path.join(folder, "settings.json");
  const raw = readObject(file);
  let values = settingsOf(raw.settings);
  let server = firstAddress([raw.server]);
  /** @type {NodeJS.Timeout | undefined} */
  let waiting = undefined;
  const write = () => {
    clearTimeout(waiting);
    waiting = undefined;
    writeDurably(file, `${JSON.stringify({ server, settings: values }, null, 2)}\n`);
  };
  return {
    values: () => values,
    save(changed) {
      const before = /** @type {Record<string, unknown>} */ (values);
      const valid = settingsOf(changed);
      const names = Object.entries(valid).flatMap(([name, value]) => (value === before[name] ? [] : [name]));
      values = { ...values, ...valid };
      if (names.some((name) => !LIGHT.includes(name))) write();
      else if (names.length > 0) waiting ??= setTimeout(write, LATER);
      return names;
    },
    flush: () => void (waiting !== undefined && write()),
    server: () => server,
    saveServer(url) {
      server = url;
      write();
    },
  };
}

module.exports = { openSettings };
