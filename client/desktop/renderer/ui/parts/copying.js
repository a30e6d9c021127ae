/** Copying a text, and saying whether it is on the clipboard. */

import { t } from "../../words/i18n.js";
import { copyText } from "./clipboard.js";

/** @param {import("../face.js").Face} face @param {string} text "": there is nothing to copy */
export async function copyAndTell(face, text) {
  if (text === "") return;
  const copied = await copyText(text);
  face.overlays.toast({ text: t(copied ? "toast.copied" : "toast.not_copied") });
}
