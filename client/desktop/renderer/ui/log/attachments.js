/** Files of a message: pictures as the server made them smaller, what can be played with its controls, and cards. */

import { html, nothing } from "../../vendor/lit-html/lit-html.js";
import { albumRows, isPicture, kindOf, nameParts, signOf, sizeText } from "../../words/files.js";
import { errorText, t } from "../../words/i18n.js";
import { icon } from "../parts/icon.js";
import { saveByLink } from "../parts/saving.js";
import { player } from "./player.js";
import { shown } from "./shown-picture.js";

/** @typedef {import("../../types.js").Attachment} Attachment @typedef {import("../face.js").Face} Face
 * @typedef {{chat_id: number, seq: number}} Place */

/** Pixels of the side of a preview that the server has. */
export const SMALL = 320;
export const LARGE = 1280;

/** @param {Face} face @param {readonly Attachment[] | null | undefined} files @param {Place | null} place the message, where
 * it has its place in the log */
export function attachments(face, files, place) {
  if (!files?.length) return nothing;
  const pictures = files.filter(isPicture);
  const others = files.filter((file) => !isPicture(file));
  return html`${pictures.length ? album(face, pictures, place) : nothing}${others.map((file) => played(face, file, place))}`;
}

/** Each place has its size before the bytes come. @param {Face} face @param {Attachment[]} pictures
 * @param {Place | null} place */
function album(face, pictures, place) {
  if (pictures.length === 1) {
    const small = (pictures[0].width ?? LARGE) < SMALL / 2;
    return html`<div class="album ${small ? "album--small" : ""}">${picture(face, pictures[0], place, LARGE)}</div>`;
  }
  const rows = albumRows(pictures);
  return html`<div class="album" role="group" aria-label=${t("file.album", { n: pictures.length })}>
    ${rows.map((row) => {
      const tall = row.every(({ width, height }) => (height ?? 0) > (width ?? 0));
      return html`<div class="album__row ${tall ? "album__row--tall" : ""}" data-count=${row.length}>
        ${row.map((file) => picture(face, file, place, row.length === 1 ? LARGE : SMALL))}
      </div>`;
    })}
  </div>`;
}

/** @param {Face} face @param {Attachment} file @param {Place | null} place @param {number} size */
function picture(face, file, place, size) {
  const [width, height] = file.width && file.height ? bounded(file.width, file.height) : [100, 100];
  const open = () => face.overlays.open("picture", { file, place });
  return html`<button
    class="media"
    type="button"
    aria-label=${t("file.open_picture", { name: file.name })}
    @click=${open}
  >
    <svg class="media__place" viewBox="0 0 ${width} ${height}" aria-hidden="true"></svg
    >${shown(face, file, size, place)}
  </button>`;
}

/** Neither a strip nor a tower. @param {number} width @param {number} height */
function bounded(width, height) {
  const ratio = Math.min(Math.max(width / height, 0.6), 3);
  return [Math.round(100 * ratio), 100];
}

/** A card, and under it what plays the file. @param {Face} face @param {Attachment} file @param {Place | null} place */
function played(face, file, place) {
  const kind = kindOf(file);
  if (!place || (kind !== "audio" && kind !== "video")) return card(face, file);
  return html`${card(face, file)}
    <div class="player player--${kind}">${player(face, file, kind)}</div>`;
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
    ${tile(file)}
    <span class="file__text">
      <bdi class="file__name"><span>${name}</span><span>${extension}</span></bdi>
      <span class="file__sub">${sizeText(file.size)}</span>
    </span>
    ${icon("download", "icon--s")}
  </button>`;
}

/** What kind of file it is, at a glance. @param {{name: string, content_type: string}} file */
export function tile(file) {
  const sign = signOf(file);
  // letters that are drawn, not text: the name has them
  return html`<span
    class="file__tile"
    data-kind=${kindOf(file)}
    data-letters=${"letters" in sign ? sign.letters : nothing}
    aria-hidden="true"
    >${"icon" in sign ? icon(sign.icon) : nothing}</span
  >`;
}

/** Save it: the browser or the system asks where. @param {Face} face @param {Attachment} file */
export async function download(face, file) {
  const answer = await face.messenger.fileLink(file.id);
  if (!answer.ok) {
    const gone = answer.code === "not_found";
    return face.overlays.toast({ text: gone ? t("file.gone") : errorText(answer) });
  }
  if (face.platform.desktop) return void (await face.platform.saveFile(answer.url));
  saveByLink(answer.url, file.name);
}
