/** Languages of the face: files beside the page, named in locales/index.json. */

import { FALLBACK, pickLanguage } from "../../rules/language.js";
import { setCatalogue } from "../../words/i18n.js";

/** @type {Map<string, Promise<any>>} what was loaded stays */
const files = new Map();

/** @param {string} path relative to the page @returns {Promise<any>} */
function load(path) {
  let loading = files.get(path);
  if (!loading) {
    loading = fetch(path).then((answer) => {
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
      return answer.json();
    });
    files.set(path, loading);
    loading.catch(() => files.delete(path));
  }
  return loading;
}

/** Which languages there are: tag and name in itself. @returns {Promise<[string, string][]>} */
export async function languages() {
  return Object.entries(await load("locales/index.json"));
}

/**
 * Take a language; after this `t` speaks it. Rejects where its file cannot be read.
 * @param {string} setting a tag, or "system"
 */
export async function loadLanguage(setting) {
  const available = (await languages()).map(([tag]) => tag);
  const language = pickLanguage(setting, navigator.languages, available);
  const [messages, fallback] = await Promise.all([language, FALLBACK].map((tag) => load(`locales/${tag}.json`)));
  setCatalogue(language, messages, fallback);
  document.documentElement.lang = language;
}
