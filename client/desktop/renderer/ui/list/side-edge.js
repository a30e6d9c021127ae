/** The edge of the list of chats: dragged or moved by arrows it makes the list wider; two clicks, and it is as it was. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { SETTINGS } from "../../rules/settings.js";
import { t } from "../../words/i18n.js";

/** In rem, as styles/tokens.css has them. */
const { least: LEAST, usual: USUAL, most: MOST } = SETTINGS.side_width;

/** @param {number} rem */
const within = (rem) => Math.min(MOST, Math.max(LEAST, Math.round(rem * 4) / 4));

/** @param {number} rem as somebody chose it, or as a file has it */
export function showSideWidth(rem) {
  const { style } = document.documentElement;
  if (rem === USUAL) style.removeProperty("--w-side-chosen");
  else style.setProperty("--w-side-chosen", `${within(rem)}rem`);
}

/** @param {import("../face.js").Face} face */
export function createSideEdge(face) {
  /** Where it is dragged to. @type {number | null} */
  let dragged = null;
  const width = () => dragged ?? within(face.messenger.state().settings.side_width);

  /** @param {number} rem */
  function save(rem) {
    dragged = null;
    void face.messenger.changeSettings({ side_width: within(rem) });
  }

  /** @param {PointerEvent & {currentTarget: Element}} event */
  function grasp(event) {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    dragged = width();
  }

  /** @param {PointerEvent} event */
  function drag(event) {
    if (dragged === null) return;
    dragged = within(event.clientX / Number.parseFloat(getComputedStyle(document.documentElement).fontSize));
    showSideWidth(dragged);
    face.redraw();
  }

  function letGo() {
    if (dragged !== null) save(dragged);
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    const to = { ArrowLeft: width() - 1, ArrowRight: width() + 1, Home: LEAST, End: MOST }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    save(to);
  }

  return () =>
    html`<div
      class="side__edge"
      role="separator"
      tabindex="0"
      aria-orientation="vertical"
      aria-label=${t("side.width")}
      title=${t("side.width")}
      aria-valuemin=${LEAST}
      aria-valuemax=${MOST}
      aria-valuenow=${width()}
      @pointerdown=${grasp}
      @pointermove=${drag}
      @pointerup=${drag}
      @lostpointercapture=${letGo}
      @dblclick=${() => save(USUAL)}
      @keydown=${keys}
    ></div>`;
}
