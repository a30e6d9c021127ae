/** Putting marks around what is selected in a text, and taking them away. Pure: the field is changed by who asks. */

/**
 * Replace what is between `from` and `to` by `text`, then select.
 * @typedef {{from: number, to: number, text: string, select: [number, number]}} Change
 */

const WORD = /[\p{L}\p{N}\p{M}]/u;
const FENCE = "```";

/**
 * @param {string} value @param {number} start of the selection @param {number} end
 * @param {"**" | "_" | "~~" | "`"} mark
 * @returns {Change}
 */
export function wrapped(value, start, end, mark) {
  const [from, to] = narrowed(value, start, end);
  if (from === to) return around(value, from, mark);
  if (mark === "`" && value.slice(from, to).includes("\n")) return fenced(value, from, to);
  const [begin, stop] = words(value, from, to);
  const chosen = value.slice(begin, stop);
  const size = mark.length;
  if (isMarked(chosen, mark)) return change(begin, stop, chosen.slice(size, -size), [0, stop - begin - 2 * size]);
  if (isMarked(value.slice(Math.max(0, begin - size), stop + size), mark) && begin >= size) {
    return change(begin - size, stop + size, chosen, [0, chosen.length]);
  }
  if (mark === "`") {
    const ticks = chosen.includes("`") ? "``" : "`";
    const edge = chosen.startsWith("`") || chosen.endsWith("`") ? " " : "";
    const inner = ticks + edge;
    return change(begin, stop, inner + chosen + edge + ticks, [inner.length, inner.length + chosen.length]);
  }
  // marks do not reach over an empty line
  const text = chosen.replace(/[^\n](?:.|\n(?![ \t]*\n))*/gu, (lines) => marked(lines, mark));
  return change(begin, stop, text, [size, text.length - size]);
}

/** @param {number} from @param {number} to @param {string} text @param {[number, number]} select within the new text @returns {Change} */
function change(from, to, text, [first, last]) {
  return { from, to, text, select: [from + first, from + last] };
}

/** Nothing is selected: a pair around the caret, or the empty pair there goes. @param {string} value @param {number} at @param {string} mark */
function around(value, at, mark) {
  const size = mark.length;
  const pair = at >= size && value.slice(at - size, at + size) === mark + mark;
  return pair ? change(at - size, at + size, "", [0, 0]) : change(at, at, mark + mark, [size, size]);
}

/** Lines of code on lines of their own. @param {string} value @param {number} from @param {number} to */
function fenced(value, from, to) {
  const chosen = value.slice(from, to);
  const inside = /^```[^\n`]*\n([\s\S]*)\n```$/u.exec(chosen);
  if (inside) return change(from, to, inside[1], [0, inside[1].length]);
  const head = (from > 0 && value[from - 1] !== "\n" ? "\n" : "") + `${FENCE}\n`;
  const foot = `\n${FENCE}` + (to < value.length && value[to] !== "\n" ? "\n" : "");
  return change(from, to, head + chosen + foot, [head.length, head.length + chosen.length]);
}

/** Without white space at its ends: a mark that stands beside it is none. @param {string} value @param {number} from @param {number} to */
function narrowed(value, from, to) {
  const chosen = value.slice(from, to);
  if (!chosen.trim()) return [to, to];
  return [from + chosen.length - chosen.trimStart().length, to - chosen.length + chosen.trimEnd().length];
}

/** A mark within a word is none: the whole word. @param {string} value @param {number} from @param {number} to */
function words(value, from, to) {
  let [begin, end] = [from, to];
  if (WORD.test(value[begin])) while (begin > 0 && WORD.test(value[begin - 1])) begin -= 1;
  if (WORD.test(value[end - 1])) while (end < value.length && WORD.test(value[end])) end += 1;
  return [begin, end];
}

/** @param {string} text @param {string} mark */
function isMarked(text, mark) {
  const size = mark.length;
  const inner = text.slice(size, -size);
  if (!text.startsWith(mark) || !text.endsWith(mark) || text.length <= 2 * size) return false;
  return !inner.startsWith(mark[0]) && !inner.endsWith(mark[0]) && !inner.includes(mark);
}

/** @param {string} lines @param {string} mark */
function marked(lines, mark) {
  const core = lines.trim();
  return core ? lines.replace(core, () => mark + core + mark) : lines;
}
