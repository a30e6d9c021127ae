/** Code as it is at first, and in colours when they are there. */

import { AsyncDirective } from "../../vendor/lit-html/async-directive.js";
import { directive } from "../../vendor/lit-html/directive.js";
import { html, noChange } from "../../vendor/lit-html/lit-html.js";
import { coloured } from "./code-colours.js";

class Highlight extends AsyncDirective {
  #drawn = "";

  /** @param {string} text @param {string} language */
  render(text, language) {
    const code = `${language}\n${text}`;
    if (code === this.#drawn) return noChange;
    this.#drawn = code;
    requestIdleCallback(async () => {
      const pieces = this.isConnected ? await coloured(text, language) : null;
      if (pieces && this.#drawn === code && this.isConnected) this.setValue(pieces.map(drawn));
    });
    return text;
  }
}

/** @param {import("./code-colours.js").Piece} piece */
const drawn = ({ text, colour }) => (colour ? html`<span class="hl-${colour}">${text}</span>` : text);

export const highlight = directive(Highlight);
