/** Choosing several messages of a chat, and what is done with all of them: copied, forwarded, deleted. */

import { isWhole, rightsOn, shownItems } from "../../state/changes.js";
import { MOST_CHOSEN, chooseMore, chooseNoMore } from "../../state/choice.js";
import { isRemoved } from "../../state/removed.js";
import { shortTime } from "../../words/format.js";
import { t } from "../../words/i18n.js";
import { nameOf } from "../../words/names.js";
import { transcript } from "../../words/transcript.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { askRemove } from "./acts.js";
import { copyText } from "../parts/clipboard.js";
import { icon } from "../parts/icon.js";

/** @typedef {import("../../types.js").State} State @typedef {import("../../types.js").ChatView} ChatView
 * @typedef {import("../../types.js").Message} Message */

export class Selecting {
  #chatId = 0;
  /** @type {Set<number>} */
  #seqs = new Set();
  /** The chosen ones as they were seen last: the log keeps 500 messages, and one may scroll on. @type {Map<number, Message>} */
  #seen = new Map();
  /** The last one that was chosen: with Shift all up to there are. @type {number | null} */
  #last = null;
  #on = false;

  /** @param {import("../face.js").Face} face */
  constructor(face) {
    this.face = face;
  }

  /** What is chosen in a chat; null where nobody is choosing there. @param {number} chatId */
  of(chatId) {
    return this.#on && this.#chatId === chatId ? this.#seqs : null;
  }

  /** Begin, with one message. @param {number} chatId @param {number} seq */
  begin(chatId, seq) {
    this.#chatId = chatId;
    this.#on = true;
    this.#seqs = new Set([seq]);
    this.#last = seq;
    this.face.announce(t("select.count", { n: 1 }));
    this.face.redraw();
  }

  /** @param {number} chatId @param {number} seq @param {boolean} [through] all from the last one to this */
  toggle(chatId, seq, through = false) {
    if (!this.of(chatId)) return this.begin(chatId, seq);
    const last = through ? this.#last : null;
    if (last === null && this.#seqs.has(seq)) return this.#become(chooseNoMore(this.#seqs, seq), seq);
    const { seqs, full } = chooseMore(this.#seqs, last === null ? [seq] : this.#between(chatId, last, seq));
    this.#become(seqs, full ? this.#last : seq);
    if (full) this.face.overlays.toast({ text: t("select.full", { n: MOST_CHOSEN }) });
  }

  /** @param {Set<number>} seqs that are chosen now @param {number | null} last where Shift begins from now on */
  #become(seqs, last) {
    this.#seqs = seqs;
    this.#last = last;
    this.face.announce(t("select.count", { n: seqs.size }));
    this.face.redraw();
  }

  /** What may be chosen from one place to another, beginning there. @param {number} chatId @param {number} from
   * @param {number} to */
  #between(chatId, from, to) {
    const [first, last] = [Math.min(from, to), Math.max(from, to)];
    const seqs = this.#choosable(chatId).flatMap(({ seq }) => (seq >= first && seq <= last ? [seq] : []));
    return to < from ? seqs.reverse() : seqs;
  }

