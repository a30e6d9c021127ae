/**
 * What narrows a search, as it is typed: `from:anna`, `in:"Маяк 2.4"`, `after:20.11.2026`, `before:вчера`, `has:file`, in
 * either language. What is in quotation marks, has nothing after the colon, or another word before it, is searched for.
 */

/**
 * @typedef {"from" | "in" | "after" | "before" | "has"} Kind
 * @typedef {"file" | "image" | "link"} Content what a message holds
 * @typedef {{kind: Kind, value: string, start: number, end: number, open: boolean}} Typed places in UTF-16 units; `open`: it
 *   stands at the end of the text, so that it may go on
 */

/** How each is written; the first of a language is what a button writes. @type {Record<Kind, {ru: string[], en: string[]}>} */
const NAMES = {
  from: { ru: ["от"], en: ["from"] },
  in: { ru: ["в"], en: ["in"] },
  after: { ru: ["после"], en: ["after"] },
  before: { ru: ["до"], en: ["before"] },
  has: { ru: ["есть"], en: ["has"] },
};
/** @type {readonly Kind[]} */
const KINDS = ["from", "in", "after", "before", "has"];
/** @type {readonly {content: Content, names: readonly string[]}[]} */
const CONTENTS = [
  { content: "file", names: ["file", "files", "файл", "файлы"] },
  {
    content: "image",
    names: ["image", "images", "picture", "pictures", "photo", "картинка", "картинки", "фото", "изображение"],
  },
  { content: "link", names: ["link", "links", "ссылка", "ссылки"] },
];
const TODAY = ["today", "сегодня"];
const YESTERDAY = ["yesterday", "вчера"];
const DAY = 86_400_000;

/** A phrase, a word before a colon with what follows that, or any other word. */
const PIECES = /"[^"]*"|«[^»]*»|“[^”]*”|(\p{L}+):("[^"]*"?|«[^»]*»?|[^\s"«]*)(?!\S)|\S+/gu;
/** Of its value. */
const QUOTES = /^["«]|["»]$/gu;

/**
 * @param {string} text
 * @returns {{words: string, typed: Typed[]}} `words`: what is left to be searched for
 */
export function readFilters(text) {
  /** @type {Typed[]} */
  const typed = [];
  for (const met of text.matchAll(PIECES)) {
    const kind = kindOf(met[1] ?? "");
    const end = met.index + met[0].length;
    const value = (met[2] ?? "").replace(QUOTES, "").trim();
    const open = end === text.length;
    if (kind && (value !== "" || open)) typed.push({ kind, value, start: met.index, end, open });
  }
  const rest = typed.reduceRight((left, one) => without(left, one), text);
  return { words: rest.replace(/\s+/gu, " ").trim(), typed };
}

/** @param {string} name as it is typed */
function kindOf(name) {
  const folded = name.toLowerCase();
  return KINDS.find((kind) => NAMES[kind].ru.includes(folded) || NAMES[kind].en.includes(folded));
}

/** The text without one of them. @param {string} text @param {Typed} typed */
export function without(text, { start, end }) {
  const [before, after] = [text.slice(0, start), text.slice(end)];
  return before.trim() === "" ? after.trimStart() : before + (after.trim() === "" ? "" : after);
}

/** What a button writes at the end of a text. @param {string} text @param {Kind} kind @param {string} language */
export function withFilter(text, kind, language) {
  const name = NAMES[kind][language === "ru" ? "ru" : "en"][0];
  return `${text}${text === "" || /\s$/u.test(text) ? "" : " "}${name}:`;
}

/** @param {string} value @returns {Content | null} */
export function contentOf(value) {
  const folded = value.toLowerCase();
  return CONTENTS.find(({ names }) => names.includes(folded))?.content ?? null;
}

/**
 * A day by its date, or as people say it; a month or a year is its first day; a day without a year is the last one that was.
 * @param {string} value @param {string} today "2026-11-28"
 * @returns {string | null} in the same form
 */
export function dayOf(value, today) {
  const said = value.toLowerCase();
  if (TODAY.includes(said)) return today;
  if (YESTERDAY.includes(said)) return daysBefore(today, 1);
  const written = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$/u.exec(said);
  if (written) return day(written[1], written[2] ?? "1", written[3] ?? "1");
  const month = /^(\d{1,2})[./](\d{4})$/u.exec(said);
  if (month) return day(month[2], month[1], "1");
  const spoken = /^(\d{1,2})[./](\d{1,2})(?:[./](\d{4}|\d{2}))?$/u.exec(said);
  if (!spoken) return null;
  const year = spoken[3] ?? today.slice(0, 4);
  const found = day(year.length === 2 ? `20${year}` : year, spoken[2], spoken[1]);
  if (spoken[3] || found === null || found <= today) return found;
  return day(String(Number(year) - 1), spoken[2], spoken[1]);
}

/** @param {string} today @param {number} count */
export function daysBefore(today, count) {
  return new Date(Date.parse(today) - count * DAY).toISOString().slice(0, 10);
}

/** One that is in the calendar. @param {string} year @param {string} month @param {string} date */
function day(year, month, date) {
  const written = `${year}-${month.padStart(2, "0")}-${date.padStart(2, "0")}`;
  const time = Date.parse(written);
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== written ? null : written;
}

/**
 * Its first moment, where the user is. @param {string} written a day
 */
export function startOf(written) {
  const [year, month, date] = written.split("-").map(Number);
  return new Date(year, month - 1, date).toISOString();
}
