/**
 * Texts of the face in the chosen language (locales/*.json): flat JSON, `{name}` for what is put in, and plural forms
 * as `key_one`, `key_few`, `key_many`, `key_other`, chosen by `n`.
 */

import { FALLBACK } from "../rules/language.js";

/** Codes of refusals that no server tells: what the client itself finds on its way there, and holds back. */
export const OWN_CODES = Object.freeze([
  "no_connection",
  "bad_answer",
  "server_silent",
  "not_vestnik",
  "bad_certificate",
  "bad_address",
  "unsent",
  "not_saved",
  "too_many_unsent",
  "too_much_waiting",
  "stopped",
]);

/** Codes that say when to come again: in seconds, and in minutes. @type {Record<string, [string, string]>} */
const WITH_TIME = {
  rate_limited: ["error.rate_limited_seconds", "error.rate_limited_minutes"],
  busy: ["error.busy_seconds", "error.busy_minutes"],
};

/** @typedef {Record<string, string>} Messages @typedef {Record<string, string | number>} Params */

/** @type {{language: string, messages: Messages, fallback: Messages, plural: Intl.PluralRules, number: Intl.NumberFormat}} */
const chosen = {
  language: FALLBACK,
  messages: {},
  fallback: {},
  plural: new Intl.PluralRules(FALLBACK),
  number: new Intl.NumberFormat(FALLBACK),
};

/**
 * Use a language from now on.
 * @param {string} language a BCP 47 tag @param {Messages} messages @param {Messages} [fallback] messages of FALLBACK
 */
export function setCatalogue(language, messages, fallback = {}) {
  chosen.language = language;
  chosen.messages = messages;
  chosen.fallback = fallback;
  chosen.plural = new Intl.PluralRules(language);
  chosen.number = new Intl.NumberFormat(language);
}

/** The language of the texts, for `Intl` and the `lang` attribute. */
export const language = () => chosen.language;

/** @param {string} key */
const find = (key) => chosen.messages[key] ?? chosen.fallback[key];

/** @param {string} key */
const has = (key) => find(key) !== undefined;

/**
 * The text of a key; the key itself where there is none, so that a hole is seen and nothing breaks.
 * @param {string} key @param {Params} [params] `n` chooses the plural form
 * @returns {string}
 */
export function t(key, params = {}) {
  const plural = typeof params.n === "number" ? find(`${key}_${chosen.plural.select(params.n)}`) : undefined;
  const text = plural ?? find(key) ?? find(`${key}_other`) ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = params[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? chosen.number.format(value) : value;
  });
}

/**
 * What a refusal is called; a code that has no text of its own is told as a failure of the server's.
 * @param {{code: string, retry_after_ms?: number}} refused
 */
export function errorText(refused) {
  const { code, retry_after_ms: wait } = refused;
  const timed = Object.hasOwn(WITH_TIME, code) ? WITH_TIME[code] : null;
  if (timed && wait !== undefined) {
    const seconds = Math.max(1, Math.ceil(wait / 1000));
    return seconds < 60 ? t(timed[0], { n: seconds }) : t(timed[1], { n: Math.ceil(seconds / 60) });
  }
  return has(`error.${code}`) ? t(`error.${code}`) : t("error.internal");
}

/**
 * What is wrong with one field of a form: by field and code, else by code.
 * @param {string} field @param {string} code @param {Params} [params] such as `n`, the limit
 */
export function fieldErrorText(field, code, params = {}) {
  for (const key of [`field.${field}.${code}`, `field.${code}`, `error.${code}`]) {
    if (has(key) || has(`${key}_other`)) return t(key, params);
  }
  return t("field.invalid");
}

const FIRST_STRONG_ISOLATE = "\u2068";
const POP_ISOLATE = "\u2069";

/**
 * A name written by somebody, to stand inside a text of ours without turning it around (UAX 9).
 * @param {string} name
 */
export const isolate = (name) => `${FIRST_STRONG_ISOLATE}${name}${POP_ISOLATE}`;
