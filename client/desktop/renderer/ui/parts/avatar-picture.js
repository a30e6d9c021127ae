/** A picture of somebody that is a file of our server: it is asked for as its viewer, when it comes near. */

import { AsyncDirective } from "../../vendor/lit-html/async-directive.js";
import { directive } from "../../vendor/lit-html/directive.js";
import { html, noChange, nothing } from "../../vendor/lit-html/lit-html.js";
import { isGone, whenBetter } from "./better.js";
import { whenNear } from "./near.js";

/** Pixels of the side: enough for the largest that is shown, on a fine screen. */
const SIZE = 320;
/** No message holds it: it is kept until there is no room. */
const PLACE = { chat_id: 0, seq: 0 };

class AvatarPicture extends AsyncDirective {
  #id = "";
  #end = () => {};

  /** @param {import("../face.js").Face} _face @param {string} _id of the file */
  render(_face, _id) {
    return nothing;
  }

  /** @override @param {import("../../vendor/lit-html/directive.js").ChildPart} part
   * @param {[import("../face.js").Face, string]} values */
  update(part, [face, id]) {
    if (id === this.#id) return noChange;
    this.#id = id;
    this.#end();
    const near = part.parentNode;
    if (near instanceof Element) this.#begin(near, face, id);
    return nothing;
  }

  /** @override */
  disconnected() {
    this.#end();
    this.#id = ""; // it is drawn anew where it comes back
  }

  /** @param {Element} near @param {import("../face.js").Face} face @param {string} id */
  #begin(near, face, id) {
    this.#end = whenNear(near, () => void this.#bring(near, face, id));
  }

  /** The letters stay where there is none. @param {Element} near @param {import("../face.js").Face} face @param {string} id */
  async #bring(near, face, id) {
    const answer = await face.messenger.preview(id, SIZE, PLACE);
    if (!this.isConnected || this.#id !== id) return;
    if (!answer.ok) {
      if (!isGone(answer)) this.#end = whenBetter(face, () => this.#begin(near, face, id));
      return;
    }
    this.setValue(
      html`<img class="ava__picture is-loaded" src=${answer.url} alt="" decoding="async" draggable="false" />`,
    );
  }
}

/** The picture of the file. */
export const avatarPicture = directive(AvatarPicture);
