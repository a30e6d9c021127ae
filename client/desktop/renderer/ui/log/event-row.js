/** A line about what happened in a chat: whose names stand in it leads to them, what it is about to that. */

import { clock, fullTime } from "../../words/format.js";
import { t } from "../../words/i18n.js";
import { nameOf } from "../../words/names.js";
import { html } from "../../vendor/lit-html/lit-html.js";

/** @typedef {import("../face.js").Face} Face */

/** Marks the places of names in a text of ours. */
const [ACTOR, NAME, TITLE] = ["\uFDD0", "\uFDD1", "\uFDD2"];

/**
 * @param {Face} face @param {ReturnType<typeof import("../../state/rows.js").eventWords>} words
 * @param {import("../../types.js").Event} event @param {import("../../types.js").State} state
 */
export function eventRow(face, { key, actor, target, title, n }, event, state) {
  const text = t(key, { actor: ACTOR, name: NAME, title: TITLE, ...(n && { n }) });
  /** @param {number} id */
  const person = (id) =>
    html`<button class="event__name" type="button" @click=${() => face.overlays.open("person", { userId: id })}>
      <bdi>${nameOf(state.users.get(id))}</bdi>
    </button>`;
  const parts = text.split(/([\uFDD0-\uFDD2])/u).map((part) => {
    if (part === ACTOR) return person(actor);
    if (part === NAME) return person(target ?? 0);
    if (part === TITLE) return html`<b><bdi>${title}</bdi></b>`;
    return part.trim() && event.event === "pinned" ? leads(face, event, part) : part;
  });
  const at = event.created_at;
  return html`<li class="event" data-seq=${event.seq}>
    <span>${parts}</span> <time datetime=${at} title=${fullTime(at)}>${clock(at)}</time>
  </li>`;
}

/** @param {Face} face @param {import("../../types.js").Event} event @param {string} words */
function leads(face, { chat_id: chatId, target_seq: seq }, words) {
  if (!seq) return words;
  const go = () => void face.showMessage(chatId, seq); // why one is not taken there is said on the way
  // a button drops the space at its ends
  return html`${/^\s*/u.exec(words)?.[0]}<button class="event__place" type="button" @click=${go}>${words.trim()}</button
    >${/\s*$/u.exec(words)?.[0]}`;
}
