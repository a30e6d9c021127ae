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
 * @param {{content: string | null, attachments?: (Attachment | import("../protocol/row.js").LocalFile)[] | null}} message
 * files of the server, or such that are on their way there */
export function messageWords({ content, attachments }) {
  if (content) return preview(content);
  if (!attachments?.length) return t("msg.newer");
  const [first] = attachments;
  if (attachments.length > 1) return t("file.several", { n: attachments.length });
  return "id" in first && isPicture(first)
    ? t("file.picture", { name: first.name })
    : t("file.one", { name: first.name });
}

/** The same of one's own message on its way. @param {import("../types.js").Echo} echo */
export function echoWords({ content, files, source }) {
  return messageWords({ content, attachments: source ? source.attachments : files });
}

/** It has a preview that the server made. @param {Attachment} file */
export function isPicture(file) {
  return Boolean(file.preview_url) && /^image\//u.test(file.content_type);
}

/** What the server lets be played in place (docs/protocol.md, "Files"). */
const AUDIO = ["audio/mpeg", "audio/mp4", "audio/ogg", "audio/flac", "audio/wav"];
const VIDEO = ["video/mp4", "video/webm"];
const ARCHIVES = ["zip", "rar", "7z", "gz", "bz2", "xz", "zst", "tar"];

/**
 * How it can be shown. @param {{content_type: string, preview_url?: string | null}} file
 * @returns {"image" | "audio" | "video" | "other"}
 */
export function kindOf({ content_type: type, preview_url }) {
  if (preview_url && type.startsWith("image/")) return "image";
  if (AUDIO.includes(type)) return "audio";
  return VIDEO.includes(type) ? "video" : "other";
}

/**
 * The sign of a card: an icon, or the letters of a short extension. @param {{name: string, content_type: string}} file
 * @returns {{icon: string} | {letters: string}}
 */
export function signOf({ name, content_type: type }) {
  const kind = type.split("/")[0];
  if (kind === "image") return { icon: "image" };
  if (kind === "audio") return { icon: "note" };
  if (kind === "video") return { icon: "play" };
  const extension = nameParts(name)[1].slice(1);
  if (ARCHIVES.includes(extension.toLowerCase())) return { icon: "archive" };
  return /^[A-Za-z0-9]{1,4}$/u.test(extension) ? { letters: extension.toUpperCase() } : { icon: "file" };
}

/**
 * Rows of an album, each of one to three pictures, so that none is much smaller than another.
 * @template T @param {readonly T[]} pictures @returns {T[][]}
 */
export function albumRows(pictures) {
  const n = pictures.length;
  // rows of three, and before them as many of two as it takes
  const first = n === 1 ? [1] : n === 3 ? [1, 2] : n % 3 === 1 ? [2, 2] : n % 3 === 2 ? [2] : [];
  const rest = n - first.reduce((sum, size) => sum + size, 0);
  const sizes = [...first, ...new Array(rest / 3).fill(3)];
  let at = 0;
  return sizes.map((size) => pictures.slice(at, (at += size)));
}
