/** A picture by itself: the whole window is for it, and for the others of its chat. */

import { keyed } from "../../vendor/lit-html/directives/keyed.js";
import { ref } from "../../vendor/lit-html/directives/ref.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { messageAt } from "../../state/quoted.js";
import { isRemoved } from "../../state/removed.js";
import { sizeText } from "../../words/files.js";
import { fullTime } from "../../words/format.js";
import { isolate, t } from "../../words/i18n.js";
import { nameOf, senderName } from "../../words/names.js";
import { preview } from "../../words/text.js";
import { LARGE, download } from "../log/attachments.js";
import { shown } from "../log/shown-picture.js";
import { avatar } from "../parts/avatar.js";
import { copyPicture } from "../parts/clipboard.js";
import { icon } from "../parts/icon.js";
import { commands, keyName } from "../parts/keys.js";
import { Pictures } from "./viewer/pictures.js";
import { Stage } from "./viewer/stage.js";

/** @typedef {import("../../types.js").State} State @typedef {import("./viewer/pictures.js").Picture} Picture */

/** `params`: `{file, place, known?}`, as in viewer/pictures.js. @type {import("../parts/dialog.js").DialogMaker} */
export function picture(face, { file, place = null, known }, close) {
  const pictures = new Pictures(face, { file, place }, known);
  const stage = new Stage({
    swiped: (direction) => (direction === "down" ? close() : go(direction === "left" ? 1 : -1)),
    changed: () => {
      if (stage.pixels > LARGE) void sharpen();
      face.redraw();
    },
  });
  /** Where the file itself is, for more pixels than a preview has. @type {{id: string, url: string} | null} */
  let sharp = null;

  /** @param {number} by */
  function go(by) {
    if (!pictures.go(by)) return;
    stage.show(pictures.current.file);
    face.announce(title());
    face.redraw();
  }

  async function sharpen() {
    const { id, width } = pictures.current.file;
    if ((width ?? 0) <= LARGE || sharp?.id === id) return;
    sharp = { id, url: "" };
    const link = await face.messenger.fileLink(id);
    if (!link.ok || sharp?.id !== id) return;
    sharp = { id, url: link.url };
    face.redraw();
  }

  async function copy() {
    const of = pictures.current.file;
    const done = await copyPicture(async () => {
      const bytes = await face.messenger.fileData(of.id);
      if (!bytes.ok) throw new Error(bytes.code);
      return bytes.body;
    });
    face.overlays.toast({ text: t(done ? "viewer.copied" : "viewer.not_copied") });
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    const { key, altKey, shiftKey } = event;
    if (altKey) return;
    if (commands(event)) {
      if (event.code === "KeyS") void download(face, pictures.current.file);
      else if (event.code === "KeyC") void copy();
      else return;
    } else if (!stage.key(event)) {
      const by = { ArrowLeft: -1, ArrowRight: 1, Home: -pictures.at, End: pictures.list.length - 1 - pictures.at }[key];
      if (by === undefined || shiftKey) return;
      go(by);
    }
    event.preventDefault();
  }

  function title() {
    const { file: of } = pictures.current;
    return t("viewer.title", { name: isolate(of.name), place: position() });
  }

  function position() {
    const n = pictures.at + 1;
    return t(pictures.more ? "viewer.of_more" : "viewer.of", { n, all: pictures.list.length });
  }

  void pictures.older();
  stage.show(file);
  return {
    title,
    kind: "viewer",
    bare: true,
    content(state) {
      const one = pictures.current;
      const message = messageOf(state, one);
      const several = pictures.list.length > 1;
      const gone = one.place !== null && isRemoved(state, one.place);
      const toMessage = () => {
        close();
        if (one.place) void face.openPlace(one.place);
      };
      return html`<div class="viewer__all" tabindex="-1" @keydown=${keys}>
        <header class="viewer__top">
          ${heading(face, state, one, message)}
          ${button("minus", t("viewer.smaller"), () => stage.step(-1), stage.view.scale <= 1)}
          ${button("plus", t("viewer.larger"), () => stage.step(1))}
          ${button("copy", t("viewer.copy", { keys: keyName(["Ctrl", "C"]) }), () => void copy())}
          ${button("download", t("viewer.save", { keys: keyName(["Ctrl", "S"]) }), () => void download(face, one.file))}
          ${one.place ? button("bookmark", t("viewer.to_message"), toMessage) : nothing}
          <button
            class="ibtn viewer__close"
            type="button"
            aria-label=${t("dialog.close_esc")}
            ?autofocus=${!several}
            @click=${close}
          >
            ${icon("close")}
          </button>
        </header>
        ${several ? nav("left", t("viewer.before"), () => go(-1), pictures.at === 0) : nothing}
        <figure
          class="viewer__img"
          @wheel=${stage.wheel}
          @dblclick=${stage.doubled}
          @pointerdown=${stage.down}
          @pointermove=${stage.moved}
          @pointerup=${stage.up}
          @pointercancel=${stage.up}
          ${ref(stage.attach)}
        >
          <div class="viewer__move">
            ${
              gone
                ? html`<span class="media__none">${icon("trash")} <bdi>${t("msg.deleted")}</bdi></span>`
                : keyed(one.file.id, shown(face, one.file, LARGE, one.place))
            }
            ${
              !gone && sharp?.id === one.file.id && sharp.url
                ? html`<img class="viewer__sharp" src=${sharp.url} alt="" draggable="false" @load=${drawn} />`
                : nothing
            }
          </div>
        </figure>
        ${several ? nav("right", t("viewer.after"), () => go(1), pictures.at === pictures.list.length - 1) : nothing}
        <p class="viewer__cap">
          ${message?.content ? html`<bdi>${preview(message.content)}</bdi>` : nothing}
          ${several ? html`<small>${position()}</small>` : nothing}
        </p>
      </div>`;
    },
  };
}

