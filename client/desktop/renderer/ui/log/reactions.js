/** Reactions under a message: who gave them, one's own marked, a press puts or takes one's own. */

import { isMine } from "../../state/changes.js";
import { t } from "../../words/i18n.js";
import { nameOf } from "../../words/names.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { toggleReaction } from "./acts.js";

/** @typedef {import("../../types.js").State} State @typedef {import("../../types.js").Message} Message
 * @typedef {import("../../types.js").Reaction} Reaction */

/** Names that a hint has room for. */
const NAMED = 8;

/**
 * @param {import("../face.js").Face} face @param {Message} message @param {State} state
 * @param {boolean} may one may react
 */
export function reactions(face, message, state, may) {
  const given = message.reactions ?? [];
  if (given.length === 0 || message.deleted) return nothing;
  return html`<ul class="reacts" aria-label=${t("msg.reactions")}>
    ${repeat(
      given,
      ({ emoji }) => emoji,
      (one) => html`<li>${chip(face, message, one, state, may)}</li>`,
    )}
  </ul>`;
}

/** @param {import("../face.js").Face} face @param {Message} message @param {Reaction} one @param {State} state
 * @param {boolean} may */
function chip(face, message, one, state, may) {
  const mine = isMine(message, one.emoji, state.me?.id ?? 0);
  const names = reactionNames(one, state);
  const inner = html`<span>${one.emoji}</span> ${one.count}<span class="sr">${names}</span>`;
  if (!may) return html`<span class="react" title=${names}>${inner}</span>`;
  return html`<button
    class="react"
    type="button"
    aria-pressed=${mine}
    title=${names}
    @click=${() => toggleReaction(face, message, one.emoji)}
  >
    ${inner}
  </button>`;
}

/** "Вы, Анна Ковалёва, Борис и ещё 3". @param {Reaction} reaction @param {State} state */
function reactionNames({ user_ids: ids, count }, state) {
  const me = state.me?.id ?? 0;
  const own = ids.includes(me) ? [t("msg.you")] : [];
  const names = ids.filter((id) => id !== me).map((id) => nameOf(state.users.get(id)));
  const shown = [...own, ...names].slice(0, NAMED);
  const rest = count - shown.length;
  const list = shown.join(", ");
  return rest > 0 ? t("msg.and_more", { names: list, n: rest }) : list;
}
