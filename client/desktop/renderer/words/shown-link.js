/** Where a link of a text leads and what is shown of it: as typed, unless that would deceive about the host. */

import { externalLink } from "../rules/external.js";

/** Alphabets whose letters look alike; a label has letters of one. */
const ALPHABETS = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
];
/** What a label under a domain of ASCII letters may be written in: other letters are there to be taken for these. Of the Latin
 * ones those of languages, not of phonetics, which has a second `a` and `g`. */
const READABLE = [
  /^[a-z\u00df-\u024f\u1e00-\u1eff\d-]+$/u,
  /^[\p{Script=Cyrillic}\d-]+$/u,
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー\d-]+$/u,
];
/** Cyrillic letters that are drawn as Latin ones, as Chromium has them (idn_spoof_checker.cc). */
const LATIN_LOOKS = /^[аысԁеԍһіюјӏорԗԛѕԝхуъьҽпгѵѡ\d-]+$/u;

/**
 * @param {{text: string, href: string}} link as words/markup.js finds it
 * @returns {{text: string, href: string} | null} null where it leads nowhere
 */
export function shownLink({ text, href }) {
  const link = externalLink(href, { plain: true });
  if (link === null) return null;
  const url = new URL(link);
  if (url.protocol === "mailto:") return { text: mailShown(text), href: link };
  const [, scheme, typed, rest] = /^(https?:\/\/)?(\[[^\]]*\]|[^/?#:]+)(.*)$/isu.exec(text) ?? [];
  if (!typed) return null;
  const honest = isHonest(typed, url.hostname);
  return { text: honest ? text : `${scheme ?? ""}${url.hostname}${rest}`, href: link };
}

/** An address of e-mail: its domain follows the rule of hosts. @param {string} text */
function mailShown(text) {
  const at = text.lastIndexOf("@") + 1;
  const typed = text.slice(at);
  const site = `https://${typed}`;
  const called = URL.canParse(site) ? new URL(site).hostname : typed;
  return isHonest(typed, called) ? text : text.slice(0, at) + called;
}

/**
 * What was typed is what is called: no letters that stand for others, no alphabets mixed in a label, and under a domain of
 * Latin letters no label of letters that few can tell from Latin ones.
 * @param {string} typed @param {string} called in ASCII
 */
function isHonest(typed, called) {
  const labels = typed.toLowerCase().split(".");
  const ascii = called.split(".");
  if (labels.length !== ascii.length) return false;
  const latinTop = isAscii(labels[labels.length - 1]);
  return labels.every((label, at) => {
    if (isAscii(label)) return label === ascii[at];
    const mixed = ALPHABETS.filter((alphabet) => alphabet.test(label)).length > 1;
    if (mixed || label !== label.normalize("NFKC")) return false;
    return !latinTop || (READABLE.some((letters) => letters.test(label)) && !LATIN_LOOKS.test(label));
  });
}

/** @param {string} label */
const isAscii = (label) => /^[\x20-\x7e]*$/u.test(label);
