/** Files of a message: pictures as the server made them smaller, everything else as a card. */

import { AsyncDirective } from "../../vendor/lit-html/async-directive.js";
import { directive } from "../../vendor/lit-html/directive.js";
import { html, noChange, nothing } from "../../vendor/lit-html/lit-html.js";
import { isPicture, nameParts, sizeText } from "../../words/files.js";
import { errorText, t } from "../../words/i18n.js";
import { icon } from "../parts/icon.js";

/** @typedef {import("../../types.js").Attachment} Attachment @typedef {import("../face.js").Face} Face */

/** Pixels of the side of a preview that the server has. */
export const SMALL = 320;
export const LARGE = 1280;

/** @param {Face} face @param {readonly Attachment[] | null | undefined} files */
export function attachments(face, files) {
  if (!files?.length) return nothing;
  const pictures = files.filter(isPicture);
  const others = files.filter((file) => !isPicture(file));
  return html`${
    pictures.length
      ? html`<div class="album" data-count=${Math.min(pictures.length, 4)}>
          ${pictures.map((file) => picture(face, file, pictures.length === 1))}
        </div>`
      : nothing
  }${others.map((file) => card(face, file))}`;
}

/** Its place has the right size before the bytes come. @param {Face} face @param {Attachment} file @param {boolean} alone */
function picture(face, file, alone) {
  const known = alone && file.width && file.height;
  const [width, height] = known ? bounded(file.width ?? 1, file.height ?? 1) : [1, 1];
  const open = () => face.overlays.open("picture", { file });
  return html`<button
    class="media"
    type="button"
    aria-label=${t("file.open_picture", { name: file.name })}
    @click=${open}
  >
    <svg class="media__place" viewBox="0 0 ${width} ${height}" aria-hidden="true"></svg>${shown(face, file, SMALL)}
  </button>`;
}

/** Neither a strip nor a tower. @param {number} width @param {number} height */
function bounded(width, height) {
  const ratio = Math.min(Math.max(width / height, 0.6), 3);
  return [Math.round(100 * ratio), 100];
}

/** @param {Face} face @param {Attachment} file */
function card(face, file) {
  const [name, extension] = nameParts(file.name);
  return html`<button
    class="file"
    type="button"
    title=${file.name}
    aria-label=${t("file.download", { name: file.name, size: sizeText(file.size) })}
    @click=${() => download(face, file)}
  >
    <span class="file__tile" aria-hidden="true">${icon("file")}</span>
    <span class="file__text">
      <bdi class="file__name"><span>${name}</span><span>${extension}</span></bdi>
      <span class="file__sub">${sizeText(file.size)}</span>
    </span>
    ${icon("download", "icon--s")}
  </button>`;
}

/** Save it: the browser or the system asks where. @param {Face} face @param {Attachment} file */
export async function download(face, file) {
  const answer = await face.messenger.fileLink(file.id);
  if (!answer.ok) {
    const gone = answer.code === "not_found";
    return face.overlays.toast({ text: gone ? t("file.gone") : errorText(answer) });
  }
  const link = document.createElement("a");
  link.href = answer.url;
  link.download = file.name;
  link.click();
}

/** Where a picture of the file is, by the address of the file. @param {string} url with its token @param {number} size */
function previewOf(url, size) {
  const [path, query] = url.split("?");
  return `${path}/preview?size=${size}&${query}`;
}

class Shown extends AsyncDirective {
  #drawn = "";

  /** @param {Face} face @param {Attachment} file @param {number} size */
  render(face, file, size) {
    const what = `${file.id} ${size}`;
    if (what === this.#drawn) return noChange;
    this.#drawn = what;
    void this.#bring(face, file, size, what);
    return nothing;
  }

  /** @param {Face} face @param {Attachment} file @param {number} size @param {string} what */
  async #bring(face, file, size, what) {
    const answer = await face.messenger.fileLink(file.id);
    if (!this.isConnected || this.#drawn !== what) return;
    if (!answer.ok) {
      this.setValue(html`<span class="media__none">${icon("alert")} ${t("file.gone")}</span>`);
      return;
    }
    const none = () => this.setValue(html`<span class="media__none">${icon("file")} ${file.name}</span>`);
    this.setValue(
      html`<img src=${previewOf(answer.url, size)} alt="" decoding="async" draggable="false" @error=${none} />`,
    );
  }
}

/** A picture once there is an address for it. */
export const shown = directive(Shown);
