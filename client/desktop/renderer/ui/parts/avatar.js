/** The picture of a person (a circle) or of a group (a rounded square); letters where there is none to show. */

import { classMap } from "../../vendor/lit-html/directives/class-map.js";
import { keyed } from "../../vendor/lit-html/directives/keyed.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { isHere } from "../../state/people.js";
import { hueOf, initials } from "../../words/names.js";
import { MAX_SIDE, pictureFile, pictureSource } from "../../words/pictures.js";
import { avatarPicture } from "./avatar-picture.js";

/** How many addresses that showed nothing are remembered, so that they are not asked for again and again. */
const MAX_BROKEN = 500;

/** @type {Set<string>} */
const broken = new Set();

/**
 * Whether somebody is here is not known while there is no link, and not shown then.
 * @param {import("../face.js").Face} face
 * @param {{id: number, name: string, group?: boolean, online?: boolean | null, size?: "" | "xs" | "s" | "l",
 *   url?: string | null}} of
 */
export function avatar(face, { id, name, group = false, online = false, size = "", url = null }) {
  const file = pictureFile(url);
  const state = face.messenger.state();
  const source = pictureSource(url, state);
  const here = isHere({ online }, state);
  const classes = { ava: true, "ava--group": group, [`ava--${size}`]: size !== "", "is-online": here };
  return html`<span class=${classMap(classes)} data-hue=${hueOf(id)} aria-hidden="true"
    ><span class="ava__letters">${initials(name)}</span>${
      file ? avatarPicture(face, file) : source && !broken.has(source) ? keyed(source, picture(source)) : nothing
    }</span
  >`;
}

/** @param {string} source */
function picture(source) {
  return html`<img
    class="ava__picture"
    src=${source}
    alt=""
    decoding="async"
    loading="lazy"
    draggable="false"
    referrerpolicy="no-referrer"
    @load=${loaded}
    @error=${failed}
  />`;
}

/** @param {Event & {currentTarget: HTMLImageElement}} event */
function loaded({ currentTarget: image }) {
  if (image.naturalWidth === 0 || image.naturalWidth > MAX_SIDE || image.naturalHeight > MAX_SIDE) {
    forgo(image);
    return;
  }
  image.classList.add("is-loaded");
}

/** @param {Event & {currentTarget: HTMLImageElement}} event */
function failed({ currentTarget }) {
  forgo(currentTarget);
}

/** Its place keeps the letters, now and in later renders. @param {HTMLImageElement} image */
function forgo(image) {
  if (broken.size >= MAX_BROKEN) broken.clear();
  broken.add(image.currentSrc || image.src);
  image.hidden = true;
}

/** Try again what failed: the network is back, or the user allowed more. */
export function forgetBrokenPictures() {
  broken.clear();
}
