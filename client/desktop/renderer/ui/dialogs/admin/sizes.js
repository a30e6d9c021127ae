/** How much there is on the server. */

import { html, nothing } from "../../../vendor/lit-html/lit-html.js";
import { sizeText } from "../../../words/files.js";
import { errorText, t } from "../../../words/i18n.js";
import { problemLine, waiting } from "../../parts/loading.js";
import { factRow } from "../../parts/setting-rows.js";

/** @param {import("../../face.js").Face} face @returns {import("../settings/administration.js").Part} */
export function sizesPart(face) {
  /** @type {import("../../../types.js").Sizes | null} */
  let sizes = null;
  /** @type {string | null} */
  let problem = null;

  async function load() {
    const answer = await face.messenger.serverSizes();
    if (answer.ok) sizes = answer.sizes;
    problem = answer.ok ? null : errorText(answer);
    face.redraw();
  }

  /** @param {import("../../../types.js").Sizes} found */
  function rows({ people, disabled, sessions, chats, messages, files, file_bytes }) {
    const number = (/** @type {number} */ n) => n.toLocaleString(document.documentElement.lang);
    const about = disabled > 0 ? t("admin.disabled_count", { n: disabled }) : undefined;
    return html`<div class="set__group">
      ${factRow({ label: t("admin.people"), value: number(people), about })}
      ${factRow({ label: t("settings.sessions"), value: number(sessions) })}
      ${factRow({ label: t("admin.chats"), value: number(chats) })}
      ${factRow({ label: t("admin.messages"), value: number(messages) })}
      ${factRow({ label: t("admin.files"), value: number(files), about: sizeText(file_bytes) })}
    </div>`;
  }

  return {
    opened: () => void load(),
    body: () =>
      html`${problemLine(problem, load)} ${waiting(sizes === null && problem === null)}
      ${sizes === null ? nothing : rows(sizes)}`,
  };
}
