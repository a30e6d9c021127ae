/** Going out by a link. */

import { t } from "../../words/i18n.js";
import { copyAndTell } from "../parts/copying.js";

/**
 * Plain http is asked about first; what no program opens is copied.
 * @param {import("../face.js").Face} face @param {string} href a link that words/shown-link.js let pass
 */
export async function openLink(face, href) {
  if (href.startsWith("http:")) {
    const { host } = new URL(href);
    const question = { title: t("link.plain"), text: t("link.plain_text", { host }), act: t("link.open") };
    if (!(await face.overlays.confirm(question))) return;
  }
  if (!(await face.platform.openExternal(href))) await copyAndTell(face, href);
}