  /** To be told of each chat that is shown, null for none: choosing ends with its chat. @param {number | null} current */
  shown(current) {
    if (this.#on && this.#chatId !== current) this.end();
  }

  /** @returns {boolean} whether somebody was choosing */
  end() {
    const was = this.#on;
    this.#on = false;
    this.#seqs = new Set();
    this.#seen = new Map();
    if (was) this.face.redraw();
    return was;
  }

  /** The bar in place of the pinned message. @param {State} state @param {ChatView} chat */
  template(state, chat) {
    if (!this.of(chat.id)) return nothing;
    const chosen = this.#chosen(state, chat.id);
    const none = chosen.length === 0;
    const me = state.me?.id ?? 0;
    const removable = !none && chosen.every((message) => rightsOn(message, chat, me).remove);
    return html`<div class="selectbar" role="toolbar" aria-label=${t("select.bar")}>
      <button class="ibtn ibtn--s" type="button" aria-label=${t("select.end")} @click=${() => this.#leave()}>
        ${icon("close", "icon--s")}
      </button>
      <span class="selectbar__count">${t("select.count", { n: chosen.length })}</span>
      ${this.#button("copy", t("select.copy"), none, () => void this.copy(chat.id))}
      ${this.#button("forward", t("select.forward"), none, () => this.#forward(chat.id))}
      ${this.#button("trash", t("select.remove"), !removable, () => void this.remove(chat.id))}
    </div>`;
  }

  /** Who wrote what when, as text. @param {number} chatId */
  async copy(chatId) {
    const state = this.face.messenger.state();
    const chosen = this.#chosen(state, chatId);
    if (chosen.length === 0) return;
    const copied = await copyText(
      transcript(
        chosen,
        (id) => nameOf(state.users.get(id)),
        (iso) => shortTime(iso),
      ),
    );
    this.face.overlays.toast({ text: t(copied ? "select.copied" : "toast.not_copied", { n: chosen.length }) });
    if (copied) this.#leave();
  }

  /** @param {number} chatId */
  async remove(chatId) {
    const state = this.face.messenger.state();
    const chat = state.chats.get(chatId);
    const chosen = this.#chosen(state, chatId);
    if (!chat || !chosen.every((message) => rightsOn(message, chat, state.me?.id ?? 0).remove)) return;
    if (await askRemove(this.face, chatId, chosen)) this.#leave();
  }

  /** @param {number} chatId */
  #forward(chatId) {
    const messages = this.#chosen(this.face.messenger.state(), chatId);
    this.face.overlays.open("forward", { messages, done: () => this.#leave() });
  }

  #leave() {
    this.end();
    this.face.focusComposer();
  }

  /** @param {string} name of the icon @param {string} label @param {boolean} off @param {() => void} run */
  #button(name, label, off, run) {
    return html`<button class="btn btn--quiet btn--s" type="button" ?disabled=${off} @click=${run}>
      ${icon(name, "icon--s")}<span class="selectbar__label">${label}</span>
    </button>`;
  }

  /** @param {number} chatId @returns {Message[]} */
  #choosable(chatId) {
    const state = this.face.messenger.state();
    const timeline = state.timelines.get(chatId);
    const items = timeline ? shownItems(timeline, state.me?.id ?? 0) : [];
    return items.flatMap((item) => (item.type === "message" && isWhole(item) ? [item] : []));
  }

  /** What is chosen and was not deleted. @param {State} state @param {number} chatId @returns {Message[]} */
  #chosen(state, chatId) {
    for (const message of this.#choosable(chatId)) {
      if (this.#seqs.has(message.seq)) this.#seen.set(message.seq, message);
    }
    const chosen = [...this.#seen.values()].filter(({ seq }) => this.#seqs.has(seq) && !isRemoved(state, { chat_id: chatId, seq })); // prettier-ignore
    this.#seen = new Map(chosen.map((message) => [message.seq, message]));
    if (chosen.length < this.#seqs.size) this.#seqs = new Set(this.#seen.keys()); // what was deleted takes no room
    return chosen.sort((one, other) => one.seq - other.seq);
  }
}

/**
 * The box before a message while several are being chosen.
 * @param {Selecting} selecting @param {Message} message @param {string} label who and when
 */
export function selectBox(selecting, message, label) {
  const chosen = selecting.of(message.chat_id);
  if (!chosen || !isWhole(message)) return nothing;
  /** @param {MouseEvent & {currentTarget: HTMLInputElement}} event */
  function click(event) {
    event.stopPropagation();
    selecting.toggle(message.chat_id, message.seq, event.shiftKey);
    // where it was refused nothing is drawn anew, and the browser has ticked it
    event.currentTarget.checked = selecting.of(message.chat_id)?.has(message.seq) ?? false;
  }
  return html`<span class="pick msg__pick"
    ><input
      class="checkbox"
      type="checkbox"
      tabindex="-1"
      aria-label=${t("select.one", { label })}
      .checked=${chosen.has(message.seq)}
      @click=${click}
    />${icon("check", "icon--xs")}</span
  >`;
}
