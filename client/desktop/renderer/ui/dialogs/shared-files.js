/** What was sent in a chat besides words: pictures, videos, sounds and other files, the newest first. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { repeat } from "../../vendor/lit-html/directives/repeat.js";
import { isPicture, nameParts, sizeText } from "../../words/files.js";
import { listTime } from "../../words/format.js";
import { errorText, t } from "../../words/i18n.js";
import { isRemoved } from "../../state/removed.js";
import { SMALL, download, tile } from "../log/attachments.js";
import { shown } from "../log/shown-picture.js";
import { icon } from "../parts/icon.js";
import { problemLine } from "../parts/loading.js";
import { step } from "../parts/roving.js";
import { oldestFirst } from "./viewer/pictures.js";

/** @typedef {import("../../types.js").ChatFile} ChatFile @typedef {"image" | "video" | "audio" | "other"} Kind */
/** What is known of a kind. @typedef {{files: ChatFile[], more: boolean, busy: boolean, problem: string | null}} Known */

/** @type {readonly Kind[]} */
const KINDS = ["image", "video", "audio", "other"];
/** The kinds stand beside each other. @type {Record<string, string>} */
const ALONG = { ArrowRight: "ArrowDown", ArrowLeft: "ArrowUp" };
const PAGE = 50;
/** Pixels before the end of the list at which it goes on by itself. */
const AHEAD = 600;

/** `params`: `{chatId}`. @type {import("../parts/dialog.js").DialogMaker} */
export function sharedFiles(face, { chatId }, close) {
  /** @type {Map<Kind, Known>} */
  const lists = new Map();
  /** @type {Kind} */
  let kind = "image";
  const known = () => lists.get(kind) ?? { files: [], more: true, busy: false, problem: null };

  async function more() {
    const mine = kind;
    const before = known();
    if (before.busy || !before.more) return;
    lists.set(mine, { ...before, busy: true, problem: null });
    face.redraw();
    const beforeSeq = before.files.at(-1)?.seq ?? null;
    const answer = await face.messenger.chatFiles(chatId, { kind: mine, beforeSeq, limit: PAGE });
    if (answer.ok) {
      lists.set(mine, { files: [...before.files, ...answer.files], more: answer.has_more, busy: false, problem: null });
    } else {
      lists.set(mine, { ...before, busy: false, problem: errorText(answer) });
    }
    face.redraw();
  }

  /** @param {Kind} next */
  function choose(next) {
    if (next === kind) return;
    kind = next;
    if (!lists.has(kind)) void more();
    face.redraw();
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    const next = step({ key: ALONG[event.key] ?? event.key }, KINDS.indexOf(kind), KINDS.length);
    if (next === null) return;
    event.preventDefault();
    choose(KINDS[next]);
    document.getElementById(`files-tab-${KINDS[next]}`)?.focus();
  }

  /** @param {Event & {currentTarget: Element}} event */
  function scrolled({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) {
    if (scrollTop + clientHeight > scrollHeight - AHEAD && known().problem === null) void more();
  }

  /** @param {Kind} one */
  const tab = (one) =>
    html`<button
      type="button"
      role="tab"
      id="files-tab-${one}"
      aria-selected=${one === kind ? "true" : "false"}
      aria-controls="files-pane"
      tabindex=${one === kind ? "0" : "-1"}
      ?autofocus=${one === kind}
      @click=${() => choose(one)}
    >
      ${t(`files.${one}`)}
    </button>`;

  /** @param {ChatFile} one */
  function pictureOf({ file, seq }) {
    const place = { chat_id: chatId, seq };
    const open = () => {
      const all = oldestFirst(known().files).filter((other) => isPicture(other.file));
      const pictures = all.map((other) => ({ file: other.file, place: { chat_id: chatId, seq: other.seq } }));
      face.overlays.open("picture", { file, place, known: pictures });
    };
    return html`<li>
      <button
        class="media media--square"
        type="button"
        aria-label=${t("file.open_picture", { name: file.name })}
        @click=${open}
      >
        ${isPicture(file) ? shown(face, file, SMALL, place) : html`<span class="media__none">${tile(file)}</span>`}
      </button>
    </li>`;
  }

  /** @param {ChatFile} one */
  function fileRow({ file, seq }) {
    const [name, extension] = nameParts(file.name);
    const when = file.created_at ? ` · ${listTime(file.created_at, new Date())}` : "";
    const go = () => {
      close();
      void face.openPlace({ chat_id: chatId, seq });
    };
    return html`<li class="shared">
      <button class="file shared__go" type="button" title=${t("files.to_message")} @click=${go}>
        ${tile(file)}
        <span class="file__text">
          <bdi class="file__name"><span>${name}</span><span>${extension}</span></bdi>
          <span class="file__sub">${sizeText(file.size)}${when}</span>
        </span>
      </button>
      <button
        class="ibtn"
        type="button"
        aria-label=${t("file.download", { name: file.name, size: sizeText(file.size) })}
        @click=${() => download(face, file)}
      >
        ${icon("download")}
      </button>
    </li>`;
  }

  function told() {
    const { files, busy, more: left, problem } = known();
    if (problem) return problemLine(problem, more);
    if (busy) return html`<p class="note">${t("info.loading")}</p>`;
    if (!files.length) return html`<p class="note">${t(`files.none_of.${kind}`)}</p>`;
    if (!left) return nothing;
    return html`<button class="btn btn--plain btn--s find-more" type="button" @click=${more}>
      ${t("files.more")}
    </button>`;
  }

  void more();
  return {
    title: () => t("files.title"),
    kind: "dialog--files",
    harmless: true,
    content(state) {
      const files = known().files.filter(({ seq }) => !isRemoved(state, { chat_id: chatId, seq }));
      const idOf = (/** @type {ChatFile} */ { file, seq }) => `${seq} ${file.id}`;
      return html`<div class="tabs" role="tablist" aria-label=${t("files.kinds")} @keydown=${keys}>
          ${KINDS.map(tab)}
        </div>
        <div
          class="dialog__body dialog__body--files"
          id="files-pane"
          role="tabpanel"
          tabindex="0"
          aria-labelledby="files-tab-${kind}"
          @scroll=${scrolled}
        >
          ${
            kind === "image"
              ? html`<ul class="grid" aria-label=${t("files.image")} ?hidden=${!files.length}>
                  ${repeat(files, idOf, pictureOf)}
                </ul>`
              : html`<ul aria-label=${t(`files.${kind}`)} ?hidden=${!files.length}>
                  ${repeat(files, idOf, fileRow)}
                </ul>`
          }
          <div role="status">${told()}</div>
        </div>`;
    },
  };
}
