/**
 * The text of a message as tokens, from which the face builds text nodes and links; nothing is ever parsed as HTML.
 * Three forms only: ```blocks```, `code` and whole links. What is shown of a link names the host it really leads to.
 */

/**
 * @typedef {{type: "text" | "code" | "pre", text: string} | {type: "link", text: string, href: string}} Token
 */

const FENCE = /\n?```(?:[\w+#-]{0,20}\n)?([\s\S]+?)```\n?/gu;
const CODE = /`([^`\n]+)`/gu;
const LINK = /(?<![\p{L}\p{N}])(?:https?:\/\/|mailto:)[^\s<>"`\p{Cc}\p{Cf}]+/giu;
const SCHEMES = ["https:", "http:", "mailto:"];
/** What ends a sentence rather than an address. */
const TAIL = /[.,;:!?…»”’'"*_~]$/u;
const PAIRS = { ")": "(", "]": "[", "}": "{" };

/** Characters that a preview takes from a text. */
const PREVIEW = 160;

/** @param {string} text @returns {Token[]} */
export function tokens(text) {
  return split(
    text,
    FENCE,
    (found) => [{ type: "pre", text: found[1].replace(/^\n|\n$/gu, "") }],
    (rest) =>
      split(
        rest,
        CODE,
        (found) => [{ type: "code", text: found[1] }],
        (plain) =>
          split(
            plain,
            LINK,
            (found) => link(found[0]),
            (words) => [{ type: "text", text: words }],
          ),
      ),
  );
}

/**
 * @param {string} text @param {RegExp} pattern
 * @param {(found: RegExpMatchArray) => Token[]} inside @param {(rest: string) => Token[]} outside
 * @returns {Token[]}
 */
function split(text, pattern, inside, outside) {
  /** @type {Token[]} */
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(pattern)) {
    const at = found.index ?? 0;
    if (at > from) parts.push(...outside(text.slice(from, at)));
    parts.push(...inside(found));
    from = at + found[0].length;
  }
  if (from < text.length) parts.push(...outside(text.slice(from)));
  return parts;
}

/** @param {string} found @returns {Token[]} a link and what followed it, or text where it leads nowhere */
function link(found) {
  const typed = withoutTail(found);
  const shown = shownLink(typed);
  /** @type {Token[]} */
  const rest = typed.length < found.length ? [{ type: "text", text: found.slice(typed.length) }] : [];
  if (!shown) return [{ type: "text", text: found }];
  return [{ type: "link", ...shown }, ...rest];
}

/** @param {string} found */
function withoutTail(found) {
  let end = found;
  for (;;) {
    const last = end.at(-1) ?? "";
    const open = PAIRS[/** @type {keyof typeof PAIRS} */ (last)];
    if (open ? count(end, last) > count(end, open) : TAIL.test(end)) end = end.slice(0, -1);
    else return end;
  }
}

/** @param {string} text @param {string} char */
function count(text, char) {
  return text.split(char).length - 1;
}

/**
 * Where it leads, and what to show: the typed text with the host as the browser understands it (punycode, lower case).
 * An address with a name before the host is no link: it is written to deceive.
 * @param {string} typed
 */
function shownLink(typed) {
  const url = parsed(typed);
  if (!url || !SCHEMES.includes(url.protocol)) return null;
  if (url.protocol === "mailto:") return url.pathname.includes("@") ? { href: url.href, text: typed } : null;
  if (url.username || url.password || !url.host) return null;
  const rest = typed.replace(/^https?:\/\/[^/?#\\]*/iu, "");
  return { href: url.href, text: `${url.protocol}//${url.host}${rest}` };
}

/** @param {string} typed */
function parsed(typed) {
  try {
    return new URL(typed);
  } catch {
    return null;
  }
}

/** One line of a text, for the chat list, quotes and notices. @param {string} text */
export function preview(text) {
  const line = text
    .slice(0, 4 * PREVIEW)
    .replace(/```(?:[\w+#-]{0,20}\n)?/gu, " ")
    .replace(/\s+/gu, " ")
    .trim();
  const points = [...line];
  return points.length > PREVIEW ? `${points.slice(0, PREVIEW).join("")}…` : line;
}

const EMOJI = /^(?:\p{Extended_Pictographic}|\p{Regional_Indicator}{2}$|[0-9#*]\uFE0F?\u20E3$)/u;

/** Up to three emoji and nothing else: shown large. @param {string} text */
export function isJumbo(text) {
  const trimmed = text.trim();
  if (!trimmed || trimmed.length > 48) return false;
  const parts = [...new Intl.Segmenter().segment(trimmed)].map((part) => part.segment).filter((part) => part.trim());
  return parts.length <= 3 && parts.every((part) => EMOJI.test(part));
}

/** How long a text is by the server's measure: code points. @param {string} text */
export function lengthOf(text) {
  let pairs = 0;
  for (let i = 1; i < text.length; i += 1) if (isLow(text.charCodeAt(i)) && isHigh(text.charCodeAt(i - 1))) pairs += 1;
  return text.length - pairs;
}

/** @param {number} unit */
const isHigh = (unit) => unit >= 0xd800 && unit < 0xdc00;
/** @param {number} unit */
const isLow = (unit) => unit >= 0xdc00 && unit < 0xe000;

/** Nothing to be seen in it: the server would refuse it as `empty_content`. @param {string} text */
export function isBlank(text) {
  return /^[\s\p{Cf}\p{Cc}\u115F\u1160\u2800\u3164\uFFA0]*$/u.test(text);
}
