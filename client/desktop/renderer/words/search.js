/** Searching in what is at hand, without a network: chats by name, messages by text. Case and ё are folded. */

/**
 * The same length as the text, so that places found in it are places in the text.
 * @param {string} text
 */
export function fold(text) {
  const lower = text.toLowerCase();
  const kept = lower.length === text.length ? lower : [...text].map(foldChar).join("");
  return kept.replaceAll("ё", "е");
}

/** @param {string} char */
function foldChar(char) {
  const lower = char.toLowerCase();
  return lower.length === char.length ? lower : char;
}

/**
 * Every word of the query is somewhere in one of the names.
 * @param {string} query @param {(string | null | undefined)[]} names
 */
export function matches(query, names) {
  const text = fold(names.filter(Boolean).join("\n"));
  return fold(query)
    .split(/\s+/u)
    .filter(Boolean)
    .every((word) => text.includes(word));
}

/**
 * Where the query stands in a text.
 * @param {string} text @param {string} query
 * @returns {{from: number, to: number}[]}
 */
export function places(text, query) {
  const wanted = fold(query.trim());
  if (!wanted) return [];
  const folded = fold(text);
  const found = [];
  for (let from = folded.indexOf(wanted); from >= 0; from = folded.indexOf(wanted, from + wanted.length)) {
    found.push({ from, to: from + wanted.length });
  }
  return found;
}

/**
 * Seqs of the loaded messages that hold the query, newest first.
 * @param {import("../types.js").Item[]} items @param {string} query
 */
export function foundSeqs(items, query) {
  const wanted = fold(query.trim());
  if (!wanted) return [];
  const found = items.filter((item) => item.type === "message" && fold(item.content ?? "").includes(wanted));
  return found.map((item) => item.seq).reverse();
}
