/** The files of a message on its way: how far each has come, and a way to take them back until the last of them is there. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { nameParts, sizeText } from "../../words/files.js";
import { t } from "../../words/i18n.js";
import { icon } from "../parts/icon.js";

/** @typedef {import("../../types.js").Echo} Echo @typedef {import("../../protocol/row.js").LocalFile} LocalFile */

/** @param {import("../face.js").Face} face @param {Echo} echo @param {ReadonlyMap<string, number | null>} progress */
export function uploading(face, echo, progress) {
  if (!echo.files.length) return nothing;
  const waits = echo.state === "queued";
  // with all of them the message goes out: from then on it is deleted, as any other
  const comes = waits && echo.files.some(({ file_id }) => file_id === null);
  return html`<ul class="sending" aria-label=${t("file.attachments")}>
    ${echo.files.map((file) => row(file, waits, progress.get(file.local_id)))}
    ${
      comes
        ? html`<li class="upload__cancel">
            <button class="link-btn" type="button" @click=${() => face.messenger.discard(echo.cid)}>
              ${t("file.cancel")}
            </button>
          </li>`
        : nothing
    }
  </ul>`;
}

/** @param {LocalFile} file @param {boolean} waits @param {number | null | undefined} sent */
function row(file, waits, sent) {
  const [name, extension] = nameParts(file.name);
  const size = sizeText(file.size);
  const moves = waits && file.file_id === null;
  const state = !moves || sent === undefined ? size : sent === null ? t("file.waiting") : t("file.sent_of", { sent: sizeText(sent), size }); // prettier-ignore
  return html`<li class="upload">
    <span class="file__tile" aria-hidden="true">${icon("file")}</span>
    <span class="file__text">
      <bdi class="file__name"><span>${name}</span><span>${extension}</span></bdi>
      <span class="file__sub">${state}</span>
      ${
        moves
          ? html`<progress
              aria-label=${t("file.uploading", { name: file.name })}
              max=${file.size}
              .value=${sent ?? 0}
            ></progress>`
          : nothing
      }
    </span>
  </li>`;
}
