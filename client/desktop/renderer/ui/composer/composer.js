/** Where one writes: a draft a chat, the message that is answered, and sending. */

import { errorText, t } from "../../words/i18n.js";
import { isBlank } from "../../rules/blank.js";
import { keyOf, messageOf, targetOf } from "../../state/begun.js";
import { barredFrom } from "../../state/changes.js";
import { currentChat } from "../../state/chat-list.js";
import { ref } from "../../vendor/lit-html/directives/ref.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { Attaching, attachButton, filesOf } from "./attaching.js";
import { closedStrip } from "./closed.js";
import { Drafts } from "./drafts.js";
import { Beginning } from "./beginning.js";
import { editStrip, lastOwn } from "./editing.js";
import { FormatBar, formatByKey, insertText } from "./formatting.js";
import { icon } from "../parts/icon.js";
import { counter, tooLong } from "./length.js";
import { MENTION_LIST, Mentioning } from "./mentioning.js";
import { textOfHtml } from "./paste.js";
import { replyStrip } from "./replying.js";
import { Typing } from "./typing.js";
import { isComposed } from "../parts/keys.js";

/**
 * @typedef {import("../../types.js").State} State
 * @typedef {import("../../types.js").ChatView} ChatView
 * @typedef {import("../../types.js").Message} Message
 * @typedef {import("../../types.js").Edit} Edit
 */

/** The message that was to be changed is not there.
 * @type {import("../../types.js").Done | import("../../types.js").Refused} */
const GONE = { ok: false, code: "not_found" };

export class Composer {
  /** @type {HTMLTextAreaElement | null} */
  #area = null;
  /** @type {number | null} */
  #chatId = null;
  /** Whose text is in the field: of an edit, or null of the draft. @type {string | number | null} */
  #shown = null;
  /** @type {Mentioning} */
  #mentioning;
  /** Of the letters when the height was measured. */
  #size = "";

