/** A picture that is asked for when it comes near to what can be seen, and again where the link was gone. */

import { AsyncDirective } from "../../vendor/lit-html/async-directive.js";
import { directive } from "../../vendor/lit-html/directive.js";
import { html, noChange, nothing } from "../../vendor/lit-html/lit-html.js";
import { t } from "../../words/i18n.js";
import { icon } from "../parts/icon.js";
import { isGone, whenBetter } from "../parts/better.js";
import { whenNear } from "../parts/near.js";

/** @typedef {import("../../types.js").Attachment} Attachment @typedef {import("../face.js").Face} Face
 * @typedef {{chat_id: number, seq: number}} Place */

class Shown extends AsyncDirective {
  #what = "";
  /** Ends the waiting for what it waits for. */
  #end = () => {};
  /** @type {() => void} */
  #begin = () => {};

  /** @param {Face} _face @param {Attachment} _file @param {number} _size @param {Place | null} _place */
  render(_face, _file, _size, _place) {
    return nothing;
  }

  /** @override @param {import("../../vendor/lit-html/directive.js").ChildPart} part
   * @param {[Face, Attachment, number, Place | null]} values */
  update(part, [face, file, size, place]) {
    const what = `${file.id} ${size} ${place?.seq ?? ""}`;
    if (what === this.#what) return noChange;
    const same = this.#what.startsWith(`${file.id} ${size} `);
    this.#what = what;
    const near = part.parentNode;
    if (!(near instanceof Element)) return nothing;
    this.#begin = () => {
      this.#end();
      this.#end = whenNear(near, () => void this.#bring(face, file, size, place, what));
    };
    this.#begin();
    return same ? noChange : nothing;
  }

  /** @override */
  disconnected() {
    this.#end();
  }

  /** @override */
  reconnected() {
    this.#begin();
  }

  /** @param {Face} face @param {Attachment} file @param {number} size @param {Place | null} place @param {string} what */
  async #bring(face, file, size, place, what) {
    const answer = await face.messenger.preview(file.id, size, place);
    if (!this.isConnected || this.#what !== what) return;
    const none = () =>
      this.setValue(html`<span class="media__none">${icon("alert")} <bdi>${t("file.gone")}</bdi></span>`);
    if (answer.ok) {
      this.setValue(html`<img src=${answer.url} alt="" decoding="async" draggable="false" @error=${none} />`);
    } else if (isGone(answer)) {
      none();
    } else {
      this.setValue(html`<span class="media__none">${icon("image")} <bdi>${t("file.waiting")}</bdi></span>`);
      this.#end = whenBetter(face, () => this.#begin());
    }
  }
}

/** A picture once it is here. */
export const shown = directive(Shown);
