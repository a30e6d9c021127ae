/** What narrows a search of messages: chips, buttons that begin one, and what may follow what is typed. */

import { contentOf, dayOf, daysBefore, readFilters, startOf, without } from "../../words/filters.js";
import { dayKey, dayTitle } from "../../words/format.js";
import { isolate, t } from "../../words/i18n.js";
import { nameOf, titleOf } from "../../words/names.js";
import { fold, matching } from "../../words/search.js";
import { html } from "../../vendor/lit-html/lit-html.js";
import { avatar } from "../parts/avatar.js";
import { chatAvatar } from "../parts/chat-avatar.js";
import { chip } from "../parts/chips.js";
import { icon } from "../parts/icon.js";
import { createPeopleSearch, knownPeople } from "../parts/people.js";

/** @typedef {import("../../types.js").State} State @typedef {import("../../words/filters.js").Kind} Kind
 * @typedef {import("../../words/filters.js").Content} Content
 * @typedef {import("../../words/filters.js").Typed} Typed @typedef {import("../../types.js").User} User */
/**
 * `value`: an id, a day, or what a message has. @typedef {{label: string} & ({kind: "from" | "in", value: number} |
 *   {kind: "after" | "before", value: string} | {kind: "has", value: Content})} Filter
 * @typedef {{id: string, name: string, about: string, picture: unknown, filter: Filter}} Completion
 */

/** Completions that are offered. */
const MOST = 6;
/** @type {readonly Kind[]} */
export const KINDS = ["from", "in", "after", "before", "has"];
/** @type {readonly Content[]} */
const CONTENTS = ["file", "image", "link"];
/** Days that are offered, as so many before today. */
const DAYS = [0, 1, 7, 30, 365];
const ME = ["me", "я", "меня"];

/** @param {import("../face.js").Face} face @param {Filter[]} [before] those that there are already */
export function createFilters(face, before = []) {
  const people = createPeopleSearch(face);
  /** One of a kind. @type {Map<Kind, Filter>} */
  let chosen = new Map(before.map((filter) => [filter.kind, filter]));

  /** @param {Filter} filter */
  function add(filter) {
    chosen = new Map(chosen).set(filter.kind, filter);
  }

  /** What is typed means this, and nothing else. @param {State} state @param {Typed} typed @returns {Filter | null} */
  function meant(state, { kind, value }) {
    if (value === "") return null;
    switch (kind) {
      case "from": {
        const user = only(usersNamed(state, value), (one) => [one.username, nameOf(one)], value.replace(/^@/u, ""));
        return user ? ofUser(state, user) : null;
      }
      case "in": {
        const chat = only(chatsNamed(state, value), (one) => [titleOf(one, state.me)], value);
        return chat ? { kind, value: chat.id, label: titleOf(chat, state.me) } : null;
      }
      case "has": {
        const content = contentOf(value);
        return content ? { kind, value: content, label: t(`find.has_${content}`) } : null;
      }
      default: {
        const day = dayOf(value, today());
        return day ? ofDay(kind, day) : null;
      }
    }
  }

  /** @param {State} state @param {string} value */
  function usersNamed(state, value) {
    /** @type {User[]} */
    const known = [...(state.me ? [state.me] : []), ...state.users.values(), ...people.get().users];
    if (state.me && ME.includes(value.toLowerCase())) return [state.me];
    const users = [...new Map(known.map((user) => [user.id, user])).values()];
    return matching(value.replace(/^@/u, ""), users, (user) => [nameOf(user), user.username]).found;
  }

  return {
    list: () => KINDS.flatMap((kind) => chosen.get(kind) ?? []),
    add,
    /** @param {Kind} kind */
    remove(kind) {
      chosen = new Map(chosen);
      chosen.delete(kind);
    },
    stop: people.stop,

    /** Whom an open `from:` may mean is asked of the server too. @param {string} text */
    type(text) {
      const last = readFilters(text).typed.find(({ kind, open }) => kind === "from" && open);
      people.type(last?.value.replace(/^@/u, "") ?? "");
    },

    /** The text without the filters that are typed to their end and understood; they are chips from now on.
     * @param {State} state @param {string} text */
    take(state, text) {
      let left = text;
      for (const typed of readFilters(text).typed.reverse()) {
        const filter = typed.open ? null : meant(state, typed);
        if (!filter) continue;
        add(filter);
        left = without(left, typed);
      }
      return left;
    },

    /** What is to be searched for; what is typed of a filter counts where it can mean one thing only.
     * @param {State} state @param {string} text
     * @returns {{wanted: import("../../types.js").Wanted, unknown: Typed | null}} `unknown`: it can mean nothing */
    read(state, text) {
      const { words, typed } = readFilters(text);
      const all = new Map(chosen);
      let unknown = null;
      for (const one of typed) {
        const filter = meant(state, one);
        if (filter) all.set(filter.kind, filter);
        else if (!one.open) unknown = one;
      }
      return { wanted: wantedBy(words, all.values()), unknown };
    },

    /** What may follow the filter at the end of the text. @param {State} state @param {string} text
     * @returns {Completion[]} */
    completions(state, text) {
      const typed = readFilters(text).typed.find(({ open }) => open);
      if (!typed) return [];
      const { kind, value } = typed;
      if (kind === "from") {
        const named =
          value === "" ? [...(state.me ? [state.me] : []), ...knownPeople(state)] : usersNamed(state, value);
        return named.slice(0, MOST).map((user) => userRow(state, user));
      }
      if (kind === "in") return chatsNamed(state, value).slice(0, MOST).map((chat) => chatRow(state, chat)); // prettier-ignore
      return [...(kind === "has" ? contentRows(value) : dayRows(kind, value))];
    },
  };

  /** @param {State} state @param {User} user @returns {Completion} */
  function userRow(state, user) {
    const name = nameOf(user);
    const picture = avatar(face, { id: user.id, name, online: user.online, size: "s", url: user.avatar_url });
    const about = user.id === state.me?.id ? t("find.me") : `@${user.username}`;
    return { id: `find-from-${user.id}`, name, about, picture, filter: ofUser(state, user) };
  }

  /** @param {State} state @param {import("../../types.js").ChatView} chat @returns {Completion} */
  function chatRow(state, chat) {
    const name = titleOf(chat, state.me);
    const about = t(chat.is_group ? "switcher.group" : "switcher.direct");
    const picture = chatAvatar(face, state, chat, "s");
    return { id: `find-in-${chat.id}`, name, about, picture, filter: { kind: "in", value: chat.id, label: name } };
  }
}