  /** @param {import("../face.js").Face} face @param {(chatId: number) => void} sent */
  constructor(face, sent) {
    this.face = face;
    this.sent = sent;
    this.drafts = new Drafts(face);
    this.begun = new Beginning(face);
    this.typing = new Typing(face);
    this.attaching = new Attaching(face);
    this.#mentioning = new Mentioning(face, (chosen) => this.#complete(chosen));
    this.formatBar = new FormatBar(face, () => this.#area);
    window.addEventListener("resize", () => this.#fit(), { signal: face.ended });
  }

  /** @param {State} state @param {ChatView} chat */
  template(state, chat) {
    const barred = barredFrom(chat);
    if (barred) return closedStrip(this.face, state, chat, barred);
    const { edit, reply: answers } = this.begun.of(chat.id);
    const text = this.#chatId === chat.id ? (this.#area?.value ?? "") : (edit?.text ?? chat.draft);
    const over = tooLong(text, state.limits);
    const reply = edit ? null : answers;
    const offered = this.#mentioning.active(state, chat);
    const offline = state.link.state === "offline";
    return html`<form class="composer" aria-label=${t("composer.form")} data-region="composer" @submit=${this.#submit}>
      <div class="composer__box">
        ${this.#mentioning.template(state, chat, () => this.#area?.value ?? "")} ${this.formatBar.template()}
        ${edit ? editStrip(state, chat.id, edit, () => this.#endEdit(chat.id)) : nothing}
        ${reply ? replyStrip(state, chat.id, reply, () => this.reply(chat.id, null)) : nothing}
        ${edit ? nothing : this.attaching.template(chat.id)}
        <div class="composer__line">
          ${edit ? nothing : attachButton((files) => this.attach(chat.id, files))}
          <textarea
            id="compose"
            rows="1"
            dir="auto"
            aria-label=${t("composer.text")}
            placeholder=${t(offline ? "composer.offline" : "composer.text")}
            spellcheck=${!this.face.platform.desktop || state.settings.spellcheck ? "true" : "false"}
            autocomplete="off"
            aria-autocomplete="list"
            aria-controls=${offered === null ? nothing : MENTION_LIST}
            aria-activedescendant=${offered ?? nothing}
            aria-invalid=${over ? "true" : "false"}
            ${ref(this.#attach)}
            @input=${this.#input}
            @keydown=${this.#key}
            @paste=${this.#paste}
            @keyup=${this.#moved}
            @click=${this.#moved}
            @blur=${this.#blurred}
          ></textarea>
          <button
            class="ibtn"
            type="button"
            aria-label=${t("composer.emoji")}
            title=${t("composer.emoji")}
            @click=${this.#emoji}
          >
            ${icon("smile")}
          </button>
          <button
            class="send"
            type="submit"
            aria-label=${t(edit ? "composer.save_edit" : "composer.send")}
            title=${t(edit ? "composer.save_edit" : "composer.send")}
            aria-disabled=${over || !this.#maySend(chat.id, text, edit)}
          >
            ${icon(edit ? "check" : "mark")}
          </button>
        </div>
      </div>
      ${counter(text, state.limits, over)}
    </form>`;
  }

  /** After each render. @param {State} state */
  rendered(state) {
    const chat = currentChat(state);
    const area = this.#area;
    if (this.#chatId !== (chat?.id ?? null)) this.drafts.flush();
    if (!area || !chat) {
      this.#chatId = null;
      return;
    }
    if (this.#size !== state.settings.size) {
      this.#size = state.settings.size;
      this.#fit();
    }
    const { edit } = this.begun.of(chat.id);
    const text = edit?.text ?? chat.draft;
    if (this.#chatId !== chat.id || this.#shown !== keyOf(edit)) {
      if (this.#chatId !== chat.id) this.typing.stop();
      else this.drafts.flush(); // an edit was begun, or has ended, in another window or by itself
      this.#chatId = chat.id;
      this.#shown = keyOf(edit);
      this.#mentioning.close(); // it belongs to the text that was here
      area.value = edit?.text ?? this.#draftOf(chat.id);
      this.#fit();
      this.face.redrawComposer();
    } else if (!this.#isMine(chat.id, area) && area.value !== text) {
      area.value = text; // another window of this profile
      this.#fit();
    }
  }

  /** Something is being written here: what another window has does not replace it. @param {number} chatId
   * @param {HTMLTextAreaElement} area */
  #isMine(chatId, area) {
    return this.drafts.waits(chatId) || (document.hasFocus() && document.activeElement === area);
  }

  /** @param {number} chatId */
  #isChanged(chatId) {
    this.drafts.flush();
    return this.begun.isChanged(chatId);
  }

  focus() {
    this.#area?.focus();
  }

  /** @param {number} chatId @param {Message | null} message */
  reply(chatId, message) {
    if (message && this.#isChanged(chatId)) return this.#editFirst();
    if (message) this.#endEdit(chatId);
    if (message) this.begun.reply(chatId, message);
    else this.begun.endReply(chatId);
    this.face.redraw();
    this.focus();
  }

  /** Put a message of one's own here to change it; what was being written stays as the draft. @param {number} chatId
   * @param {Message | import("../../types.js").Echo} target */
  edit(chatId, target) {
    if (this.#isChanged(chatId)) return this.#editFirst();
    this.begun.edit(chatId, target);
    this.typing.stop();
    this.#show(chatId, target.content ?? "");
    this.focus();
    this.#area?.setSelectionRange(this.#area.value.length, this.#area.value.length);
  }

  /** What is changed is saved or given up before something else begins. */
  #editFirst() {
    this.face.overlays.toast({ text: t("composer.edit_first") });
    this.focus();
  }

  /** The draft comes back. @param {number} chatId */
  #endEdit(chatId) {
    this.drafts.flush();
    if (!this.begun.endEdit(chatId)) return false;
    this.#show(chatId, this.#draftOf(chatId));
    this.focus();
    return true;
  }

  /** Esc: an edit or a reply is given up. @param {number} chatId */
  cancel(chatId) {
    if (this.#endEdit(chatId)) {
      this.face.announce(t("say.edit_cancelled"));
      return true;
    }
    if (!this.begun.endReply(chatId)) return false;
    this.face.redraw();
    return true;
  }

  /** @param {Element | undefined} element */
  #attach = (element) => {
    this.#area = element instanceof HTMLTextAreaElement ? element : null;
  };

  /** As high as its text, up to what the style allows. */
  #fit() {
    const area = this.#area;
    if (!area) return;
    area.style.height = "";
    if (area.value) area.style.height = `${area.scrollHeight}px`;
  }

  #input = () => {
    const area = this.#area;
    if (!area || this.#chatId === null) return;
    this.#fit();
    this.#mentioning.follow(area);
    const chatId = this.#chatId;
    const { edit } = this.begun.of(chatId);
    if (edit) {
      this.drafts.later(chatId, area.value, (text) => this.begun.type(chatId, edit, text));
    } else {
      this.drafts.later(chatId, area.value);
      this.typing.tell(chatId, area.value);
    }
    this.face.redrawComposer();
  };

