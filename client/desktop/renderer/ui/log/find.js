/** Looking for words in the whole of a chat, and stepping through what was found; each step opens its place. */

import { t } from "../../words/i18n.js";
import { fold } from "../../words/search.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { find } from "../parts/elements.js";
import { createFinding } from "../parts/finding.js";
import { foundProblem } from "../parts/found-words.js";
import { icon } from "../parts/icon.js";
import { isComposed } from "../parts/keys.js";

/** @typedef {import("../../types.js").State} State @typedef {import("../parts/finding.js").Answer} Answer */

/** Words of results that are marked in the log. */
const MARKED = 12;

/**
 * `seq`: of the result that was gone to, whatever is found meanwhile; `step`: where to go when the answer is there.
 * @typedef {{chatId: number, query: string, seq: number | null, step: 1 | -1 | null,
 *   finding: ReturnType<typeof createFinding>}} Open
 */

export class Find {
  /** @type {Open | null} */
  #open = null;
  /** The words that are marked, of these results. @type {{of: unknown, words: string}} */
  #marked = { of: null, words: "" };

  /** @param {import("../face.js").Face} face */
  constructor(face) {
    this.face = face;
  }

  /** What is to be marked in this chat: what was looked for, as it stands there. @param {number} chatId */
  query(chatId) {
    const open = this.#open;
    if (open?.chatId !== chatId) return "";
    const { results } = open.finding.get();
    if (this.#marked.of !== results) this.#marked = { of: results, words: wordsOf(results) };
    return this.#marked.words;
  }

  /** @param {number} chatId */
  open(chatId) {
    if (this.#open?.chatId !== chatId) {
      this.#open?.finding.stop();
      this.#open = { chatId, query: "", seq: null, step: null, finding: createFinding(this.face) };
    }
    this.face.redraw();
    requestAnimationFrame(() => {
      const input = find(document, ".find input", HTMLInputElement);
      input?.focus();
      input?.select();
    });
  }

  close() {
    if (!this.#open) return false;
    this.#open.finding.stop();
    this.#open = null;
    this.face.redraw();
    this.face.focusComposer();
    return true;
  }

  /** To be told of each chat that is shown, null for none: a search ends with its chat. @param {number | null} current */
  shown(current) {
    if (!this.#open || this.#open.chatId === current) return;
    this.#open.finding.stop();
    this.#open = null;
  }

  /** To the next result, wherever the focus is; what is not open is opened. @param {number} chatId @param {1 | -1} step */
  step(chatId, step) {
    if (this.#open?.chatId !== chatId || !this.#open.query.trim()) return this.open(chatId);
    void this.#go(step);
  }

  /** @param {State} state @param {number} chatId */
  template(state, chatId) {
    const open = this.#open;
    if (!open || open.chatId !== chatId) return nothing;
    open.finding.follow(state);
    const answer = open.finding.get();
    const none = !answer.results.length;
    return html`<div class="find" role="search" aria-label=${t("log.find")}>
      <div class="search">
        ${icon("search", "icon--s")}
        <input
          type="search"
          dir="auto"
          aria-label=${t("log.find")}
          placeholder=${t("log.find")}
          autocomplete="off"
          spellcheck="false"
          maxlength="200"
          .value=${open.query}
          @input=${this.#input}
          @keydown=${this.#key}
        />
        <span class="find__count" role="status">${count(open, answer)}</span>
      </div>
      ${this.#button("log.find_older", "Enter", "left", "icon--s find__up", none, () => this.#go(1))}
      ${this.#button("log.find_newer", "Shift+Enter", "down", "icon--s", none, () => this.#go(-1))}
      ${this.#button("log.find_close", "Esc", "close", "icon--s", false, () => this.close())}
      <p class="find__none">
        <span role="status">${note(answer)}</span>
        <button class="link-btn" type="button" @click=${() => this.#everywhere(open)}>${t("log.find_all")}</button>
      </p>
    </div>`;
  }

  /**
   * @param {string} label @param {string} key @param {string} picture @param {string} size @param {boolean} off
   * @param {() => unknown} act
   */
  #button(label, key, picture, size, off, act) {
    return html`<button
      class="ibtn ibtn--s"
      type="button"
      aria-label=${t(label)}
      title="${t(label)} (${key})"
      ?disabled=${off}
      @click=${act}
    >
      ${icon(picture, size)}
    </button>`;
  }

  /** In all chats. @param {Open} open */
  #everywhere({ query }) {
    this.face.overlays.open("find-messages", { query });
  }

  /** After each render: a step that waited for its answer. */
  rendered() {
    const open = this.#open;
    if (!open || open.step === null || open.finding.get().busy) return;
    const { step } = open;
    open.step = null;
    if (!open.finding.get().problem) void this.#go(step); // else it is asked again by the next key alone
  }

  /** @param {1 | -1} step towards the older, towards the newer */
  async #go(step) {
    const open = this.#open;
    if (!open) return;
    const { finding, seq } = open;
    if (finding.get().problem) finding.again();
    if (finding.get().busy) {
      open.step = step;
      return finding.want(wanted(open), true);
    }
    const before = finding.get().results;
    if (step > 0 && seq !== null && seq === before.at(-1)?.message.seq) await finding.more();
    const { results } = finding.get();
    if (open !== this.#open || open.seq !== seq || !results.length) return;
    if (this.face.messenger.state().current !== open.chatId) return; // another chat was opened meanwhile
    open.seq = results[placeAfter(results, seq, step)].message.seq;
    this.face.redraw();
    await this.face.showMessage(open.chatId, open.seq, false);
  }

  /** @param {Event & {currentTarget: HTMLInputElement}} event */
  #input = ({ currentTarget }) => {
    const open = this.#open;
    if (!open) return;
    open.query = currentTarget.value;
    [open.seq, open.step] = [null, null];
    open.finding.want(wanted(open));
    this.face.redraw();
  };

  /** @param {KeyboardEvent} event */
  #key = (event) => {
    if (isComposed(event)) return;
    if (event.key === "Enter") {
      event.preventDefault();
      void this.#go(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      this.close();
    }
  };
}

