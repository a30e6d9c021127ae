/** The side panel: whose list it is, searching in it, the chats, and one's own profile. */

import { ShownChats, neighbour, nextUnread } from "../../state/chat-list.js";
import { manner } from "../../words/format.js";
import { t } from "../../words/i18n.js";
import { isLive } from "../../state/link-view.js";
import { nameOf, titleOf } from "../../words/names.js";
import { fold, matching } from "../../words/search.js";
import { guard } from "../../vendor/lit-html/directives/guard.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { avatar } from "../parts/avatar.js";
import { showChat } from "../parts/chat-actions.js";
import { linkText } from "../parts/banner.js";
import { find, numberOf } from "../parts/elements.js";
import { icon } from "../parts/icon.js";
import { chatRow } from "./chat-row.js";
import { createSideEdge } from "./side-edge.js";
import { isComposed, keyName } from "../parts/keys.js";

/** @typedef {import("../../types.js").State} State @typedef {import("../../types.js").ChatView} ChatView */

/** Letters typed within this many milliseconds are one word. */
const TYPE_AHEAD = 800;
const MINUTE = 60_000;
/** Rows that are drawn at first, and further ones each time. */
const ROWS = 100;
/** Rows that are drawn of what was searched for, for each letter anew: more than a screen holds. */
const FOUND = 50;
/** So near (px) to the last row that is drawn further ones are. */
const NEAR = 1200;

export class Side {
  #query = "";
  #shown = new ShownChats();
  /** What the query finds in a list. `meant`: the query, or what it is in the other layout.
   * @type {{list: ChatView[], query: string, meant: string, chats: ChatView[]}} */
  #found = { list: [], query: "", meant: "", chats: [] };
  /** Rows that are drawn; the list is drawn further as one comes to its end. */
  #drawn = ROWS;
  /** The query whose rows stand there: it is drawn a moment after it was typed. */
  #drawnFor = "";
  /** The row that the Tab key comes to, where it is not the current chat. @type {number | null} */
  #focused = null;
  #typed = { text: "", at: 0 };
  /** @type {() => import("../face.js").Template} */
  #edge;

  /** @param {import("../face.js").Face} face */
  constructor(face) {
    this.face = face;
    this.#edge = createSideEdge(face);
  }

  /** @param {State} state @param {Date} now */
  template(state, now) {
    return html`<nav class="side" aria-label=${t("side.chats")} data-region="side">
      <header class="side__head">
        <h1 class="brand">
          <svg class="brand__mark" aria-hidden="true" viewBox="0 0 32 32"><use href="#mark" /></svg>${t("auth.brand")}
        </h1>
        <button
          class="ibtn"
          aria-label=${t("side.new_chat")}
          title=${this.face.platform.desktop ? `${t("side.new_chat")} (${keyName(["Ctrl", "N"])})` : t("side.new_chat")}
          @click=${() => this.face.overlays.open("new-chat")}
        >
          ${icon("compose")}
        </button>
      </header>
      ${this.#search()} ${this.#inMessages()} ${this.#list(state, now)} ${this.#foot(state)} ${this.#edge()}
    </nav>`;
  }

  /** The chats in the order in which they stand. @param {State} state */
  shown(state) {
    const list = this.#shown.of(state);
    if (!this.#query.trim()) return list;
    const found = this.#found;
    if (found.list !== list || found.query !== this.#query) {
      const hidden = [...state.chats.values()].filter((chat) => chat.hidden);
      const answer = matching(this.#query, [...list, ...hidden], (chat) => namesOf(chat, state));
      this.#found = { list, query: this.#query, meant: answer.query, chats: answer.found };
    }
    return this.#found.chats;
  }

  /** One up or down, the next unread one, the nth. @param {State} state @param {"previous" | "next" | "unread" | number} where */
  move(state, where) {
    const list = this.shown(state);
    /** @type {ChatView | undefined} */
    let chat;
    if (where === "previous") chat = neighbour(list, state.current, -1);
    else if (where === "next") chat = neighbour(list, state.current, 1);
    else if (where === "unread") chat = nextUnread(list, state.current, Date.now());
    else chat = list[where - 1];
    if (chat) this.face.openChat(chat.id);
  }

  focusSearch() {
    const input = find(document, ".side__search input", HTMLInputElement);
    input?.focus();
    input?.select();
  }

  #search() {
    const clear = () => {
      this.#ask("");
      this.focusSearch();
    };
    return html`<div class="side__search" role="search">
      <div class="search">
        ${icon("search", "icon--s")}
        <input
          type="search"
          dir="auto"
          aria-label=${t("side.search")}
          placeholder=${t("side.search")}
          autocomplete="off"
          spellcheck="false"
          .value=${this.#query}
          @input=${this.#searched}
          @keydown=${this.#searchKey}
        />
        ${
          this.#query
            ? html`<button class="ibtn ibtn--s" type="button" aria-label=${t("side.clear")} @click=${clear}>
                ${icon("close", "icon--s")}
              </button>`
            : html`<kbd aria-hidden="true">${keyName(["Ctrl", "K"], " ")}</kbd>`
        }
      </div>
    </div>`;
  }

  /** What is typed may be words of a message as well. */
  #inMessages() {
    const query = this.#query.trim();
    if (!query) return nothing;
    return html`<button
      class="side__messages"
      type="button"
      @click=${() => this.face.overlays.open("find-messages", { query })}
    >
      ${icon("search", "icon--s")}<span class="truncate">${t("side.in_messages", { query })}</span>
    </button>`;
  }

