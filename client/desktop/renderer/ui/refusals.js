/** Changes that the server refused: they are taken back, and the reason is told. A refused edit stays in the log, as its
 * text is not to be lost. */

import { t } from "../words/i18n.js";
import { refusalText } from "./parts/refusal.js";

/** @typedef {import("../types.js").State} State @typedef {import("../types.js").Echo} Echo */

export class Refusals {
  /** Cids that were told. @type {Set<string>} */
  #told = new Set();
  /** @type {Map<number, Echo[]> | null} */
  #seen = null;

  /** @param {import("./face.js").Face} face */
  constructor(face) {
    this.face = face;
  }

  /** After each render. @param {State} state */
  rendered(state) {
    const lists = state.echoes.lists;
    if (lists === this.#seen) return;
    this.#seen = lists;
    for (const list of lists.values()) {
      for (const echo of list) if (echo.state === "failed" && echo.kind !== "send") this.#tell(echo);
    }
  }

  /** @param {Echo} echo */
  #tell(echo) {
    if (this.#told.has(echo.cid)) return;
    this.#told.add(echo.cid);
    const { chats, current } = this.face.messenger.state();
    if (echo.kind === "edit" && current === echo.chat_id) return; // it is in sight
    const reason = refusalText(echo, chats.get(echo.chat_id));
    this.face.overlays.toast({ text: t(`refused.${echo.kind}`, { reason }) });
    if (echo.kind !== "edit") void this.face.messenger.discard(echo.cid);
  }
}
