/**
 * The parts of the face that belong to one log-in. They are made anew for each, so that nothing that somebody typed, looked
 * for or opened outlives it.
 */

import { t } from "../words/i18n.js";
import { barredFrom } from "../state/changes.js";
import { currentChat } from "../state/chat-list.js";
import { titleOf } from "../words/names.js";
import { html, noChange, nothing } from "../vendor/lit-html/lit-html.js";
import { banner } from "./parts/banner.js";
import { Composer } from "./composer/composer.js";
import { loadEmoji } from "./composer/emoji-picker.js";
import { empty } from "./empty.js";
import { Dropping } from "./composer/dropping.js";
import { Find } from "./log/find.js";
import { Log } from "./log/log.js";
import { Notify } from "./notify.js";
import { Pinned } from "./log/pinned.js";
import { Refusals } from "./refusals.js";
import { Selecting } from "./log/selecting.js";
import { Side } from "./list/side.js";
import { topbar } from "./log/topbar.js";

/** @typedef {import("../types.js").State} State @typedef {import("../types.js").ChatView} ChatView */

export class SignedIn {
  #over = new AbortController();
  /** The chat that is open. */
  #current = 0;
  /** Chats whose members were asked for. @type {Set<number>} */
  #asked = new Set();
  #prepared = false;

  /** @param {Omit<import("./face.js").Face, "ended">} outer the face without an end */
  constructor(outer) {
    /** @type {import("./face.js").Face} */
    this.face = { ...outer, ended: this.#over.signal };
    this.side = new Side(this.face);
    this.selecting = new Selecting(this.face);
    this.log = new Log(this.face, this.selecting);
    this.find = new Find(this.face);
    this.composer = new Composer(this.face, (chatId) => this.log.sent(chatId));
    this.dropping = new Dropping(this.face, (chatId, files) => this.composer.attach(chatId, files));
    this.notify = new Notify(this.face);
    this.pinned = new Pinned(this.face);
    this.refusals = new Refusals(this.face);
  }

  /** The log-in is over. */
  end() {
    this.#over.abort();
  }

  /** @param {State} state @param {Date} now @param {boolean} whole else the composer alone is drawn anew */
  template(state, now, whole) {
    const chat = currentChat(state);
    if (!chat) this.log.closed();
    this.find.shown(state.current);
    this.selecting.shown(state.current);
    const write = (/** @type {Event} */ event) => {
      event.preventDefault();
      this.composer.focus();
    };
    return html`${chat && barredFrom(chat) === null ? html`<a class="skip" href="#compose" @click=${write}>${t("composer.skip")}</a>` : nothing}
      <main class="app" data-pane=${chat ? "chat" : "list"}>
        ${whole ? banner(this.face, state.link, now.getTime()) : noChange}
        ${whole ? this.side.template(state, now) : noChange}
        <section class="chat" aria-label=${chat ? t("log.chat", { title: titleOf(chat, state.me) }) : t("log.no_chat")}>
          ${chat ? this.#chat(state, chat, now, whole) : empty(this.face, state)}
        </section>
      </main>`;
  }

  /** After each render. @param {State} state @param {boolean} whole */
  rendered(state, whole) {
    this.composer.rendered(state);
    if (!whole) return;
    this.log.rendered(state);
    this.find.rendered();
    this.notify.rendered(state);
    this.refusals.rendered(state);
    this.#prepare(state);
  }

  /** What must be there when the link is not. @param {State} state */
  #prepare({ link, listed }) {
    if (this.#prepared || link.state !== "live" || !listed) return;
    this.#prepared = true;
    const load = () => void loadEmoji().catch(() => (this.#prepared = false));
    requestIdleCallback(load, { timeout: 2000 });
  }

  /** @param {State} state @param {ChatView} chat @param {Date} now @param {boolean} whole */
  #chat(state, chat, now, whole) {
    /** @param {() => unknown} draw */
    const part = (draw) => (whole ? draw() : noChange);
    const find = () => this.find.open(chat.id);
    const strip = () => (this.selecting.of(chat.id) ? this.selecting : this.pinned).template(state, chat);
    if (whole) this.#askMembers(state, chat);
    return html`${part(() => topbar(this.face, state, chat, { now, find }))} ${part(strip)}
    ${part(() => this.find.template(state, chat.id))}
    ${part(() => this.log.template(state, chat, { now, query: this.find.query(chat.id) }))}
    ${part(() => this.dropping.template())} ${this.composer.template(state, chat)}`;
  }

  /** How many there are stands above the chat. @param {State} state @param {ChatView} chat */
  #askMembers(state, chat) {
    if (this.#current !== chat.id) this.#asked.clear(); // of one that was left long ago they are not known any more
    this.#current = chat.id;
    if (state.link.state !== "live" || !chat.is_group || chat.members || this.#asked.has(chat.id)) return;
    this.#asked.add(chat.id);
    void this.face.messenger.loadMembers(chat.id).then((done) => {
      if (!done.ok) this.#asked.delete(chat.id);
    });
  }
}
