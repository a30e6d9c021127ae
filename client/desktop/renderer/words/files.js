/** Files in words: how large, and what a message without a text is called in one line. */

import { language, t } from "./i18n.js";
import { preview } from "./text.js";

/** @typedef {import("../types.js").Attachment} Attachment */

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];

/** "340 КБ", "1,5 МБ"; in powers of 1024, as limits are told. @param {number} bytes */
export function sizeText(bytes) {
  let [amount, at] = [bytes, 0];
  while (amount >= 1024 && at < UNITS.length - 1) [amount, at] = [amount / 1024, at + 1];
  const maximumFractionDigits = at > 1 && amount < 100 ? 1 : 0;
  return new Intl.NumberFormat(language(), {
    style: "unit",
    unit: UNITS[at],
    unitDisplay: at === 0 ? "long" : "short",
    maximumFractionDigits,
  }).format(amount);
}

/** Where a name may be cut, so that its extension stays to be seen. @param {string} name @returns {[string, string]} */
export function nameParts(name) {
  const dot = name.lastIndexOf(".");
  const end = dot > 0 && name.length - dot <= 12 ? dot : name.length;
  return [name.slice(0, end), name.slice(end)];
}

/** One line for what was written or attached: chat list, quotes, notices, what is read out.
 * @param {{content: string | null, attachments?: Attachment[] | null}} message */
export function messageWords({ content, attachments }) {
  if (content) return preview(content);
  if (!attachments?.length) return t("msg.newer");
  const [first] = attachments;
  if (attachments.length > 1) return t("file.several", { n: attachments.length });
  return isPicture(first) ? t("file.picture", { name: first.name }) : t("file.one", { name: first.name });
}

/** It has a preview that the server made. @param {Attachment} file */
export function isPicture(file) {
  return Boolean(file.preview_url) && /^image\//u.test(file.content_type);
}
