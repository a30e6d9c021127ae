/** Choosing several people: the chosen as chips, a search, and a list with a box to tick at each. */

import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { isolate, t } from "../../words/i18n.js";
import { nameOf } from "../../words/names.js";
import { avatar } from "./avatar.js";
import { chip, chosenChips } from "./chips.js";
import { icon } from "./icon.js";
import { createPeopleSearch, knownPeople, personRow, searchBox, searchNote } from "./people.js";
import { isComposed } from "./keys.js";

/** @typedef {import("../../types.js").User} User */

/**
 * @param {import("../face.js").Face} face
 * @param {{label: string, listId: string, without?: () => ReadonlySet<number>}} options `without`: who cannot be chosen
 */
export function createPicking(face, { label, listId, without = () => new Set() }) {
  const search = createPeopleSearch(face);
  /** @type {Map<number, User>} */
  const chosen = new Map();

  /** @param {User} user */
  function toggle(user) {
    if (!chosen.delete(user.id)) chosen.set(user.id, user);
    face.redraw();
  }

  /** @param {User} user */
  function chosenChip(user) {
    const name = nameOf(user);
    const before = avatar(face, { id: user.id, name, size: "xs", url: user.avatar_url });
    return chip({ name, drop: t("newgroup.drop", { name: isolate(name) }), run: () => toggle(user), before });
  }

  /** @param {User} user */
  function row(user) {
    const id = `${listId}-${user.id}`;
    const tick = html`<span class="pick"
      ><input
        class="checkbox"
        type="checkbox"
        aria-describedby="${id}-sub"
        .checked=${chosen.has(user.id)}
        @change=${() => toggle(user)}
      />${icon("check", "icon--xs")}</span
    >`;
    return html`<li>
      <label class="row row--person"
        >${personRow(face, user, { query: search.get().query, id, end: tick, described: true })}</label
      >
    </li>`;
  }

  /** @param {import("../../types.js").State} state */
  function offered(state) {
    const barred = without();
    const { status, users } = search.get();
    return (status === "empty" ? knownPeople(state, barred) : users).filter((user) => !barred.has(user.id));
  }

  /** Enter ticks the first who was found. @param {KeyboardEvent} event */
  function keys(event) {
    if (event.key !== "Enter" || isComposed(event)) return;
    event.preventDefault();
    const [first] = offered(face.messenger.state());
    if (first && search.get().status === "found") {
      toggle(first);
      search.type("");
    }
  }

  return {
    chosen: () => [...chosen.values()],
    stop: search.stop,
    /** @param {import("../../types.js").State} state @param {{first?: boolean}} [options] */
    template(state, { first = false } = {}) {
      const people = offered(state);
      return html`${chosen.size > 0 ? chosenChips(repeat(chosen.values(), (user) => user.id, chosenChip)) : nothing}
        <div class="dialog__pad">${searchBox({ label, search, listId, keys, first })}</div>
        <div class="dialog__body dialog__body--list dialog__body--find">
          ${searchNote(search)}
          <ul id=${listId} aria-label=${t("newchat.people")} ?hidden=${people.length === 0}>
            ${repeat(people, (user) => user.id, row)}
          </ul>
        </div>`;
    },
  };
}
