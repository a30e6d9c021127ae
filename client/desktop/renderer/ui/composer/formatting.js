/** Formatting in the field where one writes, so that it can be undone like typing. */

import { wrapped } from "../../words/wrap.js";
import { isComposed, nameOfKey } from "../parts/keys.js";

/** By the name of the key, without and with Shift. @type {Record<string, "**" | "_" | "~~" | "`">} */
const MARKS = { B: "**", I: "_", "Shift+X": "~~", "Shift+M": "`" };

/** Whether the key was one of these. @param {KeyboardEvent} event @param {HTMLTextAreaElement} area */
export function formatByKey(event, area) {
  const control = event.ctrlKey || event.metaKey;
  const mark = MARKS[(event.shiftKey ? "Shift+" : "") + nameOfKey(event)];
  if (!control || event.altKey || isComposed(event) || !mark) return false;
  event.preventDefault();
  const { from, to, text, select } = wrapped(area.value, area.selectionStart, area.selectionEnd, mark);
  area.setSelectionRange(from, to);
  insertText(area, text);
  area.setSelectionRange(...select);
  return true;
}

/** In place of the selection, by the browser's own typing: Ctrl+Z takes it back. @param {HTMLTextAreaElement} area @param {string} text */
export function insertText(area, text) {
  area.focus();
  if (text ? document.execCommand("insertText", false, text) : document.execCommand("delete")) return;
  area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new InputEvent("input", { bubbles: true }));
}
