/** What stands in the place of the composer where one may not write. */

import { latestOf } from "../../state/people.js";
import { isolate, t } from "../../words/i18n.js";
import { nameOf } from "../../words/names.js";
import { html } from "../../vendor/lit-html/lit-html.js";
import { unblock } from "../parts/blocking.js";

/** @typedef {import("../../types.js").State} State @typedef {import("../../types.js").ChatView} ChatView */

const CLOSED = { read_only: "composer.read_only", peer_deleted: "composer.peer_deleted", not_member: "composer.left" };

/** @param {import("../face.js").Face} face @param {State} state @param {ChatView} chat
 * @param {NonNullable<ReturnType<typeof import("../../state/changes.js").barredFrom>>} barred why */
export function closedStrip(face, state, chat, barred) {
  if (barred === "blocked") return blockedStrip(face, state, chat);
  return html`<div class="composer composer--closed">${t(CLOSED[barred])}</div>`;
}

/** Whom one blocks, one does not write to. @param {import("../face.js").Face} face @param {State} state @param {ChatView} chat */
function blockedStrip(face, state, chat) {
  const peer = chat.peer && latestOf(state.users, chat.peer);
  return html`<div class="composer composer--closed">
    <span>${t("composer.blocked", { name: isolate(nameOf(peer)) })}</span>
    <button class="btn btn--plain btn--s" type="button" @click=${() => peer && unblock(face, peer)}>
      ${t("block.undo")}
    </button>
  </div>`;
}
