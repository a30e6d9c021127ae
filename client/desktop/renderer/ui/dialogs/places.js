/** Chats, and people with whom there is none yet, by a few letters of their names: rows of a list to choose from. */

import { hasContent, shownChats } from "../../state/chat-list.js";
import { latestOf } from "../../state/people.js";
import { rank, withOthers } from "../../words/fuzzy.js";
import { errorText, t } from "../../words/i18n.js";
import { isSaved, nameOf, titleOf } from "../../words/names.js";
import { classMap } from "../../vendor/lit-html/directives/class-map.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { avatar } from "../parts/avatar.js";
import { showChat, writeTo } from "../parts/chat-actions.js";
import { chatAvatar } from "../parts/chat-avatar.js";
import { marked } from "../parts/marked.js";
import { createPeopleSearch, handleAndPresence, knownPeople, presence } from "../parts/people.js";

/** @typedef {import("../../types.js").State} State @typedef {import("../../words/fuzzy.js").Place} Place */
/**
 * One line of the list. @typedef {{id: string, name: string, more: string[], about: string, picture: unknown,
 *   run: () => void}} Entry
 * An entry, and where its name has what was typed. @typedef {{candidate: Entry, places: Place[]}} Ranked
 */

/** What a chat is, in a line. @param {import("../../types.js").ChatView} chat @param {State} state */
export function aboutChat(chat, state) {
  const peer = chat.peer && latestOf(state.users, chat.peer);
  const kind = chat.is_group
    ? [t("switcher.group")]
    : [t("switcher.direct"), peer && !isSaved(chat, state.me) ? presence(peer, state, new Date()) : ""];
  return [...kind, chat.hidden ? t("switcher.hidden") : ""].filter(Boolean).join(" · ");
}

/** What an entry is found by. @param {Entry} entry */
export const namesOf = ({ name, more }) => [name, ...more];

/** @param {import("../face.js").Face} face @param {() => boolean} close called before one goes to what was chosen;
 * false: one went elsewhere by then */
export function createPlaces(face, close) {
  const search = createPeopleSearch(face);
  /** @type {string | null} */
  let problem = null;

  /** Hidden ones are found by their names only. @param {State} state @param {string} query @returns {Entry[]} */
  function chats(state, query) {
    const hidden = query.trim() === "" ? [] : [...state.chats.values()].filter((chat) => chat.hidden);
    return [...shownChats(state), ...hidden].map((chat) => {
      const name = titleOf(chat, state.me);
      const peer = chat.peer && latestOf(state.users, chat.peer);
      return {
        id: `switch-chat-${chat.id}`,
        name,
        more: peer ? [`@${peer.username}`] : [],
        about: aboutChat(chat, state),
        picture: chatAvatar(face, state, chat, "s"),
        run: () => {
          close();
          showChat(face, chat.id);
        },
      };
    });
  }

  /** Those with whom there is no chat yet: known here, or found by the server. @param {State} state @returns {Entry[]} */
  function people(state) {
    const there = [...state.chats.values()].filter((chat) => chat.hidden || hasContent(chat, state));
    const known = new Set(there.flatMap((chat) => (chat.peer ? [chat.peer.id] : [])));
    const { status, users } = search.get();
    const answer = status === "empty" ? knownPeople(state, known) : users.filter(({ id }) => !known.has(id));
    return answer.map((user) => ({
      id: `switch-user-${user.id}`,
      name: nameOf(user),
      more: [`@${user.username}`],
      about: handleAndPresence(user, state),
      picture: avatar(face, { id: user.id, name: nameOf(user), online: user.online, size: "s", url: user.avatar_url }),
      run: () => void write(user.id),
    }));
  }

  /** @param {number} userId */
  async function write(userId) {
    const answer = await writeTo(face, userId, close);
    problem = answer.ok ? null : errorText(answer);
    face.redraw();
  }

  return {
    /** @param {string} query */
    type(query) {
      problem = null;
      search.type(query);
    },
    /** @param {State} state @param {string} query @param {number} most @returns {Ranked[]} the best first */
    found(state, query, most) {
      const others = people(state);
      const ranked = rank(query, [...chats(state, query), ...others], namesOf, most);
      return withOthers(ranked, others).slice(0, most);
    },
    problem: () => problem,
    stop: search.stop,
  };
}

/** @param {Ranked} answer @param {boolean} here the mark is on it */
export function entryRow({ candidate, places }, here) {
  return html`<li
    role="option"
    id=${candidate.id}
    aria-selected=${here ? "true" : "false"}
    aria-describedby="${candidate.id}-about"
    class=${classMap({ row: true, "row--person": true, "is-active": here })}
    @click=${candidate.run}
  >
    <span class="quick__picture">${candidate.picture}</span>
    <span class="row__main">
      <span class="row__line"
        ><span class="row__name truncate"><bdi>${marked(candidate.name, places)}</bdi></span></span
      >
      <span class="row__line"
        ><span class="row__preview truncate" id="${candidate.id}-about" aria-hidden="true"
          >${candidate.about}</span
        ></span
      >
    </span>
    ${here ? html`<kbd aria-hidden="true">Enter</kbd>` : nothing}
  </li>`;
}
