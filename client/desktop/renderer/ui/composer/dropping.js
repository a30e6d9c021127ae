/** Files that are dropped on the window go into the open chat; on no account is one opened in place of the page. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { barredFrom } from "../../state/changes.js";
import { currentChat } from "../../state/chat-list.js";
import { t } from "../../words/i18n.js";
import { icon } from "../parts/icon.js";
import { filesOf } from "./attaching.js";

export class Dropping {
  #over = false;

  /**
   * @param {import("../face.js").Face} face @param {(chatId: number, files: File[]) => void} attach
   */
  constructor(face, attach) {
    this.face = face;
    this.attach = attach;
    const signal = face.ended;
    window.addEventListener("dragover", (event) => this.#hover(event), { signal });
    window.addEventListener("dragleave", (event) => !event.relatedTarget && this.#show(false), { signal });
    window.addEventListener("drop", (event) => this.#drop(event), { signal });
  }

  /** Over the chat, while something is held above it. */
  template() {
    if (!this.#over) return nothing;
    return html`<div class="drop" aria-hidden="true">
      <p class="drop__words">${icon("attach")} ${t("file.drop")}</p>
    </div>`;
  }

  /** The chat that may take files now. */
  #target() {
    const chat = currentChat(this.face.messenger.state());
    return chat && barredFrom(chat) === null && !this.face.overlays.busy() ? chat.id : null;
  }

  /** @param {DragEvent} event */
  #hover(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    const takes = this.#target() !== null;
    event.dataTransfer.dropEffect = takes ? "copy" : "none";
    this.#show(takes);
  }

  /** @param {DragEvent} event */
  #drop(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.#show(false);
    const chatId = this.#target();
    if (chatId !== null) this.attach(chatId, filesOf(this.face, event.dataTransfer));
  }

  /** @param {boolean} over */
  #show(over) {
    if (this.#over === over) return;
    this.#over = over;
    this.face.redraw();
  }
}