  /** @param {State} state @param {Date} now */
  #list(state, now) {
    const chats = this.shown(state);
    this.#drawnFor = this.#query;
    if (chats.length) {
      const tabbable = this.#tabbable(chats, state.current);
      const query = this.#query.trim() ? this.#found.meant : "";
      // whoever has the focus is drawn, or the Tab key would not find the list
      const drawn = chats.slice(0, Math.max(this.#drawn, 1 + chats.findIndex(({ id }) => id === tabbable)));
      return html`<ul
        class="side__list"
        aria-label=${t("side.list")}
        @keydown=${this.#listKey}
        @focusin=${this.#focusIn}
        @scroll=${this.#scrolled}
      >
        ${repeat(
          drawn,
          (chat) => chat.id,
          (chat, at) => {
            const place = drawn.length < chats.length ? { at: at + 1, of: chats.length } : null;
            return this.#row(state, chat, { tabbable: chat.id === tabbable, query, now, place });
          },
        )}
      </ul>`;
    }
    if (this.#query.trim()) return this.#notFound();
    return state.listed ? html`<div class="side__list"><p class="side__empty">${t("side.none")}</p></div>` : skeleton();
  }

  /**
   * Drawn anew only where something that it shows may have changed.
   * @param {State} state @param {ChatView} chat @param {import("./chat-row.js").How} how
   */
  #row(state, chat, how) {
    const { me, settings, current, timelines } = state;
    const people = chat.is_group || !chat.peer ? state.users : state.users.get(chat.peer.id);
    const echoes = chat.queued || chat.failed ? timelines.get(chat.id)?.echoes : null;
    const minute = Math.floor(how.now.getTime() / MINUTE);
    const live = isLive(state.link);
    const here = current === chat.id;
    const needs = [
      chat,
      people,
      me,
      settings,
      here,
      echoes,
      minute,
      live,
      how.tabbable,
      how.query,
      how.place?.at,
      how.place?.of,
      manner(),
    ];
    return guard(needs, () => chatRow(this.face, state, chat, how));
  }

  #notFound() {
    const query = this.#query;
    return html`<div class="side__list">
      <div class="side__empty">
        <p role="status">${t("side.not_found")}</p>
        <button class="btn btn--quiet btn--s" @click=${() => this.face.overlays.open("new-chat", { query })}>
          ${t("side.find_people")}
        </button>
      </div>
    </div>`;
  }

  /** @param {ChatView[]} chats @param {number | null} current */
  #tabbable(chats, current) {
    /** @param {number | null} id */
    const has = (id) => chats.some((chat) => chat.id === id);
    if (has(this.#focused)) return this.#focused;
    return has(current) ? current : chats[0].id;
  }

  /** @param {State} state */
  #foot(state) {
    const { me } = state;
    if (!me) return nothing;
    const name = nameOf(me);
    const online = isLive(state.link);
    const text = linkText(state.link);
    const open = () => this.face.overlays.open("settings", { tab: "profile" });
    return html`<div class="side__foot">
      <button class="me" type="button" @click=${open}>
        ${avatar(this.face, { id: me.id, name, online, size: "s", url: me.avatar_url })}
        <span class="me__text">
          <span class="sr">${t("side.profile")}</span>
          <bdi class="me__name truncate">${name}</bdi>
          <span class="me__state ${online ? "" : "me__state--warn"} truncate">${text}</span>
        </span>
      </button>
      <button
        class="ibtn"
        aria-label=${t("side.settings")}
        title="${t("side.settings")} (${keyName(["Ctrl", ","])})"
        @click=${() => this.face.overlays.open("settings")}
      >
        ${icon("settings")}
      </button>
    </div>`;
  }

