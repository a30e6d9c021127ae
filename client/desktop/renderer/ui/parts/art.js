/** Swallows over telegraph wires: on the log-in screen and where there is nothing yet. */

import { html, svg } from "../../vendor/lit-html/lit-html.js";

/**
 * @param {string} classes @param {number} x @param {number} y @param {number} turn degrees @param {number} size
 */
function bird(classes, x, y, turn, size) {
  const place = `translate(${x} ${y}) rotate(${turn}) scale(${size}) translate(-16 -16)`;
  return svg`<g class=${classes} transform=${place}><use href="#mark" width="32" height="32" /></g>`;
}

export function scene() {
  return html`<svg class="scene" viewBox="0 0 580 800" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
    <path
      class="wire"
      d="M-10 196C150 258 400 262 600 170M-10 236C150 300 400 304 600 214M-10 280C160 346 410 350 600 262"
    />
    ${bird("bird", 432, 352, -4, 4.1)} ${bird("bird", 250, 420, 10, 1.7)} ${bird("bird--far", 168, 160, 24, 1.1)}
    ${bird("bird--far", 330, 148, 12, 0.8)} ${bird("bird--far", 92, 356, 30, 0.8)}
  </svg>`;
}

export function smallScene() {
  return html`<svg class="empty__art" viewBox="0 0 272 144" aria-hidden="true">
    <path class="wire" d="M0 92C70 116 200 116 272 88M0 112c70 24 200 24 272-4" />
    ${bird("f", 150, 58, -2, 2.5)} ${bird("f", 62, 44, 20, 0.9)} ${bird("f", 226, 28, 14, 0.6)}
  </svg>`;
}
