/** For those who keep the server: its people, invitations, how much there is, and what was done. */

import { html } from "../../../vendor/lit-html/lit-html.js";
import { t } from "../../../words/i18n.js";
import { choiceRow } from "../../parts/setting-rows.js";
import { auditPart } from "../admin/audit.js";
import { invitesPart } from "../admin/invites.js";
import { peoplePart } from "../admin/people.js";
import { sizesPart } from "../admin/sizes.js";

/** @typedef {import("../../face.js").Face} Face @typedef {import("../../../types.js").State} State */
/** `opened`: it is shown from now on. @typedef {{opened: () => void, body: (state: State) => unknown}} Part */

/** @type {readonly {value: string, label: string, make: (face: Face) => Part}[]} */
const PARTS = [
  { value: "people", label: "admin.people", make: peoplePart },
  { value: "invites", label: "admin.invites", make: (face) => invitesPart(face, null) },
  { value: "audit", label: "admin.audit", make: auditPart },
  { value: "sizes", label: "admin.sizes", make: sizesPart },
];

/** @param {Face} face @returns {import("../settings-window.js").Pane} */
export function administrationPane(face) {
  const parts = PARTS.map(({ value, make }) => ({ value, part: make(face) }));
  let [current] = parts;

  return {
    opened: () => current.part.opened(),
    body: (state) =>
      html`${choiceRow({
        id: "admin-part",
        label: t("admin.part"),
        value: current.value,
        options: PARTS.map(({ value, label }) => ({ value, label: t(label) })),
        change(value) {
          current = parts.find((one) => one.value === value) ?? current;
          current.part.opened();
          face.redraw();
        },
      })}
      ${current.part.body(state)}`,
  };
}
