/** A worker of its own: what hostile code takes of time is not taken from the page. */

import { coloured } from "./code-colours.js";

addEventListener("message", async ({ data: { id, text, language } }) => {
  const begins = () => postMessage({ id, begins: true });
  const pieces = await coloured(text, language, begins).catch(() => null);
  postMessage({ id, pieces });
});
