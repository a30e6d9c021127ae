/** The quick switcher: a few letters, and one is in another chat, writes to a person or runs a command. */

import { classMap } from "../../vendor/lit-html/directives/class-map.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { isBegun, shownChats } from "../../state/chat-list.js";
import { rank } from "../../words/fuzzy.js";
import { errorText, t } from "../../words/i18n.js";
import { isSaved, nameOf, titleOf } from "../../words/names.js";
import { avatar } from "../parts/avatar.js";
import { showChat, writeTo } from "../parts/chat-actions.js";
import { listKey, reveal } from "../parts/combobox.js";
import { icon } from "../parts/icon.js";
import { KEYS } from "../parts/keys.js";
import { marked } from "../parts/marked.js";
import { quickFoot, quickInput } from "../parts/quick.js";
import { createPeopleSearch, knownPeople, presence } from "../parts/people.js";

/** @typedef {import("../../types.js").State} State @typedef {import("../../words/fuzzy.js").Place} Place */

/**
 * One line of the list. @typedef {{id: string, name: string, more: string[], about: string, picture: unknown,
 *   run: () => void}} Entry
 */

const LIST = "switcher-list";
const MOST = 12;
/** Commands: quick keys that open something. @type {Record<string, string>} */
const COMMANDS = { "new-chat": "compose", "new-group": "users", settings: "settings", shortcuts: "keyboard" };

/** @type {import("../parts/dialog.js").DialogMaker} */
export function switcher(face, _params, close) {
  const search = createPeopleSearch(face);
  let query = "";
  let active = 0;
  /** @type {string | null} */
  let problem = null;

  /** Hidden ones are found by their names only. @param {State} state @returns {Entry[]} */
  function chats(state) {
    const hidden = query.trim() === "" ? [] : [...state.chats.values()].filter((chat) => chat.hidden);
    return [...shownChats(state), ...hidden].map((chat) => {
      const name = titleOf(chat, state.me);
      const peer = chat.peer && (state.users.get(chat.peer.id) ?? chat.peer);
      const id = chat.is_group ? chat.id : (peer?.id ?? chat.id);
      const url = chat.is_group ? chat.avatar_url : peer?.avatar_url;
      const kind = chat.is_group
        ? [t("switcher.group")]
        : [t("switcher.direct"), peer && !isSaved(chat, state.me) ? presence(peer, new Date()) : ""];
      const about = [...kind, chat.hidden ? t("switcher.hidden") : ""].filter(Boolean).join(" · ");
      return {
        id: `switch-chat-${chat.id}`,
        name,
        more: peer ? [`@${peer.username}`] : [],
        about,
        picture: avatar(face, { id, name, group: chat.is_group, online: peer?.online, size: "s", url }),
        run: () => leave(() => showChat(face, chat.id)),
      };
    });
  }

  /** Those with whom there is no chat yet: known here, or found by the server. @param {State} state @returns {Entry[]} */
  function people(state) {
    const begun = [...state.chats.values()].filter((chat) => chat.hidden || isBegun(chat, state));
    const known = new Set(begun.flatMap((chat) => (chat.peer ? [chat.peer.id] : [])));
    const { status, users } = search.get();
    const answer = status === "empty" ? knownPeople(state, known) : users.filter(({ id }) => !known.has(id));
    return answer.map((user) => ({
      id: `switch-user-${user.id}`,
      name: nameOf(user),
      more: [`@${user.username}`],
      about: [`@${user.username}`, presence(user, new Date())].filter(Boolean).join(" · "),
      picture: avatar(face, { id: user.id, name: nameOf(user), online: user.online, size: "s", url: user.avatar_url }),
      run: () => void write(user.id),
    }));
  }

  /** @returns {Entry[]} */
  function commands() {
    return KEYS.filter(({ id }) => id in COMMANDS).map(({ id, label, keys: pressed }) => ({
      id: `switch-${id}`,
      name: t(label),
      more: [],
      about: pressed.join(" "),
      picture: icon(COMMANDS[id]),
      run: () => leave(() => face.overlays.open(id)),
    }));
  }

  /** @param {() => void} then */
  function leave(then) {
    close();
    then();
  }

  /** @param {number} userId */
  async function write(userId) {
    const answer = await writeTo(face, userId, close);
    problem = answer.ok ? null : errorText(answer);
    face.redraw();
  }

  /** @param {State} state */
  function found(state) {
    const names = (/** @type {Entry} */ { name, more }) => [name, ...more];
    const others = people(state);
    const ranked = rank(query, [...chats(state), ...others], names, MOST);
    // whom the server found by what is not shown, as an address, is found
    const more = others.filter((entry) => !ranked.some(({ candidate }) => candidate.id === entry.id));
    return {
      places: [...ranked, ...more.map((candidate) => ({ candidate, places: [] }))].slice(0, MOST),
      commands: rank(query, commands(), names, MOST),
    };
  }

  /** What is typed counts, drawn or not. @param {KeyboardEvent} event */
  function keys(event) {
    const answers = found(face.messenger.state());
    const entries = [...answers.places, ...answers.commands].map(({ candidate }) => candidate);
    const key = listKey(event, active, entries.length);
    if (key === null) return;
    event.preventDefault();
    if ("choose" in key) entries[key.choose].run();
    else {
      active = key.active;
      reveal(entries[active].id);
      face.redraw();
    }
  }

  /** @param {{candidate: Entry, places: Place[]}} answer @param {Entry | undefined} current */
  function option({ candidate, places }, current) {
    const here = candidate === current;
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

  /** @param {string} label @param {{candidate: Entry, places: Place[]}[]} answers @param {Entry | undefined} current */
  const group = (label, answers, current) =>
    answers.length === 0
      ? nothing
      : html`<div class="list-head" aria-hidden="true">${label}</div>
          <ul role="group" aria-label=${label}>
            ${repeat(
              answers,
              ({ candidate }) => candidate.id,
              (answer) => option(answer, current),
            )}
          </ul>`;

  return {
    title: () => t("switcher.title"),
    kind: "dialog--quick",
    harmless: true,
    bare: true,
    gone: search.stop,
    content(state) {
      const answers = found(state);
      const entries = [...answers.places, ...answers.commands].map(({ candidate }) => candidate);
      active = Math.min(active, Math.max(0, entries.length - 1));
      const current = entries[active];
      return html`<div class="quick__input">
          ${icon("search")}
          ${quickInput({
            label: t("switcher.label"),
            list: LIST,
            count: entries.length,
            active: current?.id,
            value: query,
            typed: (text) => {
              [query, active, problem] = [text, 0, null];
              search.type(query);
            },
            keys,
          })}
        </div>
        <div class="dialog__body dialog__body--list">
          <div id=${LIST} role="listbox" aria-label=${t("switcher.results")} ?hidden=${entries.length === 0}>
            ${group(t("switcher.chats"), answers.places, current)}
            ${group(t("switcher.commands"), answers.commands, current)}
          </div>
          <div class="find-note" role="status">
            ${
              problem
                ? html`<p class="err">${problem}</p>`
                : entries.length === 0
                  ? html`<p class="note">${t("person.none")}</p>`
                  : nothing
            }
          </div>
        </div>
        ${quickFoot()}`;
    },
  };
}
