/** One question to the server from a dialog: asked again by hand, and by itself when the link is back or its subject changed. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { watchReturn } from "../../state/link-view.js";
import { errorText, t } from "../../words/i18n.js";
import { errorNote } from "./loading.js";

/** @typedef {import("../../types.js").Refused} Refused */

/**
 * @template {{ok: true}} T
 * @param {import("../face.js").Face} face @param {() => Promise<T | Refused>} question
 * @returns {{get: () => T | Refused | null, ask: () => Promise<void>,
 *   follow: (state: import("../../types.js").State, subject?: unknown) => void}} `get`: null while there is no answer;
 *   `follow` is to be told of each State, and of what the answer depends on
 */
export function createAsking(face, question) {
  /** @type {T | Refused | null} */
  let answer = null;
  let turn = 0;
  const isBack = watchReturn();
  /** @type {unknown} */
  let about;

  /** @param {boolean} [anew] an answer that is there is shown no more meanwhile */
  async function ask(anew = true) {
    const mine = ++turn;
    const before = anew || !answer?.ok ? null : answer;
    answer = before;
    face.redraw();
    const found = await question();
    if (mine !== turn) return;
    answer = found.ok ? found : (before ?? found);
    face.redraw();
  }

  return {
    get: () => answer,
    ask: () => ask(),
    follow({ link }, subject) {
      const back = isBack(link) && answer !== null && !answer.ok;
      const other = about !== undefined && subject !== about;
      about = subject;
      if (back || other) void ask(false);
    },
  };
}

/** Why there is no answer, and another attempt. @param {Refused} refused @param {() => unknown} again
 * @param {string} [told] in words of its own */
export const unanswered = (refused, again, told = errorText(refused)) =>
  html`<div class="dialog__body">
    ${errorNote(told, { sign: true, role: "status" })}
    <button class="btn btn--plain btn--s" type="button" @click=${again}>${t("dialog.again")}</button>
  </div>`;
