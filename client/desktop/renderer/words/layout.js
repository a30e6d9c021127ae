/** What was meant by a text that was typed with the keyboard in the other language: ghbdtn is «привет». */

const LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,./";
const CYRILLIC = "ёйцукенгшщзхъфывапролджэячсмитьбю.";
const TO_CYRILLIC = new Map([...LATIN].map((key, at) => [key, CYRILLIC[at]]));
const TO_LATIN = new Map([...CYRILLIC].map((key, at) => [key, LATIN[at]]));

/**
 * The same keys in the other layout; null where the text has no letters of one of the two alone.
 * @param {string} text
 */
export function otherLayout(text) {
  const [latin, cyrillic] = [/[a-z]/iu.test(text), /[а-яё]/iu.test(text)];
  if (latin === cyrillic) return null;
  const keys = latin ? TO_CYRILLIC : TO_LATIN;
  return [...text].map((letter) => keys.get(letter.toLowerCase()) ?? letter).join("");
}
