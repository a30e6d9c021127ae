/** «Новый чат»: find a person and write to them; also the way to a new group and to one's saved messages. */

import { classMap } from "../../vendor/lit-html/directives/class-map.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html } from "../../vendor/lit-html/lit-html.js";
import { errorText, t } from "../../words/i18n.js";
import { fold } from "../../words/search.js";
import { writeTo } from "../parts/chat-actions.js";
import { listKey, markOf, reveal } from "../parts/combobox.js";
import { icon } from "../parts/icon.js";
import { errorNote } from "../parts/loading.js";
import { createPeopleSearch, knownPeople, personRow, searchBox, searchNote } from "../parts/people.js";

/** @typedef {import("../../types.js").User} User @typedef {import("../../types.js").State} State */

const LIST = "new-chat-people";

/** `params`: `{query?}`, what to look for at once. @type {import("../parts/dialog.js").DialogMaker} */
export function newChat(face, { query: wanted = "" }, close) {
  const search = createPeopleSearch(face);
  /** The person that the mark is on. @type {number | null} */
  let active = null;
  /** What was typed when it was put there. */
  let typed = "";
  let busy = false;
  /** @type {{code: string} | null} */
  let refused = null;

  /** Who is offered: oneself for saved messages, then those found, or known where nothing is typed. @param {State} state */
  function offered(state) {
    const { query, status, users } = search.get();
    const found = status === "empty" ? knownPeople(state) : users;
    const saved =
      state.me && (status === "empty" || fold(t("person.saved")).startsWith(fold(query.trim()))) ? [state.me] : [];
    return [...saved, ...found];
  }

  /** Another query begins with its first answer. */
  const marked = () => (typed === search.get().query ? active : null);

  /** @param {User | undefined} user */
  async function choose(user) {
    if (busy || !user) return;
    [busy, refused] = [true, null];
    face.redraw();
    const answer = await writeTo(face, user.id, close);
    busy = false;
    if (!answer.ok) refused = answer;
    face.redraw();
  }

  /** What is typed counts, drawn or not. @param {KeyboardEvent} event */
  function keys(event) {
    const people = offered(face.messenger.state());
    const key = listKey(event, markOf(people, marked()), people.length);
    if (key === null) return;
    event.preventDefault();
    if ("choose" in key) void choose(people[key.choose]);
    else move(key.active, people);
  }

  /** @param {number} to @param {User[]} people */
  function move(to, people) {
    [active, typed] = [people[to].id, search.get().query];
    reveal(optionId(people[to]));
    face.redraw();
  }

  /** @param {User} user @param {boolean} here the mark is on it @param {State} state */
  function option(user, here, state) {
    const id = optionId(user);
    const mine = user.id === state.me?.id;
    const shown = mine ? { ...user, display_name: t("person.saved"), online: null } : user;
    return html`<li
      role="option"
      id=${id}
      aria-selected=${here ? "true" : "false"}
      aria-describedby="${id}-sub"
      class=${classMap({ row: true, "row--person": true, "is-active": here })}
      @click=${() => choose(user)}
    >
      ${personRow(face, shown, { query: search.get().query, id, described: true, sub: mine ? t("newchat.saved_about") : undefined })}
    </li>`;
  }

  if (wanted) search.type(wanted);

  return {
    title: () => t("newchat.title"),
    harmless: true,
    gone: search.stop,
    content(state) {
      const people = offered(state);
      const current = people[markOf(people, marked())];
      [active, typed] = [current?.id ?? null, search.get().query]; // whom Enter takes, whoever comes before
      return html`<div class="dialog__pad">
          ${searchBox({
            label: t("newchat.find"),
            search,
            listId: LIST,
            active: current ? optionId(current) : null,
            keys,
            first: true,
          })}
        </div>
        <div class="dialog__body dialog__body--list dialog__body--find">
          ${searchNote(search)}
          <ul id=${LIST} role="listbox" aria-label=${t("newchat.people")} ?hidden=${people.length === 0}>
            ${repeat(
              people,
              (user) => user.id,
              (user) => option(user, user === current, state),
            )}
          </ul>
        </div>
        ${errorNote(refused && errorText(refused), { foot: true })}
        <footer class="dialog__foot">
          <button class="btn btn--quiet dialog__aside" type="button" @click=${() => toGroup(face, close)}>
            ${icon("users")}${t("newchat.group")}
          </button>
          <button class="btn btn--primary" type="button" ?disabled=${!current} @click=${() => choose(current)}>
            ${t("newchat.write")}
          </button>
        </footer>`;
    },
  };
}

/** @param {User} user */
const optionId = (user) => `new-chat-${user.id}`;

/** @param {import("../face.js").Face} face @param {() => void} close */
function toGroup(face, close) {
  close();
  face.overlays.open("new-group");
}
