/** Looking for words in all that was written, in every chat or in one; the server finds them. */

import { classMap } from "../../vendor/lit-html/directives/class-map.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { listTime } from "../../words/format.js";
import { excerpt } from "../../words/found.js";
import { errorText, t } from "../../words/i18n.js";
import { nameOf, titleOf } from "../../words/names.js";
import { listKey, reveal } from "../parts/combobox.js";
import { icon } from "../parts/icon.js";
import { marked } from "../parts/marked.js";
import { quickFoot, quickInput } from "../parts/quick.js";

/** @typedef {import("../../types.js").State} State @typedef {import("../../types.js").Found} Found */

const LIST = "found-list";
/** Milliseconds that a query waits for more of it. */
const PAUSE = 250;
/** Results that are kept; who needs more of them narrows the query. */
const MOST = 500;

/** `params`: `{query?, chatId?}`; without a chat all are looked through. @type {import("../parts/dialog.js").DialogMaker} */
export function findMessages(face, { query: first = "", chatId = null }, close) {
  let query = first;
  let within = chatId;
  let active = 0;
  /** @type {Found[]} */
  let results = [];
  /** @type {{cursor: string | null, complete: boolean, busy: boolean, problem: string | null, asked: string}} */
  let answer = { cursor: null, complete: true, busy: false, problem: null, asked: "" };
  let turn = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let waiting = undefined;

  /** @param {boolean} more of the same */
  async function ask(more) {
    const mine = ++turn;
    const asked = query.trim();
    if (!asked) {
      [results, answer] = [[], { cursor: null, complete: true, busy: false, problem: null, asked }];
      return face.redraw();
    }
    answer = { ...answer, busy: true, problem: null };
    face.redraw();
    const cursor = more ? answer.cursor : null;
    const page = await face.messenger.searchMessages({ query: asked, chatId: within, cursor });
    if (mine !== turn) return;
    if (page.ok) {
      results = more ? [...results, ...page.results] : page.results;
      const full = results.length >= MOST;
      answer = { cursor: full ? null : page.next_cursor, complete: page.complete, busy: false, problem: null, asked };
      if (!more) active = 0;
    } else {
      const words = page.code === "validation_failed" ? t("find.no_word") : errorText(page);
      answer = { ...answer, busy: false, problem: words, asked };
    }
    face.redraw();
  }

  function later() {
    clearTimeout(waiting);
    waiting = setTimeout(() => ask(false), PAUSE);
  }

  /** @param {Found} found */
  function go({ message }) {
    close();
    void face.openPlace({ chat_id: message.chat_id, seq: message.seq });
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    const key = listKey(event, active, results.length);
    if (key === null) return;
    event.preventDefault();
    if ("choose" in key) return go(results[key.choose]);
    active = key.active;
    reveal(idOf(results[active]));
    face.redraw();
  }

  /** @param {Found} found */
  const idOf = ({ message }) => `found-${message.chat_id}-${message.seq}`;

  /** @param {State} state @param {Found} found @param {number} at */
  function option(state, found, at) {
    const { message, matches } = found;
    const chat = state.chats.get(message.chat_id);
    const name = message.sender_id === state.me?.id ? t("msg.you") : nameOf(state.users.get(message.sender_id));
    const where = chat && within === null && chat.is_group ? `${name} · ${titleOf(chat, state.me)}` : name;
    const { text, places } = excerpt(message.content ?? "", matches);
    const here = at === active;
    return html`<li
      role="option"
      id=${idOf(found)}
      aria-selected=${here ? "true" : "false"}
      class=${classMap({ row: true, "row--found": true, "is-active": here })}
      @click=${() => go(found)}
    >
      <span class="row__main">
        <span class="row__line">
          <span class="row__name truncate"><bdi>${where}</bdi></span>
          <time class="row__time" datetime=${message.created_at}>${listTime(message.created_at, new Date())}</time>
        </span>
        <span class="row__line"
          ><span class="row__preview"><bdi>${marked(text, places)}</bdi></span></span
        >
      </span>
    </li>`;
  }

  function told() {
    if (answer.problem) return html`<p class="err">${icon("alert", "icon--s")}<span>${answer.problem}</span></p>`;
    if (answer.busy && !results.length) return html`<p class="note">${t("find.searching")}</p>`;
    if (!answer.asked) return html`<p class="note">${t("find.hint")}</p>`;
    if (!results.length) return html`<p class="note">${t(answer.cursor ? "find.none_yet" : "find.none")}</p>`;
    return answer.complete ? nothing : html`<p class="note">${t("find.incomplete")}</p>`;
  }

  if (query.trim()) void ask(false);
  return {
    title: () => t("find.title"),
    kind: "dialog--quick",
    harmless: true,
    bare: true,
    gone: () => {
      clearTimeout(waiting);
      turn += 1;
    },
    content(state) {
      const current = results[active];
      const chat = within === null ? undefined : state.chats.get(within);
      return html`<div class="quick__input">
          ${icon("search")}
          ${quickInput({
            label: t("find.label"),
            list: LIST,
            count: results.length,
            active: current && idOf(current),
            value: query,
            typed: (text) => {
              query = text;
              later();
            },
            keys,
          })}
          ${
            chat
              ? html`<button
                  class="chip"
                  type="button"
                  aria-label=${t("find.everywhere", { title: titleOf(chat, state.me) })}
                  @click=${() => {
                    within = null;
                    void ask(false);
                  }}
                >
                  <bdi class="truncate">${titleOf(chat, state.me)}</bdi> ${icon("close", "icon--xs")}
                </button>`
              : nothing
          }
        </div>
        <div class="dialog__body dialog__body--list">
          <ul id=${LIST} role="listbox" aria-label=${t("find.results")} ?hidden=${results.length === 0}>
            ${repeat(results, idOf, (found, at) => option(state, found, at))}
          </ul>
          <div class="find-note" role="status">${told()}</div>
          ${
            answer.cursor && !answer.busy
              ? html`<button class="btn btn--plain btn--s find-more" type="button" @click=${() => ask(true)}>
                  ${t("find.more")}
                </button>`
              : nothing
          }
        </div>
        ${quickFoot()}`;
    },
  };
}
