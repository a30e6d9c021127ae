/** The link to the server in words: the strip at the top when it has been away for a while, and a short form. */

import { t } from "../core/i18n.js";
import { html, nothing } from "../vendor/lit-html/lit-html.js";
import { icon } from "./icon.js";

/** @typedef {import("../types.js").LinkView} LinkView */

/** A shorter silence is not worth a word. */
const QUIET = 2000;

/** What the server says of others is true just now. @param {LinkView} link */
export function isLive(link) {
  return link.state === "live" || link.state === "polling";
}

/** @param {LinkView} link @param {number} now milliseconds */
export function isAway(link, now) {
  if (isLive(link)) return false;
  return link.state === "stopped" || (link.since !== null && now - link.since >= QUIET);
}

/**
 * When the strip must be drawn anew, in milliseconds from now: it appears, or its number changes.
 * @param {LinkView} link @param {number} now
 */
export function nextChange(link, now) {
  if (isLive(link) || link.state === "stopped" || link.since === null) return null;
  if (!isAway(link, now)) return link.since + QUIET - now;
  return link.retry_at === null || link.retry_at <= now ? null : ((link.retry_at - now) % 1000) + 1;
}

/** Beneath one's own name. @param {LinkView} link */
export function linkText(link) {
  if (isLive(link)) return t("banner.online");
  return link.state === "resuming" || link.state === "connecting" ? t("banner.connecting") : t("banner.offline");
}

/** @param {import("./face.js").Face} face @param {LinkView} link @param {number} now */
export function banner(face, link, now) {
  const away = isAway(link, now);
  return html`<div class="app__banner" role="status">${away ? strip(face, link, now) : nothing}</div>`;
}

/** @param {import("./face.js").Face} face @param {LinkView} link @param {number} now */
function strip(face, link, now) {
  const again = html`<button class="link-btn" type="button" @click=${() => face.messenger.wake()}>
    ${t("banner.now")}
  </button>`;
  return html`<div class="banner">
    ${icon("offline", "icon--s")}<span>${words(link, now)}</span>${
      link.state === "offline" && link.retry_at !== null ? again : nothing
    }
  </div>`;
}

/** The number is for the eyes only: it would be read out each second. @param {LinkView} link @param {number} now */
function words(link, now) {
  if (link.state === "stopped") return t(link.code === "unsupported_version" ? "banner.outdated" : "banner.stopped");
  if (link.state !== "offline") return t("banner.connecting");
  if (link.retry_at === null) return t("banner.no_network");
  const seconds = Math.max(1, Math.ceil((link.retry_at - now) / 1000));
  return html`${t("banner.offline")}<span aria-hidden="true">. ${t("banner.retry", { n: seconds })}</span>`;
}
