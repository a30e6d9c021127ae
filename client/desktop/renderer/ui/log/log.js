/** The log of a chat: its days and rows, moving over messages by keys, and the way back to the newest. */

import { barredFrom, isWhole, rightsOn, shownItems } from "../../state/changes.js";
import { currentChat, currentTimeline } from "../../state/chat-list.js";
import { dayKey, dayTitle, manner } from "../../words/format.js";
import { t } from "../../words/i18n.js";
import { hasLostSource } from "../../state/removed.js";
import { messageAt, quotedIn } from "../../state/quoted.js";
import { keptDays } from "../../state/retention.js";
import { emptyLine } from "../../state/timeline.js";
import { eventWords, sections } from "../../state/rows.js";
import { guard } from "../../vendor/lit-html/directives/guard.js";
import { keyed } from "../../vendor/lit-html/directives/keyed.js";
import { ref } from "../../vendor/lit-html/directives/ref.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { echoRow, messageRow } from "./bubble.js";
import { focusAt, moveFocus, PAGING } from "./moving.js";
import { copyAndTell } from "../parts/copying.js";
import { askRemove, pickReaction } from "./acts.js";
import { actOnEcho } from "./echo-keys.js";
import { eventRow } from "./event-row.js";
import { icon } from "../parts/icon.js";
import { Reading } from "./reading.js";
import { Scroll } from "./scroll.js";
import { skeleton } from "./skeleton.js";
import { commands, keyName, keysHere, nameOfKey } from "../parts/keys.js";

/**
 * @typedef {import("../../types.js").State} State
 * @typedef {import("../../types.js").ChatView} ChatView
 * @typedef {import("../../types.js").Timeline} Timeline
 * @typedef {import("../../types.js").Message} Message
 * @typedef {import("../../state/rows.js").Row} Row
 */

/** Rows that come above a heading take it away from under the mouse: what was pressed hears of the release all the same.
 * @param {PointerEvent & {currentTarget: Element}} event */
const keepPressed = ({ currentTarget, pointerId }) => currentTarget.setPointerCapture(pointerId);

/** How long a place that was jumped to is marked. */
const FOUND = 1600;
const SILENT = 500;

/** @type {Timeline} */
const EMPTY = { ...emptyLine(0), loading: "older" };

export class Log {
  /** The chat that is shown, and where its divider is. @type {{chatId: number, dividerAfter: number | null} | null} */
  #opened = null;
  /** The message that was jumped to. @type {number | null} */
  #found = null;
  #query = "";
  /** @type {{timeline: Timeline, how: string, days: import("../../state/rows.js").Section[]} | null} */
  #walked = null;
  /** The first item that is there, and until when (ms of performance.now()) nothing is read out because of it. */
  #above = { seq: 0, until: 0 };

