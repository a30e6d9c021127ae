/**
 * Colours of code, for the worker: highlight.js, which is loaded with the language when such a block is first drawn. It
 * never makes HTML: an emitter of our own takes its words with their scopes.
 */

const FOLDER = "../../vendor/highlightjs/es/";
/** Languages that are there, by their files, with the other names that people use. */
const NAMES = {
  bash: "sh zsh shell console",
  c: "h",
  cpp: "c++ cc cxx hpp",
  csharp: "cs c#",
  css: "",
  diff: "patch",
  dockerfile: "docker",
  go: "golang",
  graphql: "gql",
  http: "https",
  ini: "toml conf cfg",
  java: "",
  javascript: "js jsx mjs cjs",
  json: "jsonc json5",
  kotlin: "kt kts",
  lua: "",
  makefile: "mk make",
  markdown: "md",
  nginx: "nginxconf",
  perl: "pl",
  php: "",
  powershell: "ps ps1 pwsh",
  python: "py",
  r: "",
  ruby: "rb",
  rust: "rs",
  scala: "",
  sql: "mysql sqlite postgres",
  swift: "",
  typescript: "ts tsx",
  xml: "html svg xhtml vue",
  yaml: "yml",
};
/** @type {ReadonlyMap<string, string>} */
const FILES = new Map(
  Object.entries(NAMES).flatMap(([file, others]) =>
    [file, ...others.split(" ").filter(Boolean)].map((name) => [name, file]),
  ),
);

/** What is longer has no colours: hostile code takes the patterns of some languages time in the square of its length. */
const LONGEST = { line: 300, text: 2500 };

/** First parts of scopes, and what they are drawn as. @type {Readonly<Record<string, string>>} */
const COLOURS = Object.freeze({
  keyword: "keyword",
  operator: "keyword",
  "selector-tag": "keyword",
  name: "keyword",
  tag: "keyword",
  string: "string",
  regexp: "string",
  addition: "string",
  char: "string",
  number: "number",
  literal: "number",
  symbol: "number",
  bullet: "number",
  comment: "comment",
  doctag: "comment",
  quote: "comment",
  title: "title",
  section: "title",
  built_in: "type",
  type: "type",
  class: "type",
  "selector-class": "type",
  "selector-id": "type",
  attr: "attr",
  attribute: "attr",
  property: "attr",
  variable: "attr",
  "template-variable": "attr",
  meta: "meta",
  deletion: "meta",
  link: "title",
});

/** @typedef {{text: string, colour: string}} Piece `colour` is empty for what has none */

/** Takes the words and scopes of highlight.js; it asks for what a tree of nodes would have. */
class Pieces {
  /** @type {Piece[]} */
  pieces = [];
  /** @type {string[]} */
  #scopes = [];

  /** @param {string} text */
  addText(text) {
    const colours = this.#scopes.map((scope) => COLOURS[scope.split(".")[0]]).filter(Boolean);
    const colour = colours[colours.length - 1] ?? "";
    const last = this.pieces[this.pieces.length - 1];
    if (last?.colour === colour) last.text += text;
    else if (text) this.pieces.push({ text, colour });
  }

  /** @param {string} scope */
  startScope(scope) {
    this.#scopes.push(scope);
  }

  endScope() {
    this.#scopes.pop();
  }

  /** @param {string} scope */
  openNode(scope) {
    this.startScope(scope);
  }

  closeNode() {
    this.endScope();
  }

  /** @param {Pieces} inner */
  __addSublanguage(inner) {
    for (const { text, colour } of inner.pieces) this.pieces.push({ text, colour });
  }

  finalize() {}

  toHTML() {
    return "";
  }
}

/** @type {Promise<any> | null} */
let core = null;

/** @param {string} file of a language */
async function loaded(file) {
  core ??= import(`${FOLDER}core.min.js`).catch((error) => {
    core = null; // the next block tries again
    throw error;
  });
  const [{ default: highlighter }, language] = await Promise.all([core, import(`${FOLDER}languages/${file}.min.js`)]);
  if (!highlighter.getLanguage(file)) {
    highlighter.configure({ __emitter: Pieces });
    highlighter.registerLanguage(file, language.default);
  }
  return highlighter;
}

/**
 * The pieces of a code; null where its language is not known or cannot be loaded now, or where it is too long.
 * @param {string} text @param {string} language @param {() => void} [begins] called once the language is loaded
 * @returns {Promise<Piece[] | null>}
 */
export async function coloured(text, language, begins = () => {}) {
  const long = text.length > LONGEST.text || text.split("\n").some((line) => line.length > LONGEST.line);
  const file = long ? null : FILES.get(language.toLowerCase());
  const highlighter = file && (await loaded(file).catch(() => null));
  if (!highlighter) return null;
  begins();
  const { pieces } = highlighter.highlight(text, { language: file, ignoreIllegals: true })._emitter;
  // never another text than was written
  return pieces.map((/** @type {Piece} */ piece) => piece.text).join("") === text ? pieces : null;
}
