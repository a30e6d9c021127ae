/** Formatting in the field where one writes, by keys and by the buttons over what is selected; undone like typing. */

import { t } from "../../words/i18n.js";
import { wrapped } from "../../words/wrap.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { icon } from "../parts/icon.js";
import { commands, isComposed, keyName, nameOfKey } from "../parts/keys.js";

/** @typedef {"**" | "_" | "~~" | "`"} Mark */

/** By the names of the keys that are held with Ctrl; `id` of its text and icon. @type {readonly {keys: string[], mark: Mark, id: string}[]} */
const MARKS = [
  { keys: ["B"], mark: "**", id: "bold" },
  { keys: ["I"], mark: "_", id: "italic" },
  { keys: ["Shift", "X"], mark: "~~", id: "struck" },
  { keys: ["Shift", "M"], mark: "`", id: "code" },
];

/** Whether the key was one of these. @param {KeyboardEvent} event @param {HTMLTextAreaElement} area @param {boolean} [mac] */
export function formatByKey(event, area, mac) {
  const pressed = (event.shiftKey ? "Shift+" : "") + nameOfKey(event);
  const found = MARKS.find(({ keys }) => keys.join("+") === pressed);
  if (!commands(event, mac) || event.altKey || isComposed(event) || !found) return false;
  event.preventDefault();
  format(area, found.mark);
  return true;
}

/** Put a mark around what is selected, or take it away. @param {HTMLTextAreaElement} area @param {Mark} mark */
function format(area, mark) {
  const { from, to, text, select } = wrapped(area.value, area.selectionStart, area.selectionEnd, mark);
  area.setSelectionRange(from, to);
  insertText(area, text);
  area.setSelectionRange(...select);
}

/** In place of the selection, by the browser's own typing: Ctrl+Z takes it back. @param {HTMLTextAreaElement} area @param {string} text */
export function insertText(area, text) {
  area.focus();
  if (text ? document.execCommand("insertText", false, text) : document.execCommand("delete")) return;
  area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

/** The buttons, while something is selected in the field. They are no stop of the Tab key: by keyboard there are the keys. */
export class FormatBar {
  #shown = false;
  /** By mouse it is selected when the button is let go: nothing comes under the pointer before. */
  #held = false;

  /** @param {import("../face.js").Face} face @param {() => HTMLTextAreaElement | null} area */
  constructor(face, area) {
    this.face = face;
    this.area = area;
    const { ended: signal } = face;
    document.addEventListener("selectionchange", () => this.follow(), { signal });
    document.addEventListener("pointerdown", () => (this.#held = true), { signal, capture: true });
    document.addEventListener("pointerup", () => this.#let(), { signal, capture: true });
    document.addEventListener("pointercancel", () => this.#let(), { signal, capture: true });
  }

  template() {
    this.#shown &&= this.#some(); // a text that was sent takes its selection along, and no event tells of it
    if (!this.#shown) return nothing;
    /** The focus and the selection stay. @param {Event} event */
    const stay = (event) => event.preventDefault();
    return html`<div
      class="formatbar"
      role="toolbar"
      aria-label=${t("composer.format")}
      @pointerdown=${stay}
      @mousedown=${stay}
    >
      ${MARKS.map(({ keys, mark, id }) => {
        const label = t(`keys.${id}`);
        const press = () => {
          const area = this.area();
          if (area) format(area, mark);
        };
        return html`<button
          class="ibtn ibtn--s"
          type="button"
          tabindex="-1"
          aria-label=${label}
          title="${label} (${keyName(["Ctrl", ...keys], " ")})"
          @click=${press}
        >
          ${icon(id, "icon--s")}
        </button>`;
      })}
    </div>`;
  }

  #let() {
    this.#held = false;
    this.follow();
  }

  #some() {
    const area = this.area();
    return area !== null && document.activeElement === area && area.selectionStart !== area.selectionEnd;
  }

  /** Another selection, or another focus. */
  follow() {
    const shown = this.#some() && (this.#shown || !this.#held);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.face.redrawComposer();
  }
}
