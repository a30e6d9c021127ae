/** A sound or a video with the browser's own controls. Its address is good for some minutes: a new one is had where it ran out. */

import { AsyncDirective } from "../../vendor/lit-html/async-directive.js";
import { directive } from "../../vendor/lit-html/directive.js";
import { html, noChange, nothing } from "../../vendor/lit-html/lit-html.js";
import { t } from "../../words/i18n.js";
import { isGone, whenBetter } from "../parts/better.js";
import { whenNear } from "../parts/near.js";

/** @typedef {import("../../types.js").Attachment} Attachment @typedef {import("../face.js").Face} Face */

class Player extends AsyncDirective {
  #id = "";
  #end = () => {};

  /** @param {Face} _face @param {Attachment} _file @param {"audio" | "video"} _kind */
  render(_face, _file, _kind) {
    return nothing;
  }

  /** @override @param {import("../../vendor/lit-html/directive.js").ChildPart} part
   * @param {[Face, Attachment, "audio" | "video"]} values */
  update(part, [face, file, kind]) {
    if (file.id === this.#id) return noChange;
    this.#id = file.id;
    this.#end();
    const near = part.parentNode;
    if (near instanceof Element) this.#begin(near, face, file, kind);
    return nothing;
  }

  /** @override */
  disconnected() {
    this.#end();
    this.#id = "";
  }

  /** @param {Element} near @param {Face} face @param {Attachment} file @param {"audio" | "video"} kind */
  #begin(near, face, file, kind) {
    this.#end = whenNear(near, () => void this.#bring(near, face, file, kind));
  }

  /** The card stays where there is no address. @param {Element} near @param {Face} face @param {Attachment} file
   * @param {"audio" | "video"} kind */
  async #bring(near, face, file, kind) {
    const answer = await face.messenger.fileLink(file.id);
    if (!this.isConnected || this.#id !== file.id) return;
    if (!answer.ok) {
      if (!isGone(answer)) this.#end = whenBetter(face, () => this.#begin(near, face, file, kind));
      return;
    }
    const none = () => this.setValue(html`<p class="note">${t("file.not_played")}</p>`);
    const failed = renewing(face, file, none);
    const label = t(`file.play_${kind}`, { name: file.name });
    this.setValue(
      kind === "audio"
        ? html`<audio controls preload="metadata" aria-label=${label} src=${answer.url} @error=${failed}></audio>`
        : html`<video controls preload="metadata" aria-label=${label} src=${answer.url} @error=${failed}></video>`,
    );
  }
}

/** The file, to be played. */
export const player = directive(Player);

/**
 * What is done where it cannot be read: once with a new address, from where it was; where nothing came of that, it is no use.
 * @param {Face} face @param {Attachment} file @param {() => void} none
 * @returns {(event: Event & {currentTarget: HTMLMediaElement}) => Promise<void>}
 */
function renewing(face, file, none) {
  let tried = false;
  return async ({ currentTarget: media }) => {
    const [at, plays] = [media.currentTime, !media.paused];
    const answer = tried ? null : await face.messenger.fileLink(file.id, { fresh: true });
    tried = true;
    if (!answer?.ok) return none();
    media.addEventListener(
      "loadedmetadata",
      () => {
        tried = false; // it is another time when it fails the next time
        media.currentTime = at;
        if (plays) media.play().catch(() => {});
      },
      { once: true },
    );
    media.src = answer.url;
  };
}
