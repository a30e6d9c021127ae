/** The keys of a row that is not in the log yet: what its menu names (context.js). */

import { shownAtEnd } from "../../state/changes.js";
import { currentTimeline } from "../../state/chat-list.js";
import { hasLostSource } from "../../state/removed.js";
import { copyAndTell } from "../parts/copying.js";
import { commands, nameOfKey } from "../parts/keys.js";
import { askRemove } from "./acts.js";
import { moveFocus } from "./moving.js";

/** @typedef {import("../../types.js").Echo} Echo */

/**
 * Whether the key did something with the row.
 * @param {import("../face.js").Face} face @param {KeyboardEvent} event @param {HTMLElement} article
 */
export function actOnEcho(face, event, article) {
  const cid = article.closest("li")?.dataset.cid;
  const echo = cid === undefined ? null : shownEcho(face.messenger.state(), cid);
  if (!echo) return false;
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
  if (plain && nameOfKey(event) === "Delete") {
    void remove(face, echo, article);
    return true;
  }
  const copies = commands(event) && !event.altKey && !event.shiftKey && nameOfKey(event) === "C";
  if (!copies || !(document.getSelection()?.isCollapsed ?? true) || hasLostSource(face.messenger.state(), echo)) {
    return false;
  }
  void copyAndTell(face, echo.content);
  return true;
}

/** The focus goes on to the row before. @param {import("../face.js").Face} face @param {Echo} echo @param {HTMLElement} article */
async function remove(face, echo, article) {
  if (!(await askRemove(face, echo.chat_id, [echo]))) return;
  const { activeElement: focused, body } = document;
  if (focused === null || focused === body || focused === article) moveFocus(-1, article);
}

/** As the log shows it: with the text that it was given meanwhile. @param {import("../../types.js").State} state @param {string} cid
 * @returns {Echo | null} */
function shownEcho(state, cid) {
  return shownAtEnd(currentTimeline(state)?.echoes ?? []).find((echo) => echo.cid === cid) ?? null;
}