/** @param {string} query @param {Iterable<Filter>} filters one of a kind */
function wantedBy(query, filters) {
  /** @type {import("../../types.js").Wanted} */
  const wanted = { query, chat_id: null, sender_id: null, after: null, before: null, has: null };
  for (const filter of filters) {
    switch (filter.kind) {
      case "from":
        wanted.sender_id = filter.value;
        break;
      case "in":
        wanted.chat_id = filter.value;
        break;
      case "has":
        wanted.has = filter.value;
        break;
      default:
        wanted[filter.kind] = startOf(filter.value);
    }
  }
  return wanted;
}

/** Whoever is left alone, or named exactly. @template T @param {T[]} found @param {(one: T) => string[]} names
 * @param {string} value @returns {T | null} */
function only(found, names, value) {
  const exact = found.filter((one) => names(one).some((name) => fold(name) === fold(value)));
  if (exact.length === 1) return exact[0];
  return found.length === 1 ? found[0] : null;
}

/** @param {State} state @param {string} value */
function chatsNamed(state, value) {
  const chats = [...state.chats.values()];
  return matching(value, chats, (chat) => [titleOf(chat, state.me), chat.peer && `@${chat.peer.username}`]).found;
}

/** @param {State} state @param {User} user @returns {Filter} */
function ofUser(state, user) {
  return { kind: "from", value: user.id, label: user.id === state.me?.id ? t("find.me") : nameOf(user) };
}

const today = () => dayKey(new Date());

/** @param {"after" | "before"} kind @param {string} day @returns {Filter} */
function ofDay(kind, day) {
  const near = [today(), daysBefore(today(), 1)].indexOf(day);
  const label = near < 0 ? dayTitle(startOf(day), new Date()) : t(near === 0 ? "time.today" : "time.yesterday");
  return { kind, value: day, label };
}

/** @param {"after" | "before"} kind @param {string} value @returns {Completion[]} */
function dayRows(kind, value) {
  const written = dayOf(value, today());
  const days = written ? [written] : value === "" ? DAYS.map((count) => daysBefore(today(), count)) : [];
  return days.map((day) => {
    const filter = ofDay(kind, day);
    return { id: `find-day-${day}`, name: filter.label, about: day, picture: icon("clock"), filter };
  });
}

/** @param {string} value @returns {Completion[]} */
function contentRows(value) {
  const offered = CONTENTS.filter((content) => fold(t(`find.has_${content}`)).startsWith(fold(value)));
  const known = contentOf(value);
  return (known && !offered.includes(known) ? [known] : offered).map((content) => {
    const name = t(`find.has_${content}`);
    return {
      id: `find-has-${content}`,
      name,
      about: "",
      picture: icon(ICONS[content]),
      filter: { kind: "has", value: content, label: name },
    };
  });
}

/** @type {Record<Content, string>} */
const ICONS = { file: "file", image: "image", link: "forward" };

/**
 * The chips: each takes its filter away. @param {Filter[]} filters @param {(kind: Kind) => void} remove
 */
export const filterChips = (filters, remove) =>
  filters.map(({ kind, label }) =>
    chip({
      name: label,
      drop: t("find.drop", { filter: `${t(`find.${kind}`)} ${isolate(label)}` }),
      run: () => remove(kind),
      before: html`<span class="chip__kind">${t(`find.${kind}`)}</span>`,
    }),
  );
