/** Looking for words in all that was written, narrowed by chips; chats and people of that name are found beside it. */

import { classMap } from "../../vendor/lit-html/directives/class-map.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { readFilters, withFilter, without } from "../../words/filters.js";
import { listTime } from "../../words/format.js";
import { excerpt } from "../../words/found.js";
import { language, t } from "../../words/i18n.js";
import { senderName, titleOf } from "../../words/names.js";
import { chatAvatar } from "../parts/chat-avatar.js";
import { listKey, reveal } from "../parts/combobox.js";
import { createFinding, keyOf } from "../parts/finding.js";
import { foundProblem } from "../parts/found-words.js";
import { icon } from "../parts/icon.js";
import { marked } from "../parts/marked.js";
import { quickFoot, quickInput } from "../parts/quick.js";
import { KINDS, createFilters, filterChips } from "./find-filters.js";
import { createPlaces, entryRow } from "./places.js";

/** @typedef {import("../../types.js").State} State @typedef {import("../../types.js").Found} Found
 * @typedef {import("./find-filters.js").Kind} Kind */
/**
 * All that is shown, to be shown again. @typedef {{text: string, filters: import("./find-filters.js").Filter[],
 *   answer: import("../parts/finding.js").Answer, active: string, top: number}} Memory
 * A row that can be chosen. @typedef {{id: string, run: () => void}} Choice
 */

const LIST = "found-list";
const BODY = "found-body";
/** Chats and people that are shown above the messages. */
const PLACES = 4;
/** So near (px) to the end of the results further ones are asked for. */
const NEAR = 300;

/** @param {Found} found */
const idOf = (found) => `found-${keyOf(found)}`;

/**
 * `params`: `{query?, chatId?, again?}`; `again`: the Memory of results that one went on from.
 * @type {import("../parts/dialog.js").DialogMaker}
 */