  /** @param {import("../face.js").Face} face @param {import("./selecting.js").Selecting} selecting */
  constructor(face, selecting) {
    this.face = face;
    this.selecting = selecting;
    this.scroll = new Scroll(face, () => this.#divide());
    this.reading = new Reading((chatId, seq) => face.messenger.read(chatId, seq), face.ended);
  }

  /** @param {State} state @param {ChatView} chat @param {{now: Date, query: string}} how */
  template(state, chat, { now, query }) {
    this.#open(chat);
    this.#query = query;
    const timeline = state.timelines.get(chat.id) ?? EMPTY;
    const fresh = !timeline.items.length && !timeline.echoes.length;
    const waiting = fresh && !timeline.at_start && !timeline.problem;
    return html`<div class="logwrap">
      ${keyed(
        chat.id,
        html`<div
          class="log"
          role="log"
          aria-live="polite"
          aria-relevant="additions"
          aria-label=${t("log.name")}
          aria-busy=${timeline.loading !== null || this.#silent(timeline)}
          tabindex="0"
          data-region="log"
          @keydown=${this.#key}
          ${ref(this.#attach)}
        >
          <div class="log__list">${waiting ? skeleton() : this.#days(state, chat, timeline, now)}</div>
        </div>`,
      )}
      ${this.face.back.isPossible() ? backButton(this.face) : nothing} ${this.#toEnd(chat, timeline)}
    </div>`;
  }

  /** After each render. @param {State} state */
  rendered(state) {
    const chat = currentChat(state);
    if (!chat) return;
    this.scroll.rendered(state, chat);
    this.reading.rendered(chat.id, this.scroll.placing || this.face.overlays.busy());
  }

  /** Another chat is shown, or none: where one was in this one is known, and what is far from there is let go. */
  #leave() {
    const chatId = this.#opened?.chatId;
    this.scroll.left();
    if (chatId && !this.scroll.placing) this.face.messenger.leaveChat(chatId, this.scroll.placeOf(chatId));
  }

  /** No chat is shown from now on. */
  closed() {
    this.#leave();
    this.#opened = null;
  }

  /** Scroll there and mark it for a moment. @param {number} chatId @param {number} seq @param {boolean} focus
   * @returns {Promise<import("../../types.js").Done | import("../../types.js").Refused>} `cancelled`: one went elsewhere */
  async show(chatId, seq, focus) {
    const there = await this.face.messenger.jumpTo(chatId, seq, true);
    if (!there.ok) return there;
    if (this.face.messenger.state().current !== chatId) return { ok: false, code: "cancelled" };
    this.#found = seq;
    this.scroll.showNext(seq, focus);
    this.face.redraw();
    setTimeout(() => {
      if (this.#found !== seq) return;
      this.#found = null;
      this.face.redraw();
    }, FOUND);
    return there;
  }

  /** The message where one is: whose quote was followed, else the first in sight, at the end the last one. */
  where() {
    const row = document.activeElement?.closest(".log li[data-seq]");
    return row instanceof HTMLElement ? Number(row.dataset.seq) : this.scroll.where();
  }

  /** One's own message goes out: the divider has done its work, and the end is where to look. @param {number} chatId */
  sent(chatId) {
    if (this.#opened?.chatId === chatId) this.#opened = { chatId, dividerAfter: null };
    void this.toEnd(chatId);
  }

  /** @param {number} chatId */
  async toEnd(chatId) {
    const { messenger } = this.face;
    const timeline = messenger.state().timelines.get(chatId);
    if (timeline && !timeline.at_end) await messenger.jumpToEnd(chatId);
    const { current, chats, timelines } = messenger.state();
    const chat = chats.get(chatId);
    if (current !== chatId || !chat) return;
    this.face.back.settle();
    if (timelines.get(chatId)?.at_end) messenger.read(chatId, chat.last_seq); // whoever goes there wants it so
    this.scroll.toEnd(chat.last_seq);
    this.face.redraw();
  }

  /** What is new begins where the reading stopped. */
  #divide() {
    const chat = currentChat(this.face.messenger.state());
    if (!chat || this.#opened?.chatId !== chat.id || this.#opened.dividerAfter !== null) return;
    this.#opened = { chatId: chat.id, dividerAfter: chat.read_seq };
    this.face.redraw();
  }

  /** The divider stays where it was when the chat was opened. @param {ChatView} chat */
  #open(chat) {
    if (this.#opened?.chatId === chat.id) return;
    this.#leave();
    this.#opened = { chatId: chat.id, dividerAfter: chat.unread_count ? chat.read_seq : null };
    this.#found = null;
    this.scroll.opened(chat);
  }

  /** Older messages are no news: nothing is read out while they are put in. @param {Timeline} timeline */
  #silent({ items }) {
    const seq = items[0]?.seq ?? 0;
    const now = performance.now();
    if (seq !== this.#above.seq) {
      this.#above = { seq, until: now + SILENT };
      setTimeout(() => this.face.redraw(), SILENT);
    }
    return now < this.#above.until;
  }

  /** @param {Element | undefined} element */
  #attach = (element) => {
    this.scroll.attach(element);
    this.reading.attach(element, this.#opened?.chatId ?? 0);
  };

  /** @param {State} state @param {ChatView} chat @param {Timeline} timeline @param {Date} now */
  #days(state, chat, timeline, now) {
    const days = this.#sections(timeline, state.me?.id ?? 0);
    const kept = keptDays(chat, state.limits);
    return html`${this.#problem(timeline, "older")}
    ${timeline.at_start ? nothing : html`<div class="log__more" aria-hidden="true"><span class="sk-msg sk-msg--a"></span></div>`}
    ${timeline.at_start && kept > 0 ? html`<p class="log__kept">${icon("clock", "icon--s")}<span>${t("retention.note", { n: kept })}</span></p>` : nothing}
    ${days.length || timeline.problem ? nothing : html`<p class="log__empty">${t("log.empty")}</p>`}
    ${repeat(
      days,
      ({ day }) => day,
      ({ at, rows }) => {
        const title = dayTitle(at, now);
        return html`<section aria-label=${title}>
          <h2 class="day">
            <button
              type="button"
              title=${t("date.title")}
              @pointerdown=${keepPressed}
              @click=${() => this.face.overlays.open("date", { chatId: chat.id, at })}
            >
              ${title}
            </button>
          </h2>
          <ol>
            ${repeat(
              rows,
              ({ key }) => key,
              (row) => this.#row(state, chat, timeline, row),
            )}
          </ol>
        </section>`;
      },
    )}
    ${this.#problem(timeline, "newer")}`;
  }

  /** Walked through anew only where the timeline, the divider or what a day is is another. @param {Timeline} timeline @param {number} me */
  #sections(timeline, me) {
    const dividerAfter = this.#opened?.dividerAfter ?? null;
    const how = [me, dividerAfter, manner()].join();
    if (this.#walked?.timeline === timeline && this.#walked.how === how) return this.#walked.days;
    const days = sections(timeline, { me, dividerAfter, dayKey });
    this.#walked = { timeline, how, days };
    return days;
  }

  /** What could not be had at that end; of an empty log nothing could. @param {Timeline} timeline
   * @param {import("../../types.js").Side} side */
  #problem({ chat_id: chatId, items, problem, failed }, side) {
    const { messenger } = this.face;
    const bare = items.length === 0;
    if (problem === null || (bare ? side === "newer" : !failed.includes(side))) return nothing;
    const load = side === "newer" ? messenger.loadNewer : messenger.loadOlder;
    const again = () => (bare ? messenger.openChat(chatId) : load(chatId));
    return html`<p class="log__problem" role="status">
      ${t("log.problem")} <button class="link-btn" type="button" @click=${again}>${t("msg.retry")}</button>
    </p>`;
  }

  /**
   * A row is drawn anew only where something that it shows has changed.
   * @param {State} state @param {ChatView} chat @param {Timeline} timeline @param {Row} row
   */
  #row(state, chat, timeline, row) {
    if (row.kind === "unread") return html`<li class="unread">${t("log.unread")}</li>`;
    const { face } = this;
    const items = shownItems(timeline, state.me?.id ?? 0);
    const query = this.#query;
    if (row.kind === "event") {
      const words = eventWords(row.event, state.me?.id ?? 0);
      const [actor, target] = [state.users.get(words.actor), state.users.get(words.target ?? 0)];
      return guard([row.event, actor, target, manner()], () => eventRow(face, words, row.event, state));
    }
    if (row.kind === "echo") {
      const { echo, first, last } = row;
      const quoted = quotedIn(state, timeline, items, echo.reply_to);
      const around = { state, chat, quoted, query, found: false, unread: false };
      const sent = echo.files.map(({ local_id }) => state.progress.get(local_id));
      const whose = quoted && state.users.get(quoted.sender_id);
      const needs = [echo, first, last, quoted, whose, query, manner(), hasLostSource(state, echo), ...sent];
      return guard(needs, () => echoRow(face, row, around));
    }
    const { message, own, first, last } = row;
    const quoted = quotedIn(state, timeline, items, message.reply_to);
    const found = message.seq === this.#found;
    const unread = !own && message.seq > chat.read_seq;
    const delivery = own && [message.seq <= chat.others_read_seq, message.seq <= chat.others_delivered_seq].join();
    const user = state.users.get(message.sender_id);
    const writes = [chat.left_seq === null, barredFrom(chat)].join();
    const needs = [
      message,
      first,
      last,
      delivery,
      quoted,
      quoted && state.users.get(quoted.sender_id),
      query,
      found,
      unread,
      user,
      message.forwarded && state.users.get(message.forwarded.user_id)?.deleted,
      chat.members,
      chat.role,
      writes,
      manner(),
      ...reactors(message, state),
    ];
    const chosen = this.selecting.of(chat.id)?.has(message.seq) ?? null;
    return guard([...needs, chosen], () =>
      messageRow(face, row, { state, chat, quoted, query, found, unread, selecting: this.selecting }),
    );
  }

  /** @param {ChatView} chat @param {Timeline} timeline */
  #toEnd(chat, timeline) {
    if (!this.scroll.away && (timeline.at_end || !timeline.items.length)) return nothing;
    const count = chat.unread_count;
    const label = count ? t("log.to_end_count", { n: count }) : t("log.to_end");
    return html`<button class="tobottom" type="button" aria-label=${label} @click=${() => this.toEnd(chat.id)}>
      ${icon("todown")}${count ? html`<span class="badge" aria-hidden="true">${count > 999 ? "999+" : count}</span>` : nothing}
    </button>`;
  }

  /** @param {KeyboardEvent} event */
  #key = (event) => {
    const { target } = event;
    if (!(target instanceof HTMLElement)) return;
    const onLog = target.getAttribute("role") === "log";
    if (!onLog && !target.matches("article")) return;
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    if (plain && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      return moveFocus(event.key === "ArrowUp" ? -1 : 1, target);
    }
    if (onLog) return;
    if (plain && PAGING.includes(event.key)) {
      event.preventDefault();
      const chatId = this.#opened?.chatId ?? 0;
      if (event.key === "End") void this.toEnd(chatId).then(() => this.#opened?.chatId === chatId && focusAt("End"));
      else focusAt(event.key);
      return;
    }
    const message = this.#messageOf(target);
    if (event.key === "Escape") {
      event.stopPropagation();
      if (!this.selecting.end()) this.face.focusComposer();
    } else if (message && plain && nameOfKey(event) === "R") {
      event.preventDefault();
      this.face.reply(message.chat_id, message);
    } else if (message && plain && event.key === " ") {
      event.preventDefault();
      if (isWhole(message)) this.selecting.toggle(message.chat_id, message.seq);
    } else if (message && plain && this.#act(message, nameOfKey(event), target)) {
      event.preventDefault();
    } else if (message && commands(event) && nameOfKey(event) === "C") {
      if (this.selecting.of(message.chat_id)) void this.selecting.copy(message.chat_id);
      else if (document.getSelection()?.isCollapsed ?? true) void copyAndTell(this.face, message.content ?? "");
    } else if (actOnEcho(this.face, event, target)) {
      event.preventDefault();
    } else if (event.key === "ContextMenu" || (event.shiftKey && event.key === "F10")) {
      event.preventDefault();
      target.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true }));
    }
  };

  /** @param {HTMLElement} article */
  #messageOf(article) {
    const state = this.face.messenger.state();
    const timeline = currentTimeline(state);
    if (!timeline) return null;
    const items = shownItems(timeline, state.me?.id ?? 0);
    const message = messageAt(items, Number(article.closest("li")?.dataset.seq ?? 0));
    return message && !message.deleted ? message : null;
  }

  /** Del, and the sign that E chooses: on what one may. @param {Message} message @param {string} key @param {HTMLElement} at */
  #act(message, key, at) {
    const { chats, me } = this.face.messenger.state();
    const chat = chats.get(message.chat_id);
    const may = chat && rightsOn(message, chat, me?.id ?? 0);
    if (key === "Delete" && this.selecting.of(message.chat_id)) void this.selecting.remove(message.chat_id);
    else if (key === "Delete" && may?.remove) void askRemove(this.face, message.chat_id, [message]);
    else if (key === "E" && may?.react) pickReaction(this.face, message, at);
    else return false;
    return true;
  }
}

/** Who reacted: their names stand in the row. @param {Message} message @param {State} state */
function reactors({ reactions }, { users }) {
  return (reactions ?? []).flatMap(({ user_ids: ids }) => ids.map((id) => users.get(id)));
}

/** @param {import("../face.js").Face} face */
const backButton = (face) =>
  html`<button
    class="tobottom goback"
    type="button"
    aria-label=${t("log.back")}
    title=${keysHere().some(({ id }) => id === "back") ? keyName(["Alt", "←"]) : nothing}
    @click=${face.back.go}
  >
    ${icon("reply")}
  </button>`;
