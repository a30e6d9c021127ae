/** The picker of emoji: a search, the recent ones and a grid by groups, wholly usable from the keyboard. */

import { ref } from "../../vendor/lit-html/directives/ref.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { emojiName, findEmoji, withRecent } from "../../words/emoji.js";
import { errorText, language, t } from "../../words/i18n.js";
import { find, findAll } from "../parts/elements.js";
import { icon } from "../parts/icon.js";
import { place } from "../parts/popup.js";
import { isComposed } from "../parts/keys.js";

/** @typedef {import("../../words/emoji.js").Emoji} Emoji @typedef {import("../../words/emoji.js").Group} Group */

/** As emoji.json has it: groups of [sign, words in Russian, words in English]. @typedef {[string, string, string][]} Rows */

/** @type {Promise<Group[]> | null} */
let loading = null;
/** @type {Group[]} */
let groups = [];

/** For the picker, which opens without a link too, once this was done. @returns {Promise<Group[]>} */
export function loadEmoji() {
  loading ??= fetch("emoji.json")
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`emoji.json: ${answer.status}`))))
    .then((/** @type {Record<string, Rows>} */ file) => {
      groups = Object.entries(file).map(([id, rows]) => ({
        id,
        emoji: rows.map(([sign, ru, en]) => ({ sign, words: { ru, en } })),
      }));
      return groups;
    });
  loading.catch(() => (loading = null));
  return loading;
}

/**
 * @param {import("../face.js").Face} face @param {Element} anchor @param {(emoji: string) => void} onPick
 * @param {() => void} close
 */