export function findMessages(face, { query = "", chatId = null, again = null }, close) {
  /** @type {Memory | null} */
  const before = again;
  const filters = createFilters(face, before?.filters);
  const finding = createFinding(face, before?.answer);
  const places = createPlaces(face, close);
  let text = before?.text ?? query;
  /** The id of the row that the mark is on; the first one where it is none of those. */
  let active = before?.active ?? "";

  /** @param {State} state @returns {import("./places.js").Ranked[]} */
  function placesOf(state) {
    const { words, typed } = readFilters(text);
    return words === "" || typed.length > 0 || filters.list().length > 0 ? [] : places.found(state, words, PLACES);
  }

  /** @param {State} state @param {boolean} [now] without waiting for more */
  function search(state, now = false) {
    const { wanted, unknown } = filters.read(state, text);
    finding.want(unknown ? { ...wanted, query: "", sender_id: null, has: null } : wanted, now);
  }

  /** @param {string} typed */
  function change(typed) {
    const state = face.messenger.state();
    text = filters.take(state, typed);
    active = "";
    filters.type(text);
    places.type(readFilters(text).words);
    search(state);
    face.redraw();
    // the field is as the text is, drawn or not
    const field = fieldOf();
    if (field && field.value !== text) field.value = text;
  }

  /** @param {Kind} kind */
  function remove(kind) {
    filters.remove(kind);
    search(face.messenger.state(), true);
    face.redraw();
    fieldOf()?.focus();
  }

  /** @param {Kind} kind */
  function begin(kind) {
    change(withFilter(text, kind, language()));
    fieldOf()?.focus();
  }

  /** @param {import("./find-filters.js").Completion} completion */
  function complete({ filter }) {
    const open = readFilters(text).typed.find((typed) => typed.open);
    filters.add(filter);
    change(open ? without(text, open) : text);
    search(face.messenger.state(), true);
    fieldOf()?.focus();
  }

  /** @param {Found} found */
  function go(found) {
    const { message } = found;
    const top = document.getElementById(BODY)?.scrollTop ?? 0;
    /** @type {Memory} */
    const memory = { text, filters: filters.list(), answer: finding.get(), active: idOf(found), top };
    close();
    void face.openFound({ chat_id: message.chat_id, seq: message.seq }, memory);
  }

  /** @param {State} state */
  function shown(state) {
    const completions = filters.completions(state, text);
    const ranked = placesOf(state);
    const { results } = finding.get();
    /** @type {Choice[]} */
    const choices = [
      ...completions.map((one) => ({ id: one.id, run: () => complete(one) })),
      ...ranked.map(({ candidate }) => ({ id: candidate.id, run: candidate.run })),
      ...results.map((found) => ({ id: idOf(found), run: () => go(found) })),
    ];
    return {
      completions,
      ranked,
      results,
      choices,
      at: Math.max(
        0,
        choices.findIndex(({ id }) => id === active),
      ),
    };
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    const last = filters.list().at(-1);
    if (event.key === "Backspace" && text === "" && last) {
      event.preventDefault();
      return remove(last.kind);
    }
    const { choices, at } = shown(face.messenger.state());
    const key = listKey(event, at, choices.length);
    if (key === null) return;
    event.preventDefault();
    if ("choose" in key) return choices[key.choose].run();
    active = choices[key.active].id;
    if (key.active === choices.length - 1) void finding.more();
    reveal(active);
    face.redraw();
  }

  /** @param {Event & {currentTarget: Element}} event */
  function scrolled({ currentTarget: body }) {
    if (body.scrollHeight - body.clientHeight - body.scrollTop < NEAR) void finding.more();
  }

  /** @param {State} state @param {Found} found @param {boolean} here */
  function option(state, found, here) {
    const { message, matches } = found;
    const chat = state.chats.get(message.chat_id);
    const name = senderName(message.sender_id, state);
    const piece = excerpt(message.content ?? "", matches);
    return html`<li
      role="option"
      id=${idOf(found)}
      aria-selected=${here ? "true" : "false"}
      class=${classMap({ row: true, "row--found": true, "is-active": here })}
      @click=${() => go(found)}
    >
      ${chat ? chatAvatar(face, state, chat, "s") : nothing}
      <span class="row__main">
        <span class="row__line">
          <span class="row__name truncate"><bdi>${chat ? titleOf(chat, state.me) : name}</bdi></span>
          <time class="row__time" datetime=${message.created_at}>${listTime(message.created_at, new Date())}</time>
        </span>
        <span class="row__line"
          ><span class="row__preview"
            ><span class="row__who"><bdi>${name}</bdi>:</span> <bdi>${marked(piece.text, piece.places)}</bdi></span
          ></span
        >
      </span>
    </li>`;
  }

  /** @param {State} state @param {boolean} some there is something else in the list */
  function told(state, some) {
    const { asked, busy, results, cursor, problem, here, complete: whole } = finding.get();
    const { unknown } = filters.read(state, text);
    if (places.problem()) return problemNote(places.problem() ?? "");
    if (unknown) return problemNote(t(`find.unknown_${unknown.kind}`, { value: unknown.value }));
    if (problem) return problemNote(foundProblem(problem));
    if (busy && !results.length) return html`<p class="note">${t("find.searching")}</p>`;
    if (finding.get().wanted === null) return some ? nothing : html`<p class="note">${t("find.hint")}</p>`;
    if (here) return html`<p class="note">${icon("offline", "icon--s")} ${t(results.length ? "find.here" : "find.none_here")}</p>`; // prettier-ignore
    if (asked && !results.length) return html`<p class="note">${t(cursor ? "find.none_yet" : "find.none")}</p>`;
    return whole ? nothing : html`<p class="note">${t("find.incomplete")}</p>`;
  }

  /** @param {string} words */
  const problemNote = (words) => html`<p class="err">${icon("alert", "icon--s")}<span>${words}</span></p>`;

  /** @param {string} label @param {unknown} rows */
  const group = (label, rows) =>
    html`<div class="list-head" aria-hidden="true">${label}</div>
      <ul role="group" aria-label=${label}>
        ${rows}
      </ul>`;

  if (chatId !== null) {
    const { chats, me } = face.messenger.state();
    const chat = chats.get(chatId);
    if (chat) filters.add({ kind: "in", value: chatId, label: titleOf(chat, me) });
  }
  if (before === null && text) {
    places.type(text);
    search(face.messenger.state(), true);
  }
  if (before) requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById(BODY)?.scrollTo(0, before.top))); // prettier-ignore
  return {
    title: () => t("find.title"),
    kind: "dialog--quick dialog--find",
    harmless: true,
    bare: true,
    gone: () => {
      finding.stop();
      filters.stop();
      places.stop();
    },
    content(state) {
      finding.follow(state);
      const { completions, ranked, results, choices, at } = shown(state);
      const current = choices[at]?.id;
      const { cursor, busy } = finding.get();
      return html`<div class="quick__input">
          ${icon("search")}
          ${quickInput({
            label: t("find.label"),
            list: LIST,
            count: choices.length,
            active: current,
            value: text,
            typed: change,
            keys,
          })}
          <button class="ibtn ibtn--s" type="button" aria-label=${t("dialog.close_esc")} @click=${close}>
            ${icon("close", "icon--s")}
          </button>
        </div>
        <div class="find-filters">
          <ul class="chips" aria-label=${t("find.filters")} ?hidden=${filters.list().length === 0}>
            ${filterChips(filters.list(), remove)}
          </ul>
          <div class="chips" role="group" aria-label=${t("find.narrow")}>
            ${KINDS.filter((kind) => filters.list().every((filter) => filter.kind !== kind)).map(
              (kind) =>
                html`<button class="chip chip--filter" type="button" @click=${() => begin(kind)}>
                  ${t(`find.by_${kind}`)}
                </button>`,
            )}
          </div>
        </div>
        <div class="dialog__body dialog__body--list" id=${BODY} @scroll=${scrolled}>
          <div id=${LIST} role="listbox" aria-label=${t("find.results")} ?hidden=${choices.length === 0}>
            ${
              completions.length
                ? group(
                    t("find.narrow"),
                    completions.map((one) =>
                      entryRow(
                        { candidate: { ...one, more: [], run: () => complete(one) }, places: [] },
                        one.id === current,
                      ),
                    ),
                  )
                : nothing
            }
            ${
              ranked.length
                ? group(
                    t("switcher.chats"),
                    repeat(
                      ranked,
                      ({ candidate }) => candidate.id,
                      (answer) => entryRow(answer, answer.candidate.id === current),
                    ),
                  )
                : nothing
            }
            ${
              results.length
                ? group(
                    t("find.messages"),
                    repeat(results, idOf, (found) => option(state, found, idOf(found) === current)),
                  )
                : nothing
            }
          </div>
          <div class="find-note" role="status">${told(state, choices.length > 0)}</div>
          ${
            cursor && !busy
              ? html`<button class="btn btn--plain btn--s find-more" type="button" @click=${() => finding.more()}>
                  ${t("find.more")}
                </button>`
              : nothing
          }
        </div>
        ${quickFoot()}`;
    },
  };
}

/** @returns {HTMLInputElement | null} */
const fieldOf = () => document.querySelector(".dialog--find .quick__input input");
