/** Emoji of the picker (emoji.json): groups of signs with their words in each language; searching, and the recent ones. */

import { fold } from "./search.js";

/**
 * `words`: by language, apart by commas; the first is the name.
 * @typedef {{sign: string, words: Record<string, string>}} Emoji @typedef {{id: string, emoji: Emoji[]}} Group
 */

const MOST_FOUND = 90;
const MOST_RECENT = 27;

/**
 * What a sign is called. @param {Emoji} emoji @param {string} language
 */
export function emojiName(emoji, language) {
  return (emoji.words[language] ?? emoji.words.en ?? emoji.sign).split(",")[0].trim();
}

/**
 * Those one of whose words, in any language, begins with what was typed; names before other words.
 * @param {readonly Group[]} groups @param {string} query @returns {Emoji[]} at most 90
 */
export function findEmoji(groups, query) {
  const wanted = fold(query.trim());
  if (wanted === "") return [];
  /** @type {Emoji[][]} */
  const found = [[], [], []];
  for (const emoji of groups.flatMap((group) => group.emoji)) {
    const rank = rankOf(emoji, wanted);
    if (rank !== null) found[rank].push(emoji);
  }
  return found.flat().slice(0, MOST_FOUND);
}

/** 0: a name begins so, 1: another word does, 2: a word of a phrase does. @param {Emoji} emoji @param {string} wanted */
function rankOf(emoji, wanted) {
  const phrases = Object.values(emoji.words).map((words) => fold(words).split(/,\s*/u));
  if (emoji.sign === wanted || phrases.some(([name]) => name.startsWith(wanted))) return 0;
  if (phrases.flat().some((phrase) => phrase.startsWith(wanted))) return 1;
  return phrases.flat().some((phrase) => phrase.split(/\s+/u).some((word) => word.startsWith(wanted))) ? 2 : null;
}

/**
 * The recent ones after one more was taken: newest first, at most three rows.
 * @param {readonly string[]} recent @param {string} sign
 */
export const withRecent = (recent, sign) => [sign, ...recent.filter((one) => one !== sign)].slice(0, MOST_RECENT);
