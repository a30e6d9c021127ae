/** How long a message may be, and what is said of that while one writes. */

import { t } from "../../words/i18n.js";
import { lengthOf } from "../../words/text.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";

/** What the server takes (docs/protocol.md section 1), where it has not said so. */
const LIMIT = { points: 4000, bytes: 16_384 };
/** The counter is shown for the last so many. */
const COUNTED = 200;

/** @param {string} text @param {Record<string, number>} limits */
export function tooLong(text, limits) {
  const { content_code_points = LIMIT.points, content_bytes = LIMIT.bytes } = limits;
  if (text.length * 3 <= Math.min(content_bytes, content_code_points)) return false;
  return lengthOf(text) > content_code_points || new TextEncoder().encode(text).length > content_bytes;
}

/** @param {string} text @param {Record<string, number>} limits @param {boolean} over */
export function counter(text, { content_code_points = LIMIT.points }, over) {
  const length = lengthOf(text);
  if (!over && length <= content_code_points - COUNTED) return nothing;
  return html`<div class="composer__hint ${over ? "is-over" : ""}">
    <span role="status">${over ? t("composer.too_long") : nothing}</span>
    <span>${t("composer.count", { n: length, limit: content_code_points })}</span>
  </div>`;
}