  /** Draw further rows as one comes near to the last of them. @param {Event & {currentTarget: Element}} event */
  #scrolled = ({ currentTarget: list }) => {
    if (this.#drawnFor !== this.#query) return; // it was scrolled with the rows of another query
    const left = list.scrollHeight - list.clientHeight - list.scrollTop;
    if (left < NEAR) this.#drawTo(this.#drawn + ROWS);
  };

  /** @param {number} count of rows */
  #drawTo(count) {
    const all = this.shown(this.face.messenger.state()).length;
    if (this.#drawn >= all || count <= this.#drawn) return;
    this.#drawn = count;
    this.face.redraw();
  }

  /** @param {Event & {currentTarget: HTMLInputElement}} event */
  #searched = ({ currentTarget }) => this.#ask(currentTarget.value);

  /** Look for this, and show what is found from its best on. @param {string} query empty: all chats */
  #ask(query) {
    this.#drawn = query.trim() ? FOUND : ROWS;
    this.#query = query;
    const list = document.querySelector(".side__list");
    if (list) list.scrollTop = 0;
    this.face.redraw();
  }

  /** @param {KeyboardEvent} event */
  #searchKey = (event) => {
    if (isComposed(event)) return;
    if (event.key === "ArrowDown") {
      event.preventDefault();
      focusRow(rows()[0]);
    } else if (event.key === "Enter") {
      const [first] = this.shown(this.face.messenger.state());
      if (first && this.#query.trim()) this.#take(first.id);
    } else if (event.key === "Escape" && this.#query) {
      event.stopPropagation();
      this.#ask("");
    }
  };

  /** @param {number} chatId */
  #take(chatId) {
    this.#query = "";
    showChat(this.face, chatId);
  }

  /** @param {FocusEvent} event */
  #focusIn = (event) => {
    const id = numberOf(event.target, "chat");
    if (!id || id === this.#focused) return;
    this.#focused = id;
    this.face.redraw();
  };

  /** @param {KeyboardEvent} event */
  #listKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const list = this.shown(this.face.messenger.state());
    const at = list.findIndex(({ id }) => id === this.#here());
    /** @type {Record<string, number>} */
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: list.length - 1 };
    if (event.key in to) {
      event.preventDefault();
      this.#focusChat(list, to[event.key]);
    } else if (event.key.length === 1 && event.key !== " ") {
      this.#typeAhead(event.key, event.timeStamp, list, at);
    }
  };

  /** The chat whose row has the focus. */
  #here() {
    return numberOf(document.activeElement, "chat");
  }

  /** @param {string} letter @param {number} at ms @param {ChatView[]} list @param {number} from */
  #typeAhead(letter, at, list, from) {
    const fresh = at - this.#typed.at > TYPE_AHEAD;
    this.#typed = { text: fresh ? fold(letter) : this.#typed.text + fold(letter), at };
    const start = this.#typed.text.length === 1 ? from + 1 : from;
    const { text } = this.#typed;
    const { me } = this.face.messenger.state();
    const begins = (/** @type {ChatView} */ chat) => fold(titleOf(chat, me)).startsWith(text);
    const after = list.findIndex((chat, place) => place >= start && begins(chat));
    this.#focusChat(list, after >= 0 ? after : list.findIndex(begins));
  }

  /** Rows that are not drawn yet are, first. @param {ChatView[]} list @param {number} at */
  #focusChat(list, at) {
    const chat = list[at];
    if (!chat) return;
    this.#drawTo(at + ROWS);
    requestAnimationFrame(() => focusRow(rows().find((row) => Number(row.dataset.chat) === chat.id)));
  }
}

/** @returns {HTMLElement[]} */
function rows() {
  return [...document.querySelectorAll(".side__list .row")].filter((row) => row instanceof HTMLElement);
}

/** @param {HTMLElement | undefined} row */
function focusRow(row) {
  row?.focus();
  row?.scrollIntoView({ block: "nearest" });
}

/** What a chat is looked for by. @param {ChatView} chat @param {State} state */
function namesOf(chat, state) {
  return [titleOf(chat, state.me), chat.peer?.display_name, chat.peer && `@${chat.peer.username}`];
}

const WIDTHS = ["45 80", "60 45", "30 60", "45 80", "60 60", "45 45", "30 80", "60 60", "45 80"];

function skeleton() {
  return html`<ul class="side__list" aria-busy="true" aria-label=${t("side.loading")}>
    ${WIDTHS.map((width) => {
      const [first, second] = width.split(" ");
      return html`<li class="sk-row">
        <span class="sk sk--ava"></span>
        <div><span class="sk sk--${first}"></span><span class="sk sk--${second}"></span></div>
      </li>`;
    })}
  </ul>`;
}