/** Over the preview once all of it is here. @param {Event & {currentTarget: Element}} event */
const drawn = ({ currentTarget }) => currentTarget.classList.add("is-loaded");

/** The message that holds it, where that is loaded. @param {State} state @param {Picture} one */
function messageOf(state, { place }) {
  const message = place && messageAt(state.timelines.get(place.chat_id)?.items ?? [], place.seq);
  return message && !message.deleted ? message : null;
}

/** Who sent it and when. @param {import("../face.js").Face} face @param {State} state @param {Picture} one
 * @param {import("../../types.js").Message | null} message */
function heading(face, state, { file }, message) {
  const about = `${file.name}, ${sizeText(file.size)}`;
  if (!message) return html`<span class="viewer__who"><bdi class="truncate">${about}</bdi></span>`;
  const sender = state.users.get(message.sender_id);
  return html`<span class="viewer__who"
    >${avatar(face, { id: message.sender_id, name: nameOf(sender), size: "s", url: sender?.avatar_url })}
    <span class="viewer__about"
      ><bdi class="truncate">${senderName(message.sender_id, state)}</bdi
      ><small class="truncate">${fullTime(message.created_at)} · <bdi>${about}</bdi></small></span
    ></span
  >`;
}

/** @param {string} sign @param {string} label @param {() => void} run @param {boolean} [off] */
const button = (sign, label, run, off = false) =>
  html`<button
    class="ibtn viewer__tool"
    type="button"
    aria-label=${label}
    title=${label}
    aria-disabled=${off ? "true" : "false"}
    @click=${run}
  >
    ${icon(sign)}
  </button>`;

/** @param {"left" | "right"} side @param {string} label @param {() => void} run @param {boolean} off */
const nav = (side, label, run, off) =>
  html`<div class="viewer__nav viewer__nav--${side}">
    <button
      class="ibtn"
      type="button"
      aria-label=${label}
      title=${label}
      aria-disabled=${off ? "true" : "false"}
      ?autofocus=${side === "right"}
      @click=${run}
    >
      ${icon(side)}
    </button>
  </div>`;
