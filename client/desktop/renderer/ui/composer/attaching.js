/** Files that are to go with the next message of a chat: chosen, pasted or dropped. They are uploaded with it. */

import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { nameParts, sizeText } from "../../words/files.js";
import { t } from "../../words/i18n.js";
import { openFileField } from "../parts/elements.js";
import { icon } from "../parts/icon.js";

/** @typedef {import("../../types.js").Attached} Attached */

/** `url`: of a picture, as long as it waits here. @typedef {Attached & {id: number, url: string | null}} Pending */

/** What browsers draw, and what the server makes lighter and takes place, time and camera from. */
const PICTURES = ["image/jpeg", "image/png", "image/gif", "image/webp"];
/** What the server takes, where it has not said so. */
const LIMIT = { bytes: 25 * 1024 * 1024, files: 10 };

export class Attaching {
  /** By chat. @type {Map<number, Pending[]>} */
  #pending = new Map();
  #serial = 0;

  /** @param {import("../face.js").Face} face */
  constructor(face) {
    this.face = face;
  }

  /** @param {number} chatId */
  has(chatId) {
    return this.#pending.has(chatId);
  }

  /** They go with a message now. @param {number} chatId @returns {Attached[]} */
  take(chatId) {
    const list = this.#pending.get(chatId) ?? [];
    this.#pending.delete(chatId);
    list.forEach(release);
    return list.map(({ file, as_file }) => ({ file, as_file }));
  }

  /** The message could not be kept: they wait for another. @param {number} chatId @param {Attached[]} files */
  giveBack(chatId, files) {
    const list = files.map(({ file, as_file }) => this.#entry(file, as_file));
    if (list.length) this.#pending.set(chatId, [...list, ...(this.#pending.get(chatId) ?? [])]);
  }

  /** @param {number} chatId @param {Iterable<File>} files */
  add(chatId, files) {
    const { limits } = this.face.messenger.state();
    const { file_bytes = LIMIT.bytes, files_per_message = LIMIT.files } = limits;
    const list = [...(this.#pending.get(chatId) ?? [])];
    for (const given of files) {
      const file = readable(given);
      const problem = this.#problem(file, file_bytes, list.length >= files_per_message, files_per_message);
      if (problem) this.face.overlays.toast({ text: problem });
      else {
        list.push(this.#entry(file));
        this.face.announce(t("file.attached", { name: file.name }));
      }
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

  /** @param {File} file @returns {Pending} */
  #entry(file, as_file = false) {
    const url = PICTURES.includes(file.type) ? URL.createObjectURL(file) : null;
    return { id: ++this.#serial, file, as_file, url };
  }

  /** @param {number} chatId @param {Pending} pending @param {Partial<Pending>} change */
  #change(chatId, pending, change) {
    const list = this.#pending.get(chatId) ?? [];
    this.#pending.set(
      chatId,
      list.map((one) => (one.id === pending.id ? { ...one, ...change } : one)),
    );
    this.face.redrawComposer();
  }

  /** @param {number} chatId @param {Pending} pending */
  #remove(chatId, pending) {
    release(pending);
    const left = (this.#pending.get(chatId) ?? []).filter(({ id }) => id !== pending.id);
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
    const { file, url, as_file } = pending;
    const [name, extension] = nameParts(file.name);
    const broken = () => this.#change(chatId, pending, { url: null });
    return html`<li class="upload">
      ${
        url
          ? html`<img class="upload__picture" src=${url} alt="" @error=${broken} />`
          : html`<span class="file__tile" aria-hidden="true">${icon("file")}</span>`
      }
      <span class="file__text">
        <bdi class="file__name"><span>${name}</span><span>${extension}</span></bdi>
        <span class="file__sub">${sizeText(file.size)}</span>
      </span>
      ${url ? this.#wayButton(chatId, pending, as_file) : nothing}
      <button
        class="ibtn"
        type="button"
        aria-label=${t("file.remove", { name: file.name })}
        @click=${() => this.#remove(chatId, pending)}
      >
        ${icon("close")}
      </button>
    </li>`;
  }

  /** Whether a picture goes as it is, with all that the camera wrote into it. @param {number} chatId
   * @param {Pending} pending @param {boolean} asFile */
  #wayButton(chatId, pending, asFile) {
    return html`<button
      class="upload__way"
      type="button"
      aria-pressed=${String(asFile)}
      aria-label=${t("file.as_file_of", { name: pending.file.name })}
      title=${t("file.as_file_why")}
      @click=${() => this.#change(chatId, pending, { as_file: !asFile })}
    >
      ${t("file.as_file")}
    </button>`;
  }
}

/** What is not seen leaves its name here as it does at the server: turned round by U+202E, `gpj.exe` would be read as
 * `exe.jpg` by who sends it. @param {File} file */
function readable(file) {
  const name = file.name.replace(/[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Zl}\p{Zp}]/gu, "") || "file";
  return name === file.name ? file : new File([file], name, { type: file.type, lastModified: file.lastModified });
}

/** Its picture is not shown here any more. @param {Pending} pending */
function release({ url }) {
  if (url) URL.revokeObjectURL(url);
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

/** Beside the field. @param {(files: File[]) => void} attach */
export function attachButton(attach) {
  /** @param {Event & {currentTarget: HTMLInputElement}} event */
  const picked = ({ currentTarget: field }) => {
    attach([...(field.files ?? [])]);
    field.value = ""; // the same one may be chosen again
  };
  return html`<button class="ibtn" type="button" aria-label=${t("file.attach")} @click=${openFileField}>
      ${icon("attach")}
    </button>
    <input class="composer__files" type="file" multiple hidden tabindex="-1" @change=${picked} />`;
}
