/**
 * Keep the language files in order.
 *   node scripts/locale.mjs add KEY TEXT_RU TEXT_EN    a key with its text in ru and en
 *   node scripts/locale.mjs merge FILE                 many: {"key": {"ru": "...", "en": "..."}, ...}
 *   node scripts/locale.mjs drop KEY...                keys that nobody uses any more
 *   node scripts/locale.mjs sort                       sort all files and write locales/index.json
 */

import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";

const FOLDER = new URL("../locales/", import.meta.url);

const languages = readdirSync(FOLDER)
  .filter((name) => /^[a-z]{2,3}\.json$/.test(name))
  .map((name) => name.slice(0, -5))
  .sort();

/** @param {string} language @returns {Record<string, string>} */
const load = (language) => JSON.parse(readFileSync(new URL(`${language}.json`, FOLDER), "utf8"));

/** At once, for others read and write it too. @param {string} name @param {object} value */
function save(name, value) {
  const partial = new URL(`.${name}.${process.pid}`, FOLDER);
  writeFileSync(partial, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(partial, new URL(name, FOLDER));
}

/** @param {string} language @param {(messages: Record<string, string>) => void} change */
function edit(language, change) {
  const messages = load(language);
  change(messages);
  const sorted = Object.entries(messages).sort(([a], [b]) => (a < b ? -1 : 1));
  save(`${language}.json`, Object.fromEntries(sorted));
}

const [command, ...words] = process.argv.slice(2);
if (command === "add" && words.length === 3) {
  const [key, ...texts] = words;
  ["ru", "en"].forEach((language, index) => edit(language, (messages) => (messages[key] = texts[index])));
} else if (command === "merge" && words.length === 1) {
  const given = Object.entries(JSON.parse(readFileSync(words[0], "utf8")));
  for (const language of languages) {
    edit(language, (messages) => {
      for (const [key, texts] of given) if (texts[language] !== undefined) messages[key] = texts[language];
    });
  }
} else if (command === "drop" && words.length > 0) {
  for (const language of languages) edit(language, (messages) => words.forEach((key) => delete messages[key]));
} else if (command === "sort" && words.length === 0) {
  for (const language of languages) edit(language, () => {});
  save("index.json", Object.fromEntries(languages.map((language) => [language, load(language)["language.name"]])));
} else {
  console.error("usage: locale.mjs add KEY TEXT_RU TEXT_EN | merge FILE | drop KEY... | sort");
  process.exitCode = 2;
}
