/** The quick keys: one table, which the window obeys and the help dialog shows. */

/**
 * `keys` names them as a keyboard does; `by` says who obeys: the whole `window`, or the part that has the focus.
 * `label` is a key of the locales.
 * @typedef {{id: string, group: "chats" | "write" | "log" | "window", keys: string[], label: string,
 *   by: "window" | "part"}} Key
 */

/** @type {readonly Key[]} */
export const KEYS = Object.freeze([
  { id: "switcher", group: "chats", keys: ["Ctrl", "K"], label: "keys.switcher", by: "window" },
  { id: "new-chat", group: "chats", keys: ["Ctrl", "N"], label: "keys.newchat", by: "window" },
  { id: "new-group", group: "chats", keys: ["Ctrl", "Shift", "N"], label: "keys.newgroup", by: "window" },
  { id: "previous", group: "chats", keys: ["Alt", "↑"], label: "keys.previous", by: "window" },
  { id: "next", group: "chats", keys: ["Alt", "↓"], label: "keys.next", by: "window" },
  { id: "next-unread", group: "chats", keys: ["Alt", "Shift", "↓"], label: "keys.unread", by: "window" },
  { id: "nth", group: "chats", keys: ["Ctrl", "1…9"], label: "keys.nth", by: "window" },
  { id: "search", group: "chats", keys: ["Ctrl", "Shift", "F"], label: "keys.search", by: "window" },
  { id: "filter", group: "chats", keys: ["Ctrl", "Shift", "L"], label: "keys.filter", by: "window" },
  { id: "send", group: "write", keys: ["Enter"], label: "keys.send", by: "part" },
  { id: "line", group: "write", keys: ["Shift", "Enter"], label: "keys.line", by: "part" },
  { id: "edit", group: "write", keys: ["↑"], label: "keys.edit", by: "part" },
  { id: "bold", group: "write", keys: ["Ctrl", "B"], label: "keys.bold", by: "part" },
  { id: "italic", group: "write", keys: ["Ctrl", "I"], label: "keys.italic", by: "part" },
  { id: "struck", group: "write", keys: ["Ctrl", "Shift", "X"], label: "keys.struck", by: "part" },
  { id: "code", group: "write", keys: ["Ctrl", "Shift", "M"], label: "keys.code", by: "part" },
  { id: "find", group: "log", keys: ["Ctrl", "F"], label: "keys.find", by: "window" },
  { id: "find-next", group: "log", keys: ["F3"], label: "keys.find_next", by: "window" },
  { id: "back", group: "log", keys: ["Alt", "←"], label: "keys.back", by: "window" },
  { id: "move", group: "log", keys: ["↑", "↓"], label: "keys.move", by: "part" },
  { id: "reply", group: "log", keys: ["R"], label: "keys.reply", by: "part" },
  { id: "react", group: "log", keys: ["E"], label: "keys.react", by: "part" },
  { id: "copy", group: "log", keys: ["Ctrl", "C"], label: "keys.copy", by: "part" },
  { id: "select", group: "log", keys: ["Space"], label: "keys.select", by: "part" },
  { id: "remove", group: "log", keys: ["Del"], label: "keys.remove", by: "part" },
  { id: "menu", group: "log", keys: ["Shift", "F10"], label: "keys.menu", by: "part" },
  { id: "region", group: "window", keys: ["F6"], label: "keys.region", by: "window" },
  { id: "settings", group: "window", keys: ["Ctrl", ","], label: "keys.settings", by: "window" },
  { id: "shortcuts", group: "window", keys: ["Ctrl", "/"], label: "keys.help", by: "window" },
  { id: "close", group: "window", keys: ["Esc"], label: "keys.close", by: "window" },
]);

/** Keys by their place, for layouts that have no Latin letters, and for what has no letter. @type {Record<string, string>} */
const CODES = {
  Comma: ",",
  Slash: "/",
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  F3: "F3",
  F6: "F6",
  F10: "F10",
  Delete: "Delete",
  Escape: "Esc",
  Enter: "Enter",
};

/** Keys that go the other way with Shift. @type {Record<string, string>} */
const BACKWARDS = { F3: "find-next", F6: "region" };

/** On a Mac its keys move the caret. */
const OF_CARET = "back";

/** On a Mac the command key commands; with Ctrl the system edits text. */
const MAC = globalThis.navigator?.platform?.startsWith("Mac") ?? false;

/** As Macs write them, in the order in which those stand there. @type {Record<string, string>} */
const OF_MAC = { Alt: "⌥", Shift: "⇧", Ctrl: "⌘" };

/** What the keys are called on this machine, one by one. @param {readonly string[]} keys as in the table @param {boolean} [mac] */
export function keyNames(keys, mac = MAC) {
  if (!mac) return [...keys];
  const held = Object.keys(OF_MAC).filter((key) => keys.includes(key));
  return [...held.map((key) => OF_MAC[key]), ...keys.filter((key) => !(key in OF_MAC))];
}

/** In one, as a tooltip or a menu names them. @param {readonly string[]} keys @param {string} [between] where they are words
 * @param {boolean} [mac] */
export const keyName = (keys, between = "+", mac = MAC) => keyNames(keys, mac).join(mac ? "" : between);

/** The quick keys that there are on this machine. @param {boolean} [mac] */
export const keysHere = (mac = MAC) => KEYS.filter(({ id }) => !mac || id !== OF_CARET);

/** The key that makes a command of a letter is held. @param {{ctrlKey: boolean, metaKey: boolean}} event @param {boolean} [mac] */
export const commands = ({ ctrlKey, metaKey }, mac = MAC) => (mac ? metaKey && !ctrlKey : ctrlKey || metaKey);

/**
 * The key of an IME: it belongs to the word that is being composed. In Safari the one that ends the composition comes
 * after it, and only its code tells.
 * @param {{isComposing?: boolean, keyCode?: number}} event
 */
export function isComposed(event) {
  return event.isComposing === true || event.keyCode === 229;
}

/**
 * What a key is called in the table of quick keys: what it types where that is a Latin letter or a sign, whatever the
 * layout; its place where the layout types something else there, as the Russian one does.
 * @param {{code: string, key: string}} event
 */
export function nameOfKey({ code, key }) {
  if (code === "Slash" && key === ".") return "/"; // as in a Russian layout; no other has a full stop there
  const typed = key.length === 1 && key > " " && key <= "~" ? key.toUpperCase() : null;
  return typed ?? /^Key([A-Z])$/.exec(code)?.[1] ?? CODES[code];
}

/**
 * The quick key that was pressed.
 * @param {{code: string, key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, shiftKey: boolean}} event
 * @param {boolean} [mac] whether the command key commands
 * @returns {{id: string, digit: number} | null} `digit` for Ctrl 1…9; -1 for backwards; else 0
 */
export function quickKey(event, mac = MAC) {
  if (mac && event.ctrlKey) return null;
  const control = commands(event, mac);
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
  if (digit && control && !event.altKey && !event.shiftKey) return { id: "nth", digit: Number(digit[1]) };
  const name = nameOfKey(event);
  if (!name) return null;
  if (event.shiftKey && !control && !event.altKey && name in BACKWARDS) return { id: BACKWARDS[name], digit: -1 };
  const pressed = [control && "Ctrl", event.altKey && "Alt", event.shiftKey && "Shift", name].filter(Boolean).join("+");
  const found = KEYS.find((key) => key.by === "window" && key.keys.join("+") === pressed);
  if (mac && found?.id === OF_CARET) return null;
  return found ? { id: found.id, digit: 0 } : null;
}