/** @param {Open} open @returns {import("../../types.js").Wanted} */
function wanted({ chatId, query }) {
  return { query: query.trim(), chat_id: chatId, sender_id: null, after: null, before: null, has: null };
}

/** The words of the results as they were written, each once; single letters would mark half of the log.
 * @param {import("../../types.js").Found[]} results */
function wordsOf(results) {
  const words = new Map();
  for (const { message, matches } of results) {
    const points = [...(message.content ?? "")];
    for (const [at, length] of matches) {
      const word = points.slice(at, at + length).join("");
      if (length > 1 && words.size < MARKED) words.set(fold(word), word);
    }
  }
  return [...words.values()].join(" ");
}

/**
 * Which result is the next one: from where one is, which may be found no more. The newest is the first.
 * @param {import("../../types.js").Found[]} results @param {number | null} seq @param {1 | -1} step
 */
function placeAfter(results, seq, step) {
  const n = results.length;
  if (seq === null) return step > 0 ? 0 : n - 1;
  const at = results.findIndex(({ message }) => message.seq === seq);
  if (at >= 0) return (at + step + n) % n;
  const older = results.findIndex(({ message }) => message.seq < seq);
  if (step > 0) return Math.max(older, 0);
  return older < 0 ? n - 1 : (older - 1 + n) % n;
}

/** @param {Open} open @param {Answer} answer */
function count({ query, seq }, { results, cursor, busy, problem, asked }) {
  if (!query.trim() || (problem && !results.length)) return "";
  if (busy && !results.length) return t("find.searching");
  if (!results.length) return asked ? t("log.find_none") : "";
  const n = results.length;
  const more = cursor === null ? "" : "+";
  const at = results.findIndex(({ message }) => message.seq === seq);
  return at < 0 ? `${t("log.find_count", { n })}${more}` : t("log.find_at", { at: at + 1, n: `${n}${more}` });
}

/** @param {Answer} answer */
function note(answer) {
  if (answer.problem) return foundProblem(answer.problem);
  if (answer.here && !answer.busy) return t("find.here");
  return answer.complete ? nothing : t("find.incomplete");
}
