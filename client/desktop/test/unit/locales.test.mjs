/** Every visible string exists in every language, is used, and every code of the server has its text. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import { OWN_CODES } from "../../renderer/words/i18n.js";

const CLIENT = new URL("../../", import.meta.url);
const PROBLEMS = new URL("../../runtime/http/problem.py", CLIENT);
const PROTOCOL = new URL("../../docs/protocol.md", CLIENT);
const REFERENCE = "ru";
const OTHER_ALPHABET = /\p{Script=Cyrillic}/u;

/** Names of languages in themselves and texts without a word. @type {ReadonlySet<string>} */
const SAME_EVERYWHERE = new Set(["language.name"]);

/** @param {URL} place @returns {URL[]} */
function sources(place) {
  if (!existsSync(place)) return [];
  if (!statSync(place).isDirectory()) return [place];
  return readdirSync(place, { withFileTypes: true })
    .filter((entry) => entry.name !== "vendor")
    .flatMap((entry) => sources(new URL(`${entry.name}${entry.isDirectory() ? "/" : ""}`, place)))
    .filter((file) => /\.(js|mjs)$/.test(file.pathname));
}

const languages = readdirSync(new URL("locales/", CLIENT))
  .filter((name) => name.endsWith(".json") && name !== "index.json")
  .map((name) => name.slice(0, -5));
/** @param {string} name @returns {Record<string, string>} */
const load = (name) => JSON.parse(readFileSync(new URL(`locales/${name}.json`, CLIENT), "utf8"));
const locales = new Map(languages.map((language) => [language, load(language)]));
const reference = /** @type {Record<string, string>} */ (locales.get(REFERENCE));

const PLURAL = /_(zero|one|two|few|many|other)$/;
/** A key without its plural form; only where there is the form that every language has. @param {string} key */
const stem = (key) => (PLURAL.test(key) && key.replace(PLURAL, "_other") in reference ? key.replace(PLURAL, "") : key);
const stems = new Set(Object.keys(reference).map(stem));

const texts = ["renderer/", "src/", "main.js", "preload.js", "scripts/"]
  .flatMap((place) => sources(new URL(place, CLIENT)))
  .map((file) => readFileSync(file, "utf8"));
const whole = texts.join("\n");
const literals = new Set([...whole.matchAll(/["'`]([a-z][\w-]*(?:\.[\w-]+)+)["'`]/g)].map(([, literal]) => literal));
const computed = [...whole.matchAll(/`([a-z][\w-]*\.(?:[\w-]+[._])*)\$\{/g)].map(([, prefix]) => prefix);

test("the languages are those of the index, and the first one is there", () => {
  assert.ok(languages.includes(REFERENCE) && languages.length >= 2);
  const index = Object.fromEntries(languages.sort().map((language) => [language, load(language)["language.name"]]));
  assert.deepEqual(load("index"), index, "run: node scripts/locale.mjs sort");
});

for (const [language, messages] of locales) {
  test(`${language}: the same keys as ${REFERENCE}`, () => {
    assert.deepEqual([...new Set(Object.keys(messages).map(stem))].sort(), [...stems].sort());
  });

  test(`${language}: each plural has the forms of the language`, () => {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    for (const key of Object.keys(reference).filter((name) => stem(name) !== name && name.endsWith("_other"))) {
      const present = Object.keys(messages).filter((name) => stem(name) === stem(key) && name !== stem(key));
      assert.deepEqual(present.sort(), forms.map((form) => `${stem(key)}_${form}`).sort());
    }
  });

  test(`${language}: what is put in is the same, and each text is in its own alphabet`, () => {
    /** @param {string} text */
    const holes = (text) => [...new Set(text.match(/\{\w+\}/g))].sort();
    for (const [key, text] of Object.entries(messages)) {
      const original = reference[key] ?? reference[`${stem(key)}_other`];
      assert.ok(text.trim() !== "" && !text.includes("!"), `${key}: ${text}`);
      assert.deepEqual(
        holes(text).filter((hole) => hole !== "{n}"),
        holes(original).filter((hole) => hole !== "{n}"),
        key,
      );
      if (SAME_EVERYWHERE.has(key)) continue;
      const letters = /\p{L}{2}/u.test(text.replace(/\{\w+\}/g, ""));
      if (letters) assert.equal(OTHER_ALPHABET.test(text), language === REFERENCE, `${key} is not translated: ${text}`);
    }
  });

  test(`${language}: sorted, so that two hands meet rarely`, () => {
    assert.deepEqual(Object.keys(messages), Object.keys(messages).sort(), "run: node scripts/locale.mjs sort");
  });
}

test("every key that the sources name exists", () => {
  const prefixes = new Set([...stems].map((key) => key.split(".")[0]));
  const named = [...whole.matchAll(/(?<!\.)\b(?:t|has)\(\s*["']([^"']+)["']/g)].map(([, key]) => key);
  const listed = [...literals].filter(
    (literal) => prefixes.has(literal.split(".")[0]) && !/\.(js|mjs|json|css|svg|html|png)$/.test(literal),
  );
  assert.ok(named.length > 0);
  assert.deepEqual([...new Set([...named, ...listed])].filter((key) => !stems.has(key)).sort(), []);
});

const codes = [...readFileSync(PROBLEMS, "utf8").matchAll(/^ {4}"([a-z_]+)": \(\d{3}, /gm)].map(([, code]) => code);
const protocol = readFileSync(PROTOCOL, "utf8");

test("every key is used", () => {
  const unused = [...stems].filter((key) => {
    if (key.startsWith("error.")) {
      const code = key.slice("error.".length);
      return !(codes.includes(code) || literals.has(key) || new RegExp(`\\b${code}\\b`).test(`${protocol}\n${whole}`));
    }
    return !literals.has(key) && !computed.some((prefix) => key.startsWith(prefix));
  });
  assert.deepEqual(unused, [], "run: node scripts/locale.mjs drop KEY...");
});

test("every code of ours has its text", () => {
  const refused = [...whole.matchAll(/(?:ok: false, code: |\brefusal\()"([a-z_]+)"/g)].map(([, code]) => code);
  assert.ok(refused.length > 0);
  assert.deepEqual(
    [...new Set([...OWN_CODES, ...refused])].filter((code) => !stems.has(`error.${code}`)),
    [],
  );
});

test("every code of the server has its text", () => {
  assert.ok(codes.length >= 25 && codes.includes("draining"), "the table of codes was not found");
  assert.deepEqual(
    codes.filter((code) => !stems.has(`error.${code}`)),
    [],
  );
});
