/**
 * The face in Node: as much of a browser's page as its modules ask for when they are loaded and drawn into templates, and a
 * messenger whose answers come when the test says so. Import it before modules of renderer/ui.
 */

import { readFileSync } from "node:fs";
import { setCatalogue } from "../../renderer/words/i18n.js";

/** @type {Record<string, string>} */
export const TEXTS = JSON.parse(readFileSync(new URL("../../locales/ru.json", import.meta.url), "utf8"));
setCatalogue("ru", TEXTS, TEXTS);

const nothing = () => {};
/** What the modules take for an element of a page. */
export class FakeElement {
  value = "";
  /** @type {Record<string, string>} */
  dataset = {};
  style = {};
  scrollTop = 0;
  clientHeight = 0;
  scrollHeight = 0;
  /** @param {string} [selectors] that it and what it stands in answer to */
  constructor(selectors = "") {
    this.selectors = selectors;
  }
  focus() {
    parts.document.activeElement = /** @type {any} */ (this);
  }
  matches(/** @type {string} */ selector) {
    return this.selectors.split(" ").includes(selector);
  }
  closest(/** @type {string} */ selector) {
    return this.matches(selector) ? this : null;
  }
  getAttribute() {
    return null;
  }
  querySelectorAll() {
    return [];
  }
  querySelector() {
    return null;
  }
  addEventListener() {}
  getBoundingClientRect() {
    return { top: 0, bottom: 10, left: 0, right: 10 };
  }
  scrollIntoView() {}
  setSelectionRange() {}
}
const bare = { addEventListener: nothing, removeEventListener: nothing };
class Observer {
  observe() {}
  unobserve() {}
  disconnect() {}
}
const parts = {
  ResizeObserver: Observer,
  IntersectionObserver: Observer,
  window: { ...bare },
  document: { ...bare, activeElement: null, hasFocus: () => true, querySelector: () => null, getElementById: () => null, getSelection: () => null, createTreeWalker: () => ({}), createComment: () => ({}) },
  requestAnimationFrame: nothing,
  getComputedStyle: () => ({ fontSize: "16px" }),
  HTMLElement: FakeElement,
  HTMLTextAreaElement: FakeElement,
}; // prettier-ignore
for (const [name, value] of Object.entries(parts)) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

/**
 * @param {Record<string, unknown>} messenger what is asked of it @param {Record<string, unknown>} [more] of the face
 * @returns {{face: any, said: string[], went: string[]}} `said`: toasts; `went`: where one was taken
 */
export function faceOf(messenger, more = {}) {
  /** @type {string[]} */
  const said = [];
  /** @type {string[]} */
  const went = [];
  const face = {
    messenger,
    ended: new AbortController().signal,
    platform: { desktop: false },
    overlays: { toast: (/** @type {{text: string}} */ { text }) => void said.push(text), busy: () => false, makeWay: nothing },
    redraw: nothing,
    redrawComposer: nothing,
    announce: nothing,
    openChat: (/** @type {number | null} */ chatId) => void went.push(`chat ${chatId}`),
    focusComposer: () => void went.push("composer"),
    showMessage: async (/** @type {number} */ chatId, /** @type {number} */ seq) => Boolean(went.push(`${chatId}/${seq}`)),
    back: { isPossible: () => false, go: nothing, settle: nothing },
    ...more,
  }; // prettier-ignore
  return { face, said, went };
}

/**
 * All that a template is made of, itself first: templates, and directives with what they would draw.
 * @param {any} value @returns {Generator<any>}
 */
export function* within(value) {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const one of value) yield* within(one);
    return;
  }
  yield value;
  if (value.strings) yield* within(value.values);
  else if (value._$litDirective$) {
    const [first, second, third] = value.values;
    if (third && Array.isArray(first)) {
      yield* within(first.map(third));
    } // repeat
    else yield* within(typeof second === "function" ? second() : value.values); // guard
  }
}

/** What stands behind an attribute of the first element that matches, as `@click`. @param {any} template
 * @param {RegExp} before what the markup has just before the value @returns {any} */
export function valueAt(template, before) {
  for (const { strings, values } of within(template)) {
    const at = strings?.slice(0, -1).findIndex((/** @type {string} */ text) => before.test(text)) ?? -1;
    if (at >= 0) return values[at];
  }
  throw new Error(`nothing stands after ${before}`);
}

/** Give the elements of a template to those who asked for them by `ref`. @param {any} template @param {FakeElement} element */
export function attach(template, element) {
  for (const { _$litDirective$: isDirective, values } of within(template)) {
    if (isDirective && values.length === 1 && typeof values[0] === "function") values[0](element);
  }
}