  /** @param {KeyboardEvent} event */
  #key = (event) => {
    if (this.#area && this.#mentioning.key(event, this.#area)) return;
    if (this.#area && formatByKey(event, this.#area)) return;
    if (event.key === "ArrowUp" && this.#editLast(event)) return;
    if (event.key !== "Enter" || isComposed(event)) return;
    const control = event.ctrlKey || event.metaKey;
    const byEnter = this.face.messenger.state().settings.send_key === "enter";
    const sends = byEnter ? !event.shiftKey && !event.altKey : control;
    if (!sends) return;
    event.preventDefault();
    void this.#send();
  };

  /** Files for the next message. @param {number} chatId @param {File[]} files */
  attach(chatId, files) {
    if (!files.length) return;
    if (this.#isChanged(chatId)) return this.#editFirst();
    this.#endEdit(chatId);
    this.attaching.add(chatId, files);
    this.focus();
  }

  /** There is something, and all of it can go. @param {number} chatId @param {string} text
   * @param {Edit | null} edit */
  #maySend(chatId, text, edit) {
    if (edit) return !isBlank(text) || edit.files;
    return this.attaching.has(chatId) || !isBlank(text);
  }

  /** Files, or what was copied with its looks. @param {ClipboardEvent} event */
  #paste = (event) => {
    const files = event.clipboardData?.types.includes("text/plain") ? [] : filesOf(this.face, event.clipboardData);
    if (files.length && this.#chatId !== null) {
      event.preventDefault();
      return this.attach(this.#chatId, files);
    }
    const text = textOfHtml(event.clipboardData?.getData("text/html") ?? "");
    if (!this.#area || text === null) return;
    event.preventDefault();
    insertText(this.#area, text);
  };

  /** The caret may stand elsewhere. */
  #moved = () => {
    if (this.#area) this.#mentioning.follow(this.#area);
  };

  #blurred = () => {
    this.drafts.flush();
    this.typing.stop();
    this.#mentioning.close();
    this.formatBar.follow();
  };

  /** Somebody was chosen from the list. @param {Parameters<Mentioning["write"]>[0]} chosen */
  #complete({ from, to, put, caret }) {
    const area = this.#area;
    if (!area) return;
    area.setSelectionRange(from, to);
    insertText(area, put);
    area.setSelectionRange(caret, caret);
    this.#moved();
  }

  /** Up in an empty field. @param {KeyboardEvent} event */
  #editLast(event) {
    const chatId = this.#chatId;
    const plain = !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey && !isComposed(event);
    if (!plain || chatId === null || this.#area?.value !== "" || this.begun.of(chatId).edit) return false;
    const target = lastOwn(this.face.messenger.state(), chatId);
    if (!target) return false;
    event.preventDefault();
    this.edit(chatId, target);
    return true;
  }

  /** What was changed is kept; the draft comes back. @param {number} chatId @param {Edit} edit
   * @param {string} text */
  async #saveEdit(chatId, edit, text) {
    this.#endEdit(chatId);
    const state = this.face.messenger.state();
    const before = edit.before ?? (edit.seq === null ? null : messageOf(state, chatId, edit.seq)?.content);
    if (text === before) return;
    const target = targetOf(state, chatId, edit);
    const done = target ? await this.face.messenger.edit(chatId, target, text) : GONE;
    if (done.ok) return this.face.announce(t("say.edited"));
    if (this.face.ended.aborted) return; // somebody else may be here by now
    this.face.overlays.toast({ text: errorText(done) });
    // it was not even kept: give it back, into the draft where another edit was begun meanwhile
    if (!target || this.begun.of(chatId).edit) {
      this.drafts.giveBack(chatId, { below: text });
      if (!this.begun.of(chatId).edit) this.#show(chatId, this.#draftOf(chatId));
      return this.face.redraw();
    }
    this.begun.editAgain(chatId, { ...edit, text });
    this.#show(chatId, text);
    this.focus();
  }

  /** @param {Event} event */
  #submit = (event) => {
    event.preventDefault();
    void this.#send();
  };

  async #send() {
    const area = this.#area;
    const chatId = this.#chatId;
    if (!area || chatId === null) return;
    const typed = area.value;
    const text = typed.replace(/^\n+/u, "").trimEnd();
    const { limits } = this.face.messenger.state();
    const { edit, reply } = this.begun.of(chatId);
    if (this.#shown !== keyOf(edit)) return; // it is drawn with the next frame
    if (tooLong(text, limits) || !this.#maySend(chatId, text, edit)) return;
    if (edit) return this.#saveEdit(chatId, edit, text);
    this.begun.endReply(chatId);
    this.drafts.now(chatId, "");
    this.#show(chatId, "");
    this.typing.stop();
    const files = this.attaching.take(chatId);
    const done = await this.face.messenger.send(chatId, text, reply, files);
    if (done.ok) return this.sent(chatId);
    if (this.face.ended.aborted) return; // somebody else may be here by now
    this.face.overlays.toast({ text: errorText(done) });
    // it was not even kept: give it back; an edit that was begun meanwhile stays
    this.attaching.giveBack(chatId, files);
    if (reply) this.begun.giveBack(chatId, reply);
    this.drafts.giveBack(chatId, { above: typed });
    if (!this.begun.of(chatId).edit) this.#show(chatId, this.#draftOf(chatId));
  }

  /** @param {number} chatId */
  #draftOf(chatId) {
    return this.face.messenger.state().chats.get(chatId)?.draft ?? "";
  }

  /** @param {number} chatId @param {string} text */
  #show(chatId, text) {
    if (this.#area && this.#chatId === chatId) {
      this.#shown = keyOf(this.begun.of(chatId).edit);
      this.#mentioning.close();
      this.#area.value = text;
      this.#fit();
    }
    this.face.redraw();
  }

  /** @param {MouseEvent & {currentTarget: Element}} event */
  #emoji = ({ currentTarget: anchor }) => {
    this.face.overlays.emoji(anchor, (emoji) => {
      if (this.#area) insertText(this.#area, emoji);
    });
  };
}
