/** Dates and times as people say them. `now` and the time zone are arguments; null is the machine's zone. */

import { language, t } from "./i18n.js";

/** How dates are written: the English texts are British, and dates go with them. */
const locale = () => (language() === "en" ? "en-GB" : language());
const DAY = 86_400_000;

/** Of the machine, as it was looked up last. */
const zoneOf = () => new Intl.DateTimeFormat().resolvedOptions().timeZone;
let here = zoneOf();

/** @type {Map<string, Intl.DateTimeFormat>} formats are dear to make and few; they stay in the zone that they were made in */
const formats = new Map();

/** Whoever travels takes the machine along: to be asked now and then. @returns {boolean} whether its zone is another one */
export function followZone() {
  const before = here;
  here = zoneOf();
  if (here !== before) formats.clear();
  return here !== before;
}

/** In which words and in which zone times are written: what was drawn in others is drawn anew. */
export const manner = () => `${language()} ${here}`;

/** @param {Intl.DateTimeFormatOptions} options @param {string | null} zone @param {string} [tag] */
function format(options, zone, tag = locale()) {
  const key = `${tag} ${zone} ${JSON.stringify(options)}`;
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat(tag, zone === null ? options : { ...options, timeZone: zone });
    formats.set(key, made);
  }
  return made;
}

/**
 * The day of a moment, where the user is: "2026-11-21".
 * @param {string | Date} time @param {string | null} [zone]
 */
export function dayKey(time, zone = null) {
  return format({ year: "numeric", month: "2-digit", day: "2-digit" }, zone, "en-CA").format(new Date(time));
}

/** How many midnights lie between. @param {string} iso @param {Date} now @param {string | null} zone */
function daysAgo(iso, now, zone) {
  return Math.round((Date.parse(dayKey(now, zone)) - Date.parse(dayKey(iso, zone))) / DAY);
}

/** "12:48". @param {string} iso @param {string | null} [zone] */
export function clock(iso, zone = null) {
  return format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, zone).format(new Date(iso));
}

/** "21 ноября", with the year where it is not this one. @param {string} iso @param {Date} now @param {string | null} zone */
function date(iso, now, zone) {
  const sameYear = dayKey(iso, zone).slice(0, 4) === dayKey(now, zone).slice(0, 4);
  /** @type {Intl.DateTimeFormatOptions} */
  const options = sameYear ? { day: "numeric", month: "long" } : { day: "numeric", month: "long", year: "numeric" };
  return format(options, zone).format(new Date(iso));
}

/**
 * For a row of the list: the time today, then "вчера", a weekday within a week, and the date.
 * @param {string} iso @param {Date} now @param {string | null} [zone]
 */
export function listTime(iso, now, zone = null) {
  const days = daysAgo(iso, now, zone);
  if (days <= 0) return clock(iso, zone);
  if (days === 1) return t("time.yesterday");
  if (days < 7) return format({ weekday: "short" }, zone).format(new Date(iso));
  const sameYear = dayKey(iso, zone).slice(0, 4) === dayKey(now, zone).slice(0, 4);
  /** @type {Intl.DateTimeFormatOptions} */
  const options = sameYear
    ? { day: "2-digit", month: "2-digit" }
    : { day: "2-digit", month: "2-digit", year: "2-digit" };
  return format(options, zone).format(new Date(iso));
}

/** Above the messages of a day: "Сегодня", "Вчера", "21 ноября". @param {string} iso @param {Date} now @param {string | null} [zone] */
export function dayTitle(iso, now, zone = null) {
  const days = daysAgo(iso, now, zone);
  if (days === 0) return t("time.today_title");
  if (days === 1) return t("time.yesterday_title");
  return date(iso, now, zone);
}

/** A moment in a line: "сегодня, 09:12", "вчера, 23:40", "3 ноября, 18:05". @param {string} iso @param {Date} now @param {string | null} [zone] */
export function moment(iso, now, zone = null) {
  const days = daysAgo(iso, now, zone);
  const day = days === 0 ? t("time.today") : days === 1 ? t("time.yesterday") : date(iso, now, zone);
  return t("time.day_and_time", { day, time: clock(iso, zone) });
}

/** Until when something lasts: "18:05" today, "завтра, 08:00", "3 декабря, 18:05". @param {string} iso @param {Date} now @param {string | null} [zone] */
export function end(iso, now, zone = null) {
  const days = daysAgo(iso, now, zone);
  if (days === 0) return clock(iso, zone);
  return t("time.day_and_time", {
    day: days === -1 ? t("time.tomorrow") : date(iso, now, zone),
    time: clock(iso, zone),
  });
}

/** "был(а) в сети в 12:46", "… вчера", "… 3 ноября". @param {string} iso @param {Date} now @param {string | null} [zone] */
export function lastSeen(iso, now, zone = null) {
  const days = daysAgo(iso, now, zone);
  if (days <= 0) return t("time.seen_today", { time: clock(iso, zone) });
  if (days === 1) return t("time.seen_yesterday", { time: clock(iso, zone) });
  return t("time.seen_on", { date: date(iso, now, zone) });
}

/** The whole moment, for a title: "21 ноября 2026 г. в 12:48". @param {string} iso @param {string | null} [zone] */
export function fullTime(iso, zone = null) {
  return format({ dateStyle: "long", timeStyle: "short" }, zone).format(new Date(iso));
}

/** Date and time in figures, for a text that is pasted elsewhere: "28.11.2026, 12:03". @param {string} iso @param {string | null} [zone] */
export function shortTime(iso, zone = null) {
  const day = format({ day: "2-digit", month: "2-digit", year: "numeric" }, zone).format(new Date(iso));
  return `${day}, ${clock(iso, zone)}`;
}

/** The day alone, always with its year: "21 ноября 2026 г.". @param {string} iso @param {string | null} [zone] */
export function fullDate(iso, zone = null) {
  return format({ dateStyle: "long" }, zone).format(new Date(iso));
}
