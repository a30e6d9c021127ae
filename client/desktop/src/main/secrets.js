/**
 * Secrets by name: with the user's consent in the system's keyring, or, where there is none, in a file of mode 0600; else
 * in memory. A secret that cannot be read any more is null, so that the page asks for log-in; nothing else is
 * touched for it.
 */

"use strict";

const fs = require("node:fs");
const path = require("node:path");

const { readObject, writeDurably } = require("./durable-file.js");

/** @typedef {"keyring" | "file" | "memory"} Place */
/** @typedef {{place: "keyring" | "file", data: string}} Entry `data` of the keyring: base64 of what it encrypted */
/**
 * @typedef {{load: (name: string) => Promise<string | null>,
 *   save: (name: string, value: string, consent: boolean) => Promise<Place>,
 *   remove: (name: string) => Promise<void>}} Secrets
 */

/**
 * @param {string} folder of the profile @param {import("./compat.js").Keyring} keyring
 * @param {(message: string, error: unknown) => void} report
 * @returns {Secrets}
 */
function openSecrets(folder, keyring, report) {
  const file = path.join(folder, "secrets.json");
  const entries = readEntries(file);
  /** @type {Map<string, string>} */
  const memory = new Map();

  const write = () => {
    if (entries.size > 0) writeDurably(file, JSON.stringify(Object.fromEntries(entries)));
    else fs.rmSync(file, { force: true });
  };

  /** @type {Promise<unknown>} */
  let last = Promise.resolve();
  /** The keyring takes its time, and a later save must not be overtaken. @template T @param {() => Promise<T>} job */
  const inTurn = (job) => {
    const turn = last.then(job);
    last = turn.catch(() => {});
    return turn;
  };

  /** What is saved under a name changes whole or not at all. @param {string} name @param {Entry | undefined} entry */
  const put = (name, entry) => {
    const before = entries.get(name);
    if (entry === undefined && before === undefined) return;
    if (entry === undefined) entries.delete(name);
    else entries.set(name, entry);
    try {
      write();
    } catch (error) {
      if (before === undefined) entries.delete(name);
      else entries.set(name, before);
      throw error;
    }
  };

  /** @param {string} value @returns {Promise<Entry | null>} */
  const encrypted = async (value) => {
    try {
      if (!(await keyring.available())) return null;
      return { place: "keyring", data: (await keyring.encrypt(value)).toString("base64") };
    } catch (error) {
      report("The keyring did not take a secret", error);
      return null;
    }
  };

  return {
    load: (name) => inTurn(() => load(name)),
    save: (name, value, consent) => inTurn(() => save(name, value, consent)),
    remove: (name) =>
      inTurn(async () => {
        memory.delete(name);
        put(name, undefined);
      }),
  };

  /** @param {string} name @returns {Promise<string | null>} */
  async function load(name) {
    const entry = entries.get(name);
    if (memory.has(name) || entry === undefined) return memory.get(name) ?? null;
    if (entry.place === "file") return entry.data;
    try {
      return await keyring.decrypt(Buffer.from(entry.data, "base64"));
    } catch (error) {
      report("A saved secret cannot be decrypted", error);
      return null;
    }
  }

  /** @param {string} name @param {string} value @param {boolean} consent @returns {Promise<Place>} */
  async function save(name, value, consent) {
    const entry = consent ? ((await encrypted(value)) ?? /** @type {Entry} */ ({ place: "file", data: value })) : null;
    if (entry !== null) {
      try {
        put(name, entry);
        memory.delete(name);
        return entry.place;
      } catch (error) {
        report("A secret could not be written", error);
      }
    }
    memory.set(name, value);
    forget(name);
    return "memory";
  }

  /** A newer value is in memory: the older one must not come back after a restart. @param {string} name */
  function forget(name) {
    try {
      put(name, undefined);
    } catch (error) {
      report("An old secret could not be removed", error);
    }
  }
}

/** @param {string} file @returns {Map<string, Entry>} */
function readEntries(file) {
  const entries = new Map();
  for (const [name, raw] of Object.entries(readObject(file))) {
    const entry = /** @type {any} */ (raw);
    if (typeof entry?.data === "string" && (entry.place === "keyring" || entry.place === "file")) {
      entries.set(name, { place: entry.place, data: entry.data });
    }
  }
  return entries;
}

module.exports = { openSecrets };
