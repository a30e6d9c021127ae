/** Finding people: the search that runs as one types, and the rows that show who was found. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { fullDate, lastSeen } from "../../words/format.js";
import { isHere } from "../../state/people.js";
import { errorText, t } from "../../words/i18n.js";
import { handleOf, nameOf } from "../../words/names.js";
import { otherLayout } from "../../words/layout.js";
import { matching, places } from "../../words/search.js";
import { avatar } from "./avatar.js";
import { icon } from "./icon.js";
import { marked } from "./marked.js";

/** @typedef {import("../face.js").Face} Face @typedef {import("../../types.js").User} User */

/** Characters that a search takes (docs/protocol.md: GET /api/users/search). */
const SHORTEST = 2;
const LONGEST = 64;
/** People shown before the server has answered. */
const MOST = 20;
/** So long a pause in typing starts the search. */
const PAUSE = 200;

/**
 * `empty`: nothing is typed; `short`: too little; `searching`: nothing older to show; `failed` tells `code`.
 * @typedef {{query: string, status: "empty" | "short" | "searching" | "found" | "failed", users: User[],
 *   refused: {code: string, retry_after_ms?: number} | null}} Search
 */

/**
 * A search of people. The last query wins, whatever comes first.
 * @param {Face} face
 */
export function createPeopleSearch(face) {
  /** @type {Search} */
  let search = { query: "", status: "empty", users: [], refused: null };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let asked = 0;

  /** @param {Partial<Search>} change */
  function update(change) {
    search = { ...search, ...change };
    face.redraw();
  }

  async function ask() {
    const mine = ++asked;
    const query = search.query.trim();
    const other = otherLayout(query);
    let answer = await face.messenger.searchUsers(query);
    if (mine !== asked) return;
    if (answer.ok && answer.users.length === 0 && search.users.length === 0 && other !== null) {
      answer = await face.messenger.searchUsers(other);
      if (mine !== asked) return;
    }
    // whoever is shown already stays where they are
    if (answer.ok) update({ status: "found", users: together(search.users, answer.users), refused: null });
    else update({ status: "failed", refused: answer });
  }

  return {
    get: () => search,
    /** @param {string} query */
    type(query) {
      clearTimeout(timer);
      asked += 1;
      const length = [...query.trim()].length;
      if (length < SHORTEST) {
        update({ query, status: length === 0 ? "empty" : "short", users: [], refused: null });
        return;
      }
      // what is shown meanwhile fits what is typed: Enter must not choose somebody else
      const state = face.messenger.state();
      const near = together(search.users, [...state.users.values()].sort(byName));
      const users = matching(query, near, namesOf)
        .found.filter((user) => user.id !== state.me?.id)
        .slice(0, MOST);
      update({ query, users, status: users.length > 0 ? "found" : "searching" });
      timer = setTimeout(ask, PAUSE);
    },
    again() {
      update({ status: "searching" });
      void ask();
    },
    stop() {
      clearTimeout(timer);
      asked += 1;
    },
  };
}

/** What a person is looked for by. @param {User} user */
const namesOf = (user) => [user.display_name, `@${user.username}`];

/** @param {User} a @param {User} b */
const byName = (a, b) => nameOf(a).localeCompare(nameOf(b));

/** Each once. @param {readonly User[]} first @param {readonly User[]} more */
function together(first, more) {
  return [...first, ...more.filter(({ id }) => !first.some((user) => user.id === id))];
}

/**
 * The people whom this machine knows, for a list before anything is typed: by name, at most 50.
 * @param {import("../../types.js").State} state @param {ReadonlySet<number>} [without]
 */
export function knownPeople({ users, me }, without = new Set()) {
  const known = [...users.values()].filter((user) => user.id !== me?.id && !without.has(user.id));
  return known.sort(byName).slice(0, 50);
}

/**
 * Whether somebody is here, or when they were last; nothing where one may not know, or nobody tells just now.
 * @param {User} user @param {Pick<import("../../types.js").State, "link">} state @param {Date} now
 */
export function presence(user, state, now) {
  if (user.online) return isHere(user, state) ? t("person.online") : "";
  return user.last_seen_at ? lastSeen(user.last_seen_at, now) : "";
}

/** A line about somebody in a list. @param {User} user @param {Pick<import("../../types.js").State, "link">} state */
export const handleAndPresence = (user, state) =>
  [`@${user.username}`, presence(user, state, new Date())].filter(Boolean).join(" · ");

/** What a card tells of somebody; one's own has no word of presence. @param {User} user
 * @param {Pick<import("../../types.js").State, "link" | "me">} state */
export function personLines(user, state) {
  const seen = user.id === state.me?.id ? "" : presence(user, state, new Date());
  return [handleOf(user), seen, t("info.since", { date: fullDate(user.created_at) })].filter(Boolean);
}

/**
 * The box to type in.
 * @param {{label: string, search: ReturnType<typeof createPeopleSearch>, listId: string, active?: string | null,
 *   keys?: (event: KeyboardEvent) => void, first?: boolean}} options `active`: the id of the option that is marked
 */
export function searchBox({ label, search, listId, active = null, keys = () => {}, first = false }) {
  return html`<div class="search search--l">
    ${icon("search", "icon--s")}
    <input
      type="search"
      dir="auto"
      ?autofocus=${first}
      autocomplete="off"
      spellcheck="false"
      maxlength=${LONGEST}
      aria-label=${label}
      placeholder=${label}
      aria-controls=${listId}
      aria-activedescendant=${active ?? nothing}
      .value=${search.get().query}
      @input=${(/** @type {Event & {currentTarget: HTMLInputElement}} */ event) => search.type(event.currentTarget.value)}
      @keydown=${keys}
    />
  </div>`;
}

/** What a search has to say in words; nothing where the list speaks. @param {ReturnType<typeof createPeopleSearch>} search */
export function searchNote(search) {
  const { status, users, refused } = search.get();
  const said =
    status === "short"
      ? t("person.too_short", { n: SHORTEST })
      : status === "searching"
        ? t("person.searching")
        : status === "found" && users.length === 0
          ? t("person.none")
          : "";
  return html`<div class="find-note" role="status">
    ${
      status === "failed" && refused
        ? html`<p class="err">${icon("alert", "icon--s")}<span>${errorText(refused)}</span></p>
            <button class="btn btn--plain btn--s" type="button" @click=${search.again}>${t("dialog.again")}</button>`
        : said
          ? html`<p class="note">${said}</p>`
          : nothing
    }
  </div>`;
}

/** @param {string} name @param {string} query */
function placesIn(name, query) {
  const found = places(name, query);
  return found.length ? found : places(name, otherLayout(query) ?? "");
}

/**
 * A person in a list: picture, name, and a line about them.
 * @param {Face} face @param {User} user
 * @param {{query?: string, id: string, end?: unknown, sub?: string, described?: boolean}} options `id` is the beginning of ids within. `described`:
 *   the control is named by the name alone, and described by the line, `ID-sub`
 */
export function personRow(face, user, { query = "", id, end = nothing, sub, described = false }) {
  const name = nameOf(user);
  const about = sub ?? handleAndPresence(user, face.messenger.state());
  return html`${avatar(face, { id: user.id, name, online: user.online, size: "s", url: user.avatar_url })}
    <span class="row__main">
      <span class="row__line"
        ><span class="row__name truncate"><bdi>${marked(name, placesIn(name, query))}</bdi></span></span
      >
      <span class="row__line"
        ><span class="row__preview truncate" id="${id}-sub" aria-hidden=${described ? "true" : nothing}
          >${about}</span
        ></span
      >
    </span>
    ${end}`;
}
