/** Snowball's stemmers in Node: plain scripts, as the worker loads them. */

import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";

const VENDOR = new URL("../../renderer/vendor/snowball/", import.meta.url);

/** @returns {import("../../renderer/words/stems.js").Stemmers} */
export function stemmers() {
  const scope = createContext({});
  for (const name of ["base", "english", "russian"]) {
    runInContext(readFileSync(new URL(`${name}-stemmer.js`, VENDOR), "utf8"), scope);
  }
  const [english, russian] = [new scope.EnglishStemmer(), new scope.RussianStemmer()];
  return { english: (word) => english.stemWord(word), russian: (word) => russian.stemWord(word) };
}
