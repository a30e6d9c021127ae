/** The link to the server in words: the strip at the top when it has been away for a while, and a short form. */

import { t } from "../../words/i18n.js";
import { countdown, isAway, isLive } from "../../state/link-view.js";
import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { icon } from "./icon.js";

/** @typedef {import("../../types.js").LinkView} LinkView */

/** Beneath one's own name. @param {LinkView} link */
export function linkText(link) {
  if (isLive(link)) return t("banner.online");
  return link.state === "resuming" || link.state === "connecting" ? t("banner.connecting") : t("banner.offline");
}

/** @param {import("../face.js").Face} face @param {LinkView} link @param {number} now */
export function banner(face, link, now) {
  const away = isAway(link, now);
  return html`<div class="app__banner" role="status">${away ? strip(face, link, now) : nothing}</div>`;
}

/** @param {import("../face.js").Face} face @param {LinkView} link @param {number} now */
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
  const seconds = countdown(link, now) ?? 1;
  return html`${t("banner.offline")}<span aria-hidden="true">. ${t("banner.retry", { n: seconds })}</span>`;
}
