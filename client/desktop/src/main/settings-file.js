/** settings.json of a profile: the settings and the address of the server. */

"use strict";

const path = require("node:path");

const { firstAddress } = require("./server-address.js");
const { readObject, writeDurably } = require("./durable-file.js");
const { validSettings } = require("./settings-fields.js");

/** @typedef {import("./settings-fields.js").Settings} Settings */
/**
 * `values` holds what was saved and is valid; what is absent has the page's default, or this shell's (off). `save` answers
 * what has changed by it; `flush` writes what waits.
 * @typedef {{values: () => Partial<Settings>, save: (values: unknown) => string[], flush: () => void,
 *   server: () => string | null, saveServer: (url: string) => void}} SettingsFile
 */

/** What changes at a glance and is no loss: it is not worth waiting for a disk at each pick of an emoji. */
const LIGHT = ["recent_emoji", "side_width"];
/** Milliseconds until such a change is written. */
const LATER = 2_000;

/** @param {string} folder of the profile @returns {SettingsFile} */
function openSettings(folder) {
  const file = path.join(folder, "settings.json");
  const raw = readObject(file);
  let values = validSettings(raw.settings);
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
      const valid = validSettings(changed);
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
