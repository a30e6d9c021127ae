/** Lists of people by their names alone, each of which leads to who they are: all the lists together are one tab stop. */

import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { t } from "../../words/i18n.js";
import { nameOf } from "../../words/names.js";
import { avatar } from "./avatar.js";
import { rove } from "./roving.js";

/** One list. `key`: which of them; `label` of it, where its heading says more or less than that; `more`: what stands under the names.
 * @typedef {{key: string, heading: unknown, label?: string, ids: readonly number[], more?: unknown}} Named */

/** @param {import("../face.js").Face} face */
export function createNamed(face) {
  /** Who has the focus, or had it: `KEY-ID`. */
  let active = "";

  /** @param {string} key @param {number} id @param {boolean} tabbable @param {import("../../types.js").State} state */
  function one(key, id, tabbable, { users, me }) {
    const name = nameOf(users.get(id));
    const said = id === me?.id ? t("msg.you") : name;
    return html`<li>
      <button
        class="reacted__one"
        type="button"
        data-rove=${said}
        tabindex=${tabbable ? 0 : -1}
        @focus=${() => {
          active = `${key}-${id}`;
          face.redraw();
        }}
        @click=${() => face.overlays.open("person", { userId: id })}
      >
        ${avatar(face, { id, name, size: "xs", url: users.get(id)?.avatar_url })}<bdi class="truncate">${said}</bdi>
      </button>
    </li>`;
  }

  /** @param {Named[]} lists @param {import("../../types.js").State} state */
  return (lists, state) => {
    const all = lists.flatMap(({ key, ids }) => ids.map((id) => `${key}-${id}`));
    const stop = all.includes(active) ? active : all[0];
    return html`<div @keydown=${rove}>
      ${lists.map(
        ({ key, heading, label, ids, more }) =>
          html`<section class="reacted">
            <h3>${heading}</h3>
            <ul aria-label=${label ?? nothing}>
              ${repeat(
                ids,
                (id) => id,
                (id) => one(key, id, stop === `${key}-${id}`, state),
              )}
              ${more ? html`<li class="note">${more}</li>` : nothing}
            </ul>
          </section>`,
      )}
    </div>`;
  };
}
