/** A text with what was looked for in it. */

import { html } from "../../vendor/lit-html/lit-html.js";

/**
 * @param {string} text
 * @param {readonly {from: number, to: number}[]} places ascending, apart from one another
 */
export function marked(text, places) {
  const parts = [];
  let at = 0;
  for (const { from, to } of places) {
    parts.push(text.slice(at, from), html`<mark>${text.slice(from, to)}</mark>`);
    at = to;
  }
  parts.push(text.slice(at));
  return parts;
}
