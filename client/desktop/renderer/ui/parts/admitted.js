/** Who may register on the server, as far as it tells: words instead of a form for whoever may not. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { t } from "../../words/i18n.js";

/** @typedef {"empty" | "invite" | "closed"} Why there is no form */

export class Admitted {
  /** What the server said; null while it did not. @type {{registration: string, empty: boolean} | null} */
  #known = null;
  /** Of which server that is, or was asked in vain. */
  #url = "";
  #asking = false;

  /** @param {import("../face.js").Face} face @param {() => void} told what the server says is known */
  constructor(face, told) {
    this.face = face;
    this.told = told;
  }

  /**
   * Why there is no form. While the server did not answer there is one: what it refuses is told when it is sent.
   * @param {string} url of the server @param {"none" | "invited" | "first"} code what one came with @returns {Why | null}
   */
  instead(url, code) {
    if (url && url !== this.#url) void this.#ask(url);
    if (!this.#known || code === "first") return null;
    if (this.#known.empty && code === "none") return "empty";
    if (this.#known.registration === "closed") return "closed";
    return this.#known.registration === "open" || code === "invited" ? null : "invite";
  }

  /** Asked again with the next render: there may be somebody by now. */
  again() {
    this.#url = "";
  }

  /** @param {string} url */
  async #ask(url) {
    if (this.#asking) return;
    this.#asking = true;
    const answer = await this.face.messenger.serverInfo();
    this.#asking = false;
    this.#url = url;
    this.#known = answer.ok ? answer : null;
    this.told();
    this.face.redraw();
  }
}

/** @param {Why} why */
export const wordsInstead = (why) =>
  html`<h1>${t(why === "empty" ? "auth.first_title" : "auth.register_title")}</h1>
    <p class="auth__text">${t(`auth.instead_${why}`)}</p>`;
