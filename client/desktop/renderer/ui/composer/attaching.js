/** Files that are to go with the next message of a chat: chosen, pasted or dropped, and brought to the server at once. */

import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { nameParts, sizeText } from "../../words/files.js";
import { errorText, t } from "../../words/i18n.js";
import { icon } from "../parts/icon.js";

/** @typedef {import("../../types.js").Attachment} Attachment @typedef {import("../../types.js").State} State */
/**
 * `sent`: bytes that are on the server; null: there is no link. `done`: it is there. `problem`: it was refused.
 * @typedef {{id: number, file: File, sent: number | null, done: Attachment | null, problem: string | null,
 *   stop: AbortController}} Pending
 */

/** What the server takes, where it has not said so. */
const LIMIT = { bytes: 25 * 1024 * 1024, files: 10 };

export class Attaching {
  /** By chat. @type {Map<number, Pending[]>} */
  #pending = new Map();
  #serial = 0;

  /** @param {import("../face.js").Face} face */
  constructor(face) {
    this.face = face;
    face.ended.addEventListener("abort", () => {
      for (const list of this.#pending.values()) for (const one of list) one.stop.abort();
    });
  }

  /** @param {number} chatId */
  has(chatId) {
    return this.#pending.has(chatId);
  }

  /** All are there. @param {number} chatId */
  ready(chatId) {
    return (this.#pending.get(chatId) ?? []).every(({ done }) => done !== null);
  }

  /** They go with a message now. @param {number} chatId @returns {Attachment[]} */
  take(chatId) {
    const list = this.#pending.get(chatId) ?? [];
    this.#pending.delete(chatId);
    return list.flatMap(({ done }) => (done ? [done] : []));
  }

  /** The message could not be kept: they wait for another. @param {number} chatId @param {Attachment[]} files */
  giveBack(chatId, files) {
    const list = files.map((done) => this.#entry(new File([], done.name), done));
    if (list.length) this.#pending.set(chatId, [...list, ...(this.#pending.get(chatId) ?? [])]);
  }

  /** @param {number} chatId @param {Iterable<File>} files */
  add(chatId, files) {
    const { limits } = this.face.messenger.state();
    const { file_bytes = LIMIT.bytes, files_per_message = LIMIT.files } = limits;
    const list = [...(this.#pending.get(chatId) ?? [])];
    for (const file of files) {
      const problem = this.#problem(file, file_bytes, list.length >= files_per_message, files_per_message);
      if (problem) {
        this.face.overlays.toast({ text: problem });
        continue;
      }
      const pending = this.#entry(file, null);
      list.push(pending);
      void this.#bring(pending);
    }
    if (list.length) this.#pending.set(chatId, list);
    this.face.redrawComposer();
  }

  /** @param {File} file @param {number} bytes @param {boolean} full @param {number} most */
  #problem(file, bytes, full, most) {
    if (full) return t("file.too_many", { n: most });
    if (file.size === 0) return t("file.empty", { name: file.name });
    return file.size > bytes ? t("file.too_large", { size: sizeText(bytes) }) : null;
  }

  /** @param {File} file @param {Attachment | null} done @returns {Pending} */
  #entry(file, done) {
    return { id: ++this.#serial, file, sent: 0, done, problem: null, stop: new AbortController() };
  }

  /** @param {Pending} pending */
  async #bring(pending) {
    pending.problem = null;
    const progress = (/** @type {number | null} */ sent) => {
      pending.sent = sent;
      this.face.redrawComposer();
    };
    const answer = await this.face.messenger.upload(pending.file, { progress, signal: pending.stop.signal });
    if (pending.stop.signal.aborted) return;
    if (answer.ok) {
      pending.done = answer.file;
      this.face.announce(t("file.attached", { name: pending.file.name }));
    } else {
      pending.problem = answer.code;
      this.face.announce(errorText(answer));
    }
    this.face.redrawComposer();
  }

  /** @param {number} chatId @param {Pending} pending */
  #remove(chatId, pending) {
    pending.stop.abort();
    const left = (this.#pending.get(chatId) ?? []).filter((one) => one !== pending);
    if (left.length) this.#pending.set(chatId, left);
    else this.#pending.delete(chatId);
    this.face.redrawComposer();
    this.face.focusComposer();
  }

  /** Above the text. @param {number} chatId */
  template(chatId) {
    const list = this.#pending.get(chatId);
    if (!list) return nothing;
    return html`<ul class="uploads" aria-label=${t("file.attachments")}>
      ${repeat(
        list,
        ({ id }) => id,
        (one) => this.#row(chatId, one),
      )}
    </ul>`;
  }

  /** @param {number} chatId @param {Pending} pending */
  #row(chatId, pending) {
    const { file, done, problem, sent } = pending;
    const shownName = done?.name ?? file.name;
    const [name, extension] = nameParts(shownName);
    const size = done?.size ?? file.size;
    const state = problem
      ? errorText({ code: problem })
      : done
        ? sizeText(size)
        : sent === null
          ? t("file.waiting")
          : t("file.sent_of", { sent: sizeText(sent), size: sizeText(size) });
    return html`<li class="upload ${problem ? "upload--failed" : ""}">
      <span class="file__tile" aria-hidden="true">${icon(problem ? "alert" : "file")}</span>
      <span class="file__text">
        <bdi class="file__name"><span>${name}</span><span>${extension}</span></bdi>
        <span class="file__sub">${state}</span>
        ${
          done || problem
            ? nothing
            : html`<progress
                aria-label=${t("file.uploading", { name: shownName })}
                max=${size}
                .value=${sent ?? 0}
              ></progress>`
        }
      </span>
      ${
        problem && problem !== "too_large"
          ? html`<button class="link-btn" type="button" @click=${() => this.#bring(pending)}>${t("msg.retry")}</button>`
          : nothing
      }
      <button
        class="ibtn"
        type="button"
        aria-label=${t("file.remove", { name: shownName })}
        @click=${() => this.#remove(chatId, pending)}
      >
        ${icon("close")}
      </button>
    </li>`;
  }
}

/** The files of a paste or a drop; a folder is none, and is told of. @param {import("../face.js").Face} face
 * @param {DataTransfer | null} data @returns {File[]} */
export function filesOf(face, data) {
  const items = [...(data?.items ?? [])].filter(({ kind }) => kind === "file");
  const folders = items.filter((item) => item.webkitGetAsEntry?.()?.isDirectory);
  if (folders.length) face.overlays.toast({ text: t("file.folder") });
  return items.flatMap((item) => {
    const file = folders.includes(item) ? null : item.getAsFile();
    return file ? [file] : [];
  });
}
