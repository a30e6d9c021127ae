/** What stands in the log while its messages are on their way here. */

import { html } from "../../vendor/lit-html/lit-html.js";

export function skeleton() {
  const rows = ["in a", "in b", "own c", "own d", "in b", "in c", "own a"];
  return rows.map((row) => {
    const [side, width] = row.split(" ");
    const own = side === "own" ? "sk-msg--own" : "";
    return html`<div class="msg msg--${side} is-last" aria-hidden="true">
      <span class="sk-msg ${own} sk-msg--${width}"></span>
    </div>`;
  });
}
