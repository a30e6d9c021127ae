/** Blocking somebody, asked before, and lifting it again. */

import { errorText, isolate, t } from "../../words/i18n.js";
import { nameOf } from "../../words/names.js";

/** @typedef {import("../face.js").Face} Face @typedef {import("../../types.js").User} User */

/** @param {Face} face @param {User} user */
export async function block(face, user) {
  const name = isolate(nameOf(user));
  const title = t("block.title", { name });
  const question = { title, text: t("block.text"), act: t("block.confirm"), danger: true };
  if (await face.overlays.confirm(question)) await set(face, user, true);
}

/** @param {Face} face @param {User} user */
export const unblock = (face, user) => set(face, user, false);

/** For menus and the card; nothing of an account that was deleted. @param {Face} face @param {User} user
 * @returns {import("./menu.js").MenuItem[]} */
export function blockItems(face, user) {
  if (face.messenger.state().blocked.has(user.id)) {
    return [{ label: t("block.undo"), icon: "check", run: () => void unblock(face, user) }];
  }
  return user.deleted
    ? []
    : [{ label: t("block.act"), icon: "close", danger: true, run: () => void block(face, user) }];
}

/** @param {Face} face @param {User} user @param {boolean} on */
async function set(face, user, on) {
  const answer = await face.messenger.block(user.id, on);
  const name = isolate(nameOf(user));
  const text = answer.ok ? t(on ? "toast.blocked" : "toast.unblocked", { name }) : errorText(answer);
  face.overlays.toast({ text });
}
