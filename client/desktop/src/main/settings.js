/** settings.json of a profile: the settings and the address of the server. */

"use strict";

const path = require("node:path");

const { firstAddress } = require("./address.js");
const { readObject, writeDurably } = require("./durable-file.js");
const { validSettings } = require("./settings-fields.js");

/** @typedef {import("./settings-fields.js").Settings} Settings */
/**
 * `values` holds what was saved and is valid; what is absent has the page's default, or this shell's (off).
 * @typedef {{values: () => Partial<Settings>, save: (values: unknown) => void,
 *   server: () => string | null, saveServer: (url: string) => void}} SettingsFile
 */

/** @param {string} folder of the profile @returns {SettingsFile} */
function openSettings(folder) {
  const file = path.join(folder, "settings.json");
  const raw = readObject(file);
  let values = validSettings(raw.settings);
  let server = firstAddress([raw.server]);
  const write = () => writeDurably(file, `${JSON.stringify({ server, settings: values }, null, 2)}\n`);
  return {
    values: () => values,
    save(changed) {
      values = { ...values, ...validSettings(changed) };
      write();
    },
    server: () => server,
    saveServer(url) {
      server = url;
      write();
    },
  };
}

module.exports = { openSettings };
