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
  { id: "send", group: "write", keys: ["Enter"], label: "keys.send", by: "part" },
  { id: "line", group: "write", keys: ["Shift", "Enter"], label: "keys.line", by: "part" },
  { id: "edit", group: "write", keys: ["↑"], label: "keys.edit", by: "part" },
  { id: "bold", group: "write", keys: ["Ctrl", "B"], label: "keys.bold", by: "part" },
  { id: "italic", group: "write", keys: ["Ctrl", "I"], label: "keys.italic", by: "part" },
  { id: "struck", group: "write", keys: ["Ctrl", "Shift", "X"], label: "keys.struck", by: "part" },
  { id: "code", group: "write", keys: ["Ctrl", "Shift", "M"], label: "keys.code", by: "part" },
  { id: "find", group: "log", keys: ["Ctrl", "F"], label: "keys.find", by: "window" },
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

/** What a layout without Latin letters types on the same key. @type {Record<string, string>} */
const CODES = {
  KeyK: "K",
  KeyN: "N",
  KeyF: "F",
  KeyR: "R",
  KeyC: "C",
  Comma: ",",
  Slash: "/",
  ArrowUp: "↑",
  ArrowDown: "↓",
  F6: "F6",
  F10: "F10",
  Escape: "Esc",
  Enter: "Enter",
};

/**
 * The quick key that was pressed, by its place on the keyboard, so that it works in a Russian layout too.
 * @param {{code: string, key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, shiftKey: boolean}} event
 * @returns {{id: string, digit: number} | null} `digit` for Ctrl 1…9, else 0
 */
export function quickKey(event) {
  const control = event.ctrlKey || event.metaKey;
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
  if (digit && control && !event.altKey && !event.shiftKey) return { id: "nth", digit: Number(digit[1]) };
  const name = CODES[event.code];
  if (!name) return null;
  const pressed = [control && "Ctrl", event.altKey && "Alt", event.shiftKey && "Shift", name].filter(Boolean).join("+");
  const found = KEYS.find((key) => key.by === "window" && key.keys.join("+") === pressed);
  return found ? { id: found.id, digit: 0 } : null;
}
