/** One's own picture, or that of a group: a square is cut out of a picture that is chosen, and sent; or none is had. */

import { ref } from "../../vendor/lit-html/directives/ref.js";
import { live } from "../../vendor/lit-html/directives/live.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { sizeText } from "../../words/files.js";
import { errorText, t } from "../../words/i18n.js";
import { WHOLE, heldIn, zoomedAt } from "../../words/zoom.js";
import { openFileField } from "../parts/elements.js";
import { icon } from "../parts/icon.js";
import { errorNote } from "../parts/loading.js";

/** Pixels of a side that the server keeps. */
const SIDE = 512;
const SQUARE = { width: SIDE, height: SIDE };
const MOST = 6;
/** Pixels of a step by the keys. */
const STEP = 16;
/** Bytes of a file that is looked at. */
const LARGEST = 64 * 1024 * 1024;
const QUALITY = 0.9;
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** `params`: `{chatId}` of a group; without it one's own. @type {import("../parts/dialog.js").DialogMaker} */
export function avatarDialog(face, { chatId = null }, close) {
  /** @type {ImageBitmap | null} */
  let bitmap = null;
  let view = WHOLE;
  /** @type {HTMLCanvasElement | null} */
  let canvas = null;
  /** Where the pointer was. @type {{x: number, y: number} | null} */
  let held = null;
  let busy = false;
  /** @type {string | null} */
  let problem = null;

  /** The picture as it fills the square at scale 1. */
  function filled() {
    const { width, height } = bitmap ?? SQUARE;
    const scale = SIDE / Math.min(width, height);
    return { width: width * scale, height: height * scale };
  }

  /** @param {import("../../words/zoom.js").View} next */
  function see(next) {
    view = heldIn(next, filled(), SQUARE);
    draw();
    face.redraw();
  }

  function draw() {
    const pen = canvas?.getContext("2d");
    if (!pen || !bitmap) return;
    const { width, height } = filled();
    pen.clearRect(0, 0, SIDE, SIDE);
    pen.imageSmoothingQuality = "high";
    const [wide, high] = [width * view.scale, height * view.scale];
    pen.drawImage(bitmap, (SIDE - wide) / 2 + view.x, (SIDE - high) / 2 + view.y, wide, high);
  }

  /** @param {number} scale */
  const zoom = (scale) => see(zoomedAt(view, Math.min(Math.max(scale, 1), MOST), { x: 0, y: 0 }));

  /** @param {Event & {currentTarget: HTMLInputElement}} event */
  async function choose({ currentTarget: field }) {
    const file = field.files?.[0];
    field.value = "";
    if (!file) return;
    problem = file.size > LARGEST ? t("file.too_large", { size: sizeText(LARGEST) }) : null;
    const made = problem ? null : await createImageBitmap(file).catch(() => null);
    if (made) {
      bitmap?.close();
      bitmap = made;
      see(WHOLE);
    } else {
      problem ??= t("avatar.unreadable");
      face.redraw();
    }
  }

  /** @param {Blob | null} square */
  const set = (square) =>
    chatId === null ? face.messenger.setOwnAvatar(square) : face.messenger.setChatAvatar(chatId, square);

  async function save() {
    if (busy || !canvas) return;
    [busy, problem] = [true, null];
    face.redraw();
    const drawn = canvas;
    /** @type {Blob | null} */
    const square = await new Promise((resolve) => drawn.toBlob(resolve, "image/webp", QUALITY));
    await settle(square ? set(square) : Promise.resolve({ ok: false, code: "internal" }));
  }

  async function remove() {
    if (busy) return;
    busy = true;
    await settle(set(null));
  }

  /** @param {Promise<import("../../types.js").Done | import("../../types.js").Refused>} asked */
  async function settle(asked) {
    const answer = await asked;
    busy = false;
    if (answer.ok) return void close();
    problem = errorText(answer);
    face.redraw();
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    const arrow = ARROWS[event.key];
    if (arrow) see({ ...view, x: view.x + arrow[0] * STEP, y: view.y + arrow[1] * STEP });
    else if (event.key === "+" || event.key === "=") zoom(view.scale * 1.2);
    else if (event.key === "-") zoom(view.scale / 1.2);
    else return;
    event.preventDefault();
  }

  /** @param {PointerEvent & {currentTarget: Element}} event */
  function drag(event) {
    const area = event.currentTarget;
    if (event.type === "pointerdown") area.setPointerCapture(event.pointerId);
    const before = event.type === "pointerdown" ? null : held;
    held = event.buttons & 1 ? { x: event.clientX, y: event.clientY } : null;
    if (!before || !held) return;
    const factor = SIDE / area.clientWidth;
    see({ ...view, x: view.x + (held.x - before.x) * factor, y: view.y + (held.y - before.y) * factor });
  }

  /** @param {WheelEvent} event */
  function wheel(event) {
    event.preventDefault();
    zoom(view.scale * Math.exp(-event.deltaY * 0.002));
  }

  /** @param {Element | undefined} element */
  function attach(element) {
    canvas = element instanceof HTMLCanvasElement ? element : null;
    draw();
  }

  const cropping = () =>
    html`<canvas
        class="crop ${chatId === null ? "crop--person" : ""}"
        width=${SIDE}
        height=${SIDE}
        tabindex="0"
        role="img"
        aria-label=${t("avatar.area")}
        @keydown=${keys}
        @pointerdown=${drag}
        @pointermove=${drag}
        @pointerup=${drag}
        @wheel=${wheel}
        ${ref(attach)}
      ></canvas>
      <label class="crop__zoom"
        ><span>${t("avatar.zoom")}</span
        ><input
          type="range"
          min="1"
          max=${MOST}
          step="0.05"
          .value=${live(String(view.scale))}
          @input=${(/** @type {Event & {currentTarget: HTMLInputElement}} */ event) => zoom(Number(event.currentTarget.value))}
      /></label>`;

  return {
    title: () => t(chatId === null ? "avatar.own" : "avatar.group"),
    isChanged: () => bitmap !== null,
    gone: () => bitmap?.close(),
    content(state) {
      const has = Boolean(chatId === null ? state.me?.avatar_url : state.chats.get(chatId)?.avatar_url);
      return html`<div class="dialog__pad crop__pad">
          ${bitmap ? cropping() : html`<p class="note">${t("avatar.about")}</p>`}
          <div>
            <button class="btn btn--plain" type="button" ?autofocus=${!bitmap} @click=${openFileField}>
              ${icon("image", "icon--s")} ${t(bitmap ? "avatar.other" : "avatar.choose")}
            </button>
            <input class="crop__file" type="file" accept="image/*" hidden tabindex="-1" @change=${choose} />
          </div>
          ${errorNote(problem, { sign: true })}
        </div>
        <footer class="dialog__foot">
          ${
            has
              ? html`<button class="btn btn--danger-quiet dialog__aside" type="button" @click=${remove}>
                  ${t("avatar.remove")}
                </button>`
              : nothing
          }
          <button
            class="btn btn--primary"
            type="button"
            ?disabled=${!bitmap}
            aria-busy=${busy ? "true" : "false"}
            @click=${save}
          >
            ${t("dialog.save")}
          </button>
        </footer>`;
    },
  };
}
