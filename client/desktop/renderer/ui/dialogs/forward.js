/** Forwarding messages: to one or several chats, found by their names. */

import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { barredFrom } from "../../state/changes.js";
import { isRemoved } from "../../state/removed.js";
import { shownChats } from "../../state/chat-list.js";
import { rank } from "../../words/fuzzy.js";
import { errorText, t } from "../../words/i18n.js";
import { titleOf } from "../../words/names.js";
import { messageWords } from "../../words/files.js";
import { chatAvatar } from "../parts/chat-avatar.js";
import { showChat } from "../parts/chat-actions.js";
import { icon } from "../parts/icon.js";
import { marked } from "../parts/marked.js";
import { isComposed } from "../parts/keys.js";

/** @typedef {import("../../types.js").ChatView} ChatView @typedef {import("../../types.js").State} State */

const LIST = "forward-list";
const MOST = 50;

/**
 * `params`: `{messages, done?}`; `done` is called when they are on their way.
 * @type {import("../parts/dialog.js").DialogMaker}
 */
export function forward(face, { messages: given, done }, close) {
  let query = "";
  /** @type {Set<number>} */
  const chosen = new Set();
  /** @type {string | null} */
  let problem = null;
  let busy = false;

  /** What was deleted meanwhile goes nowhere. @param {State} state @returns {import("../../types.js").Message[]} */
  const left = (state) => given.filter((/** @type {import("../../types.js").Message} */ one) => !isRemoved(state, one));

  /** Where one may write. @param {State} state */
  function offered(state) {
    const open = [...shownChats(state)].filter((chat) => barredFrom(chat) === null);
    const names = (/** @type {ChatView} */ chat) => [
      titleOf(chat, state.me),
      chat.peer ? `@${chat.peer.username}` : "",
    ];
    if (query.trim() === "") return open.map((chat) => ({ candidate: chat, places: [] }));
    return rank(query, open, names, MOST);
  }

  /** @param {number} chatId */
  function toggle(chatId) {
    if (!chosen.delete(chatId)) chosen.add(chatId);
    face.redraw();
  }

  async function send() {
    const messages = left(face.messenger.state());
    if (chosen.size === 0 || messages.length === 0 || busy) return;
    busy = true;
    face.redraw();
    const targets = [...chosen];
    const outcome = await face.messenger.forward(targets, messages);
    busy = false;
    if (!outcome.ok) {
      problem = errorText(outcome);
      face.redraw();
      return;
    }
    close();
    done?.();
    const said = t("forward.done", { n: messages.length });
    if (targets.length === 1) {
      face.overlays.toast({ text: said, action: t("notice.open"), run: () => showChat(face, targets[0]) });
    } else face.overlays.toast({ text: said });
  }

  /** Enter ticks the first that was found. @param {KeyboardEvent} event */
  function keys(event) {
    if (event.key !== "Enter" || isComposed(event)) return;
    event.preventDefault();
    const [first] = offered(face.messenger.state());
    if (!first || query.trim() === "") return;
    toggle(first.candidate.id);
    query = "";
    face.redraw();
  }

  /** @param {State} state @param {ReturnType<typeof offered>[number]} answer */
  function row(state, { candidate: chat, places }) {
    const title = titleOf(chat, state.me);
    return html`<li>
      <label class="row row--person">
        ${chatAvatar(face, state, chat, "s")}
        <span class="row__main"
          ><span class="row__line"><bdi class="row__name truncate">${marked(title, places)}</bdi></span></span
        >
        <span class="pick"
          ><input
            class="checkbox"
            type="checkbox"
            .checked=${chosen.has(chat.id)}
            @change=${() => toggle(chat.id)}
          />${icon("check", "icon--xs")}</span
        >
      </label>
    </li>`;
  }

  /** @param {State} state */
  function content(state) {
    const answers = offered(state);
    const messages = left(state);
    const what = messages.length > 1 ? t("forward.many", { n: messages.length }) : messages.map(messageWords)[0];
    return html`<div class="dialog__pad">
        <p class="note truncate">${what ?? t("msg.deleted")}</p>
        <div class="search search--l">
          ${icon("search", "icon--s")}
          <input
            type="search"
            dir="auto"
            autofocus
            autocomplete="off"
            spellcheck="false"
            maxlength="64"
            aria-label=${t("forward.find")}
            placeholder=${t("forward.find")}
            aria-controls=${LIST}
            .value=${query}
            @input=${(/** @type {Event & {currentTarget: HTMLInputElement}} */ event) => {
              query = event.currentTarget.value;
              face.redraw();
            }}
            @keydown=${keys}
          />
        </div>
      </div>
      <div class="dialog__body dialog__body--list dialog__body--find">
        ${answers.length === 0 ? html`<p class="note" role="status">${t("person.none")}</p>` : nothing}
        <ul id=${LIST} aria-label=${t("forward.chats")}>
          ${repeat(
            answers,
            ({ candidate }) => candidate.id,
            (answer) => row(state, answer),
          )}
        </ul>
      </div>
      <footer class="dialog__foot">
        ${problem ? html`<p class="err" role="status">${icon("alert", "icon--s")}<span>${problem}</span></p>` : nothing}
        <button class="btn btn--plain" type="button" @click=${close}>${t("dialog.cancel")}</button>
        <button
          class="btn btn--primary"
          type="button"
          ?disabled=${chosen.size === 0 || !messages.length}
          aria-busy=${busy}
          @click=${send}
        >
          ${chosen.size > 1 ? t("forward.act_many", { n: chosen.size }) : t("forward.act")}
        </button>
      </footer>`;
  }

  return { title: () => t("forward.title"), content };
}
