/**
 * What differs between the desktop shell (preload.js) and a browser: secrets, settings, notifications, the title's
 * number, links, and how one is woken. The same functions in both.
 */

import { externalLink } from "./rules/external.js";
import { openDatabase, transact } from "./store/idb.js";
import { describeBrowser } from "./words/device.js";
import { accountName, keepInTab, keptInTab, secretName } from "./store/tab.js";

/** @typedef {import("./types.js").Desktop} Desktop @typedef {import("./types.js").Saving} Saving */
/**
 * `desktop`: this is the shell. `durable`: this machine keeps something. Accounts: who was logged in last at a server;
 * `remembered` past the end of the tab, or of the app.
 * @typedef {{user: import("./types.js").PrivateUser, remembered: boolean}} Account
 * @typedef {Desktop & {desktop: boolean, durable: boolean, loadAccount: (url: string) => Promise<Account | null>,
 *   saveAccount: (url: string, account: Account | null) => Promise<void>,
 *   watchSaving: (listener: ((saving: Saving) => void) | null) => void}} Platform `watchSaving`: the last one is told
 */

const SETTINGS = "vestnik settings";
const STORES = { secrets: {}, accounts: {} };

/** @returns {Promise<Platform>} */
export async function createPlatform() {
  const store = new Map();
  const database = await openDatabase("vestnik", 1, STORES).catch(() => null);
  /** @param {string} name @param {string} key @returns {Promise<any>} */
  const load = async (name, key) => {
    if (!database) return store.get(`${name} ${key}`) ?? null;
    return (await transact(database, [name], "readonly", (open) => open(name).get(key))).result ?? null;
  };
  /** @param {string} name @param {string} key @param {any} value null: none */
  const save = async (name, key, value) => {
    if (!database) return void store.set(`${name} ${key}`, value);
    const write = (/** @type {(name: string) => IDBObjectStore} */ open) =>
      void (value === null ? open(name).delete(key) : open(name).put(value, key));
    await transact(database, [name], "readwrite", write, true);
  };
  const shell = window.vestnik ?? browser({ load, save, durable: database !== null });
  /** @type {((saving: Saving) => void) | null} */
  let watching = null;
  shell.onSaving((saving) => watching?.(saving));
  return {
    ...shell,
    watchSaving: (listener) => void (watching = listener),
    desktop: window.vestnik !== undefined,
    durable: database !== null,
    onWake: (listener) => {
      shell.onWake(listener);
      window.addEventListener("online", () => listener());
      window.addEventListener("focus", () => listener());
      document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && listener());
    },
    async loadAccount(url) {
      const here = await shell.loadSecret(accountName(url)).catch(() => null);
      if (here !== null) return { user: parsed(here), remembered: false };
      const user = await load("accounts", url).catch(() => null);
      return user && { user, remembered: true };
    },
    async saveAccount(url, account) {
      const remembered = account?.remembered ?? false;
      if (account && !remembered) await shell.saveSecret(accountName(url), JSON.stringify(account.user), false);
      else await shell.deleteSecret(accountName(url));
      await save("accounts", url, remembered ? account?.user : null);
    },
  };
}

/**
 * @param {{load: (name: string, key: string) => Promise<any>, durable: boolean,
 *   save: (name: string, key: string, value: any) => Promise<void>}} kept
 * @returns {Desktop}
 */
function browser({ load, save, durable }) {
  /** Of this page: others cannot be had. @type {Map<string, {note: Notification, seq: number}>} */
  const notes = new Map();
  /** @type {((chatId: number) => void)[]} */
  const openers = [];
  return {
    info: async () => ({
      version: "web",
      os: describeBrowser(navigator.userAgent) || "web",
      server: location.origin,
      server_fixed: true,
      keyring: false,
      notifications: "Notification" in window && Notification.permission === "granted",
      tray: false,
      autostart: false,
      languages: [...navigator.languages],
    }),
    probe: async () => ({ ok: false, code: "forbidden" }),
    setServer: async () => ({ ok: false, code: "forbidden" }),
    loadSecret: async (name) => keptInTab(secretName(name)) ?? (await load("secrets", name)),
    async saveSecret(name, value, consent) {
      const kept = consent && durable;
      // where it finds no room, the one before does not stay in its place: that is used up
      if (!keepInTab(secretName(name), kept ? null : value)) keepInTab(secretName(name), null);
      try {
        await save("secrets", name, kept ? value : null);
      } catch (error) {
        console.error("the log-in could not be stored:", error);
        await save("secrets", name, null).catch(() => {});
        return "memory";
      }
      return kept ? "file" : "memory";
    },
    async deleteSecret(name) {
      keepInTab(secretName(name), null);
      await save("secrets", name, null);
    },
    loadSettings: async () => {
      try {
        return parsed(localStorage.getItem(SETTINGS));
      } catch {
        return {}; // the user lets pages keep nothing
      }
    },
    saveSettings: async (settings) => {
      try {
        localStorage.setItem(SETTINGS, JSON.stringify(settings));
      } catch {
        // they hold until the page is closed
      }
    },
    async notify({ tag, title: head, body, chat_id, seq, silent }) {
      // asking for the permission is for a click in the settings
      if (!("Notification" in window) || Notification.permission !== "granted") return false;
      const note = new Notification(head, { tag, body, silent });
      notes.set(tag, { note, seq });
      note.onclick = () => {
        window.focus();
        note.close();
        if (chat_id !== 0) for (const open of openers) open(chat_id); // a summary is of no chat alone
      };
      note.onclose = () => notes.get(tag)?.note === note && notes.delete(tag); // another one may be in its place
      return true;
    },
    notes: async () => [],
    async closeNote(tag, first = 0, last = Number.MAX_SAFE_INTEGER) {
      const there = notes.get(tag);
      if (!there || there.seq < first || there.seq > last) return;
      notes.delete(tag);
      there.note.close();
    },
    async closeNotes() {
      for (const { note } of notes.values()) note.close();
      notes.clear();
    },
    setBadge: () => {}, // the title of the page has the number (ui/notify.js)
    openExternal: async (url) => {
      const link = externalLink(url, { plain: true }); // the face asks before it opens plain http
      if (link) window.open(link, "_blank", "noopener,noreferrer");
      return link !== null;
    },
    attention: () => {},
    onOpenChat: (listener) => void openers.push(listener),
    onWake: () => {},
    onMenu: () => {},
    saveFile: async () => false, // a link does it
    onSaved: () => {}, // the browser tells of its downloads itself
    onSaving: () => {},
    stopSaving: () => {},
    collectGarbage: () => {}, // a browser does it when it likes
    showInFolder: async () => false,
  };
}

/** @param {string | null} text @returns {any} */
function parsed(text) {
  try {
    const found = JSON.parse(text ?? "{}");
    return typeof found === "object" && found !== null ? found : {};
  } catch {
    return {};
  }
}
