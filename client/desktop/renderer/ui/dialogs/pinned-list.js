/** All pinned messages of a chat: to see them, to go there, to take the pin away. */

import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { rightsOn } from "../../state/changes.js";
import { listTime } from "../../words/format.js";
import { isolate, t } from "../../words/i18n.js";
import { senderName } from "../../words/names.js";
import { messageWords } from "../../words/files.js";
import { setPinned } from "../log/acts.js";
import { icon } from "../parts/icon.js";
import { pinsOf } from "../log/pinned.js";

/** `params`: `{chatId}`. @type {import("../parts/dialog.js").DialogMaker} */
export function pins(face, { chatId }, close) {
  /** @param {import("../../types.js").State} state */
  function content(state) {
    const chat = state.chats.get(chatId);
    if (!chat) return nothing;
    const messages = pinsOf(state, chat);
    const now = new Date();
    /** @param {import("../../types.js").Message} message */
    const row = (message) => {
      const name = senderName(message.sender_id, state);
      const go = () => {
        close();
        void face.showMessage(chatId, message.seq);
      };
      const off = () => void setPinned(face, message, false);
      return html`<li class="pin">
        <button class="pin__go" type="button" @click=${go}>
          <span class="pin__head"
            ><b><bdi>${name}</bdi></b
            ><time datetime=${message.created_at}>${listTime(message.created_at, now)}</time></span
          >
          <bdi class="pin__words">${messageWords(message)}</bdi>
        </button>
        ${
          rightsOn(message, chat, state.me?.id ?? 0).pin
            ? html`<button
                class="ibtn ibtn--s"
                type="button"
                aria-label=${t("pinned.off_named", { name: isolate(name) })}
                @click=${off}
              >
                ${icon("close", "icon--s")}
              </button>`
            : nothing
        }
      </li>`;
    };
    return html`<div class="dialog__body">
      ${
        messages.length > 0
          ? html`<ul class="pins">
              ${repeat(messages, ({ seq }) => seq, row)}
            </ul>`
          : html`<p class="note">${t("pinned.none")}</p>`
      }
    </div>`;
  }

  return { title: () => t("pinned.bar"), harmless: true, content };
}
