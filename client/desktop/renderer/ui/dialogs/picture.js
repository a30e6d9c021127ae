/** A picture by itself, as large as the window lets it. */

import { html } from "../../vendor/lit-html/lit-html.js";
import { sizeText } from "../../words/files.js";
import { t } from "../../words/i18n.js";
import { LARGE, download } from "../log/attachments.js";
import { shown } from "../log/shown-picture.js";
import { icon } from "../parts/icon.js";

/** `params`: `{file}`. @type {import("../parts/dialog.js").DialogMaker} */
export function picture(face, { file, place = null }) {
  const content = () =>
    html`<div class="viewer__picture">${shown(face, file, LARGE, place)}</div>
      <footer class="dialog__foot">
        <span class="note viewer__size">${sizeText(file.size)}</span>
        <button class="btn btn--primary" type="button" @click=${() => download(face, file)}>
          ${icon("download", "icon--s")} ${t("file.save")}
        </button>
      </footer>`;
  return { title: () => file.name, kind: "viewer", harmless: true, content };
}
