/** Code as it is at first, and in colours when they are there. They are found by a worker, never by the page itself. */

import { AsyncDirective } from "../../vendor/lit-html/async-directive.js";
import { directive } from "../../vendor/lit-html/directive.js";
import { html, noChange } from "../../vendor/lit-html/lit-html.js";

/** @typedef {import("./code-colours.js").Piece} Piece */

const WORKER = new URL("colouring.js", import.meta.url).href;
/** A page may start this script alone as a worker (Trusted Types). */
const policy = window.trustedTypes?.createPolicy("vestnik-worker", {
  createScriptURL: () => WORKER,
});
/** Milliseconds after which the worker is given up, with all that it was asked: until it has the language, and then. */
const PATIENCE = { loading: 60_000, colouring: 5000 };

/** @type {Worker | null} */
let worker = null;
let asked = 0;
/** @type {Map<number, {begins: () => void, answer: (pieces: Piece[] | null) => void}>} */
const waiting = new Map();

/** @param {string} text @param {string} language @returns {Promise<Piece[] | null>} null: it stays without colours */
function coloured(text, language) {
  const id = ++asked;
  worker ??= started();
  worker.postMessage({ id, text, language });
  return new Promise((resolve) => {
    let late = setTimeout(giveUp, PATIENCE.loading);
    const begins = () => {
      clearTimeout(late);
      late = setTimeout(giveUp, PATIENCE.colouring);
    };
    const answer = (/** @type {Piece[] | null} */ pieces) => {
      clearTimeout(late);
      waiting.delete(id);
      resolve(pieces);
    };
    waiting.set(id, { begins, answer });
  });
}

function started() {
  const made = new Worker(policy?.createScriptURL?.("") ?? WORKER, { type: "module" });
  made.onmessage = ({ data: { id, begins, pieces } }) => {
    const asker = waiting.get(id);
    if (begins) asker?.begins();
    else asker?.answer(pieces);
  };
  made.onerror = giveUp; // it could not be loaded; the next block tries again
  return made;
}

function giveUp() {
  worker?.terminate();
  worker = null;
  for (const { answer } of [...waiting.values()]) answer(null);
}

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

/** @param {Piece} piece */
const drawn = ({ text, colour }) => (colour ? html`<span class="hl-${colour}">${text}</span>` : text);

export const highlight = directive(Highlight);
