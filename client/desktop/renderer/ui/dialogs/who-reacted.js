/** Who reacted to a message, by sign: the first of them, and all where that is asked for. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { watchReturn } from "../../state/link-view.js";
import { itemAt } from "../../state/timeline.js";
import { shownItems } from "../../state/changes.js";
import { namedUnder, unread } from "../../state/reactors.js";
import { errorText, t } from "../../words/i18n.js";
import { createNamed } from "../parts/named.js";

/** Names under one sign at most, at first and with each press more. */
const STEP = 100;

/** `params`: `{chatId, seq}`. @type {import("../parts/dialog.js").DialogMaker} */
export function whoReacted(face, { chatId, seq }) {
  const named = createNamed(face);
  let known = unread(seq);
  /** The message's `rev` when all were asked for; null: nobody did. @type {number | null} */
  let asked = null;
  let busy = false;
  /** The last question was not answered. */
  let stale = false;
  let closed = false;
  let most = STEP;
  const isBack = watchReturn();

  /** What the log tells, and what it told since. @param {number} rev @param {boolean} speaks of what went wrong */
  async function load(rev, speaks) {
    busy = true;
    asked = rev;
    face.redraw();
    const answer = await face.messenger.reactors(chatId, seq, known);
    busy = false;
    stale = !answer.ok;
    if (closed) return;
    if (answer.ok) known = answer.reactors;
    if (speaks && !answer.ok) face.overlays.toast({ text: errorText(answer) });
    else if (speaks && !known.whole) face.overlays.toast({ text: t("reacted.far") });
    face.redraw();
  }

  /** @param {string} emoji @param {HTMLElement} button which may go: then the first new name has the focus */
  async function more(emoji, button) {
    if (busy) return;
    const list = button.closest("ul");
    const before = new Set(namesUnder(emoji));
    if (known.whole && !stale) most += STEP;
    else await load(messageOf(face.messenger.state())?.rev ?? 1, true);
    face.redraw();
    requestAnimationFrame(() => {
      const at = namesUnder(emoji).findIndex((id) => !before.has(id));
      const here = document.activeElement === button || document.activeElement === document.body;
      const name = list?.querySelectorAll("[data-rove]").item(at);
      if (at >= 0 && here && name instanceof HTMLElement) name.focus();
    });
  }

  /** @param {import("../../types.js").State} state */
  function messageOf(state) {
    const timeline = state.timelines.get(chatId);
    const message = timeline && itemAt(shownItems(timeline, state.me?.id ?? 0), seq);
    return message?.type === "message" ? message : undefined;
  }

  /** @param {string} emoji */
  function namesUnder(emoji) {
    const state = face.messenger.state();
    const reaction = messageOf(state)?.reactions?.find((one) => one.emoji === emoji);
    return reaction ? namedUnder(reaction, known, state.me?.id ?? 0, most) : [];
  }

  /** @param {string} emoji @param {number} n */
  const rest = (emoji, n) =>
    html`<button
      class="link-btn"
      type="button"
      @click=${(/** @type {Event & {currentTarget: HTMLElement}} */ event) => void more(emoji, event.currentTarget)}
    >
      ${busy ? t("readers.loading") : t("reacted.more", { n })}
    </button>`;

  /** @param {import("../../types.js").State} state */
  function content(state) {
    const message = messageOf(state);
    const given = message?.reactions ?? [];
    const back = isBack(state.link);
    const rev = message?.rev ?? 1;
    if (message && known.whole && !busy && ((stale && back) || asked !== rev)) void load(rev, false);
    const lists = given.map(({ emoji, count }) => {
      const ids = namesUnder(emoji);
      const heading = html`<span>${emoji}</span> ${count}`;
      return { key: emoji, heading, ids, more: count > ids.length ? rest(emoji, count - ids.length) : undefined };
    });
    return html`<div class="dialog__body">
      ${given.length === 0 ? html`<p class="note">${t("reacted.none")}</p>` : nothing} ${named(lists, state)}
    </div>`;
  }

  return { title: () => t("reacted.title"), harmless: true, content, gone: () => (closed = true) };
}