export function createEmojiPicker(face, anchor, onPick, close) {
  let query = "";
  /** The query whose finds are shown: a quick typist is a frame ahead of it. */
  let shown = "";
  /** @type {HTMLElement | null} */
  let picker = null;
  const notHere = () => {
    close();
    face.overlays.toast({ text: errorText({ code: "no_connection" }) });
  };
  if (groups.length === 0) loadEmoji().then(face.redraw, notHere);

  /** @param {Element | undefined} element */
  function attach(element) {
    if (!(element instanceof HTMLElement)) return;
    picker = element;
    queueMicrotask(() => {
      place(element, anchor, "end");
      element.querySelector("input")?.focus({ preventScroll: true });
    });
  }

  const recent = () => face.messenger.state().settings.recent_emoji.split(" ").filter(Boolean);

  /** With Shift it stays for another one. @param {string} sign @param {boolean} stay */
  function pick(sign, stay) {
    void face.messenger.changeSettings({ recent_emoji: withRecent(recent(), sign).join(" ") });
    if (!stay) close();
    onPick(sign);
    face.redraw();
  }

  /** @param {boolean} stay */
  function pickFirst(stay) {
    const [first] = findEmoji(groups, query);
    if (first) pick(first.sign, stay);
  }

  function toFirst() {
    if (picker) find(picker, "[data-cell]", HTMLElement)?.focus();
  }

  /** What is typed counts, drawn or not. @param {KeyboardEvent} event */
  function keys(event) {
    if (isComposed(event)) return;
    const cells = picker ? findAll(picker, "[data-cell]", HTMLElement) : [];
    const here = cells.findIndex((cell) => cell === document.activeElement);
    if (event.key === "Escape") close();
    else if (here < 0 && event.key === "Enter" && query.trim() !== "") pickFirst(event.shiftKey);
    else if (here < 0 && event.key === "ArrowDown") query === shown ? toFirst() : requestAnimationFrame(toFirst);
    else if (here >= 0) {
      const next = neighbour(cells, here, event.key);
      if (next === null) return;
      if (next < 0) picker?.querySelector("input")?.focus();
      else cells[next].focus();
    } else return;
    event.preventDefault();
  }

  /** @param {Emoji} emoji */
  const cell = (emoji) =>
    html`<button
      type="button"
      data-cell
      tabindex="-1"
      aria-label=${emojiName(emoji, language())}
      title=${emojiName(emoji, language())}
      @click=${(/** @type {MouseEvent} */ event) => pick(emoji.sign, event.shiftKey)}
    >
      ${emoji.sign}
    </button>`;

  /** @param {string} id @param {string} label @param {Emoji[]} emoji */
  const section = (id, label, emoji) =>
    emoji.length === 0
      ? nothing
      : html`<section id="emoji-${id}" aria-label=${label}>
          <h3 aria-hidden="true">${label}</h3>
          <div class="emoji__grid">${repeat(emoji, ({ sign }) => sign, cell)}</div>
        </section>`;

  function body() {
    shown = query;
    if (groups.length === 0) return html`<p class="note">${t("emoji.loading")}</p>`;
    if (query.trim() !== "") {
      const found = findEmoji(groups, query);
      return found.length > 0
        ? section("found", t("emoji.found"), found)
        : html`<p class="note">${t("person.none")}</p>`;
    }
    const all = groups.flatMap((group) => group.emoji);
    const used = recent().flatMap((sign) => all.find((emoji) => emoji.sign === sign) ?? []);
    return html`${section("recent", t("emoji.recent"), used)}
    ${groups.map((group) => section(group.id, t(`emoji.${group.id}`), group.emoji))}`;
  }

  /** @param {Group} group */
  const jump = (group) =>
    html`<button
      type="button"
      aria-label=${t(`emoji.${group.id}`)}
      title=${t(`emoji.${group.id}`)}
      @click=${() => picker?.querySelector(`#emoji-${group.id}`)?.scrollIntoView({ block: "start" })}
    >
      ${group.emoji[0].sign}
    </button>`;

  return {
    template: () =>
      html`<div class="emoji" role="dialog" aria-label=${t("emoji.title")} @keydown=${keys} ${ref(attach)}>
        <div class="emoji__top">
          <div class="search">
            ${icon("search", "icon--s")}
            <input
              type="search"
              dir="auto"
              autocomplete="off"
              spellcheck="false"
              aria-label=${t("emoji.find")}
              placeholder=${t("emoji.example")}
              .value=${query}
              @input=${(/** @type {Event & {currentTarget: HTMLInputElement}} */ event) => {
                query = event.currentTarget.value;
                face.redraw();
              }}
            />
          </div>
        </div>
        <div class="emoji__body" tabindex="-1">${body()}</div>
        ${query.trim() === "" ? html`<nav class="emoji__foot" aria-label=${t("emoji.groups")}>${groups.map(jump)}</nav>` : nothing}
      </div>`,
  };
}

/**
 * The cell that an arrow leads to, by where the cells stand. @param {HTMLElement[]} cells @param {number} here
 * @param {string} key @returns {number | null} -1: out of the top; null: not a key of the grid
 */
function neighbour(cells, here, key) {
  const last = cells.length - 1;
  switch (key) {
    case "ArrowRight":
      return Math.min(last, here + 1);
    case "ArrowLeft":
      return here - 1;
    case "Home":
      return 0;
    case "End":
      return last;
    case "ArrowDown":
    case "ArrowUp":
      return inNextRow(cells, here, key === "ArrowDown" ? 1 : -1);
    default:
      return null;
  }
}

/** @param {HTMLElement[]} cells @param {number} here @param {1 | -1} way */
function inNextRow(cells, here, way) {
  const from = cells[here].getBoundingClientRect();
  let best = here;
  let row = NaN;
  for (let index = here + way; index >= 0 && index < cells.length; index += way) {
    const { top, left } = cells[index].getBoundingClientRect();
    if (top === from.top) continue;
    if (!Number.isNaN(row) && top !== row) break;
    const nearer = Math.abs(left - from.left) < Math.abs(cells[best].getBoundingClientRect().left - from.left);
    if (Number.isNaN(row) || nearer) best = index;
    row = top;
  }
  return best === here && way < 0 ? -1 : best;
}
