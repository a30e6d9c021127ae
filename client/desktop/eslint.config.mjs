/** The rules of the desktop client: what is a bug anywhere, and which room may know which (docs/desktop.md). */

import js from "@eslint/js";
import globals from "globals";

const HTML = "Build nodes: text from others must never be parsed as HTML.";
const htmlNames = ["innerHTML", "outerHTML", "insertAdjacentHTML", "setHTMLUnsafe", "createContextualFragment"];
const CLOCK = "Time and randomness are arguments in core/.";

/** @param {string} regex @param {string} message */
const fence = (regex, message) => ({ "no-restricted-imports": ["error", { patterns: [{ regex, message }] }] });

export default [
  { ignores: ["node_modules/", "dist/", "renderer/vendor/", "test/screens/"] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-script-url": "error",
      "no-shadow": "error",
      "no-unused-vars": [
        "error",
        { args: "all", argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrors: "none" },
      ],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "no-restricted-properties": [
        "error",
        ...htmlNames.map((property) => ({ property, message: HTML })),
        { object: "document", property: "write", message: HTML },
      ],
    },
  },
  { files: ["renderer/**/*.js"], languageOptions: { sourceType: "module", globals: globals.browser } },
  {
    files: ["renderer/core/**/*.js"],
    languageOptions: {
      globals: {
        // core/ knows the language and what is pure of the platform
        ...Object.fromEntries(Object.keys(globals.browser).map((name) => [name, "off"])),
        URL: "readonly",
        TextEncoder: "readonly",
        structuredClone: "readonly",
      },
    },
    rules: {
      ...fence("^(?!\\./[\\w-]+\\.js$)", "core/ imports core/ only."),
      "no-restricted-syntax": [
        "error",
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: CLOCK },
        { selector: "CallExpression[callee.name='Date']", message: CLOCK },
        { selector: "MemberExpression[object.name='Date'][property.name='now']", message: CLOCK },
        { selector: "MemberExpression[object.name='Math'][property.name='random']", message: CLOCK },
      ],
    },
  },
  {
    files: ["renderer/ui/**/*.js"],
    rules: fence(
      "^(\\.\\./)+(api|ws|db|idb|saves|memory|tokens|polling|owner|profile|history|outgoing|requests)\\.js$",
      "The face knows the messenger's State and actions, and core/.",
    ),
  },
  {
    files: ["renderer/*.js"],
    ignores: ["renderer/app.js", "renderer/types.js"],
    rules: fence("(/ui/|/app\\.js$)", "Arrows point down: nothing here knows the face."),
  },
  {
    files: ["renderer/*.js"],
    ignores: ["renderer/{app,types,messenger}.js"],
    rules: fence(
      "(/ui/|/app\\.js$|/messenger\\.js$)",
      "Arrows point down: nothing here knows the messenger or the face.",
    ),
  },
  {
    files: ["main.js", "preload.js", "src/**/*.js", "build/**/*.{js,cjs}", "scripts/**/*.js"],
    languageOptions: { sourceType: "commonjs", globals: globals.node },
  },
  { files: ["preload.js"], languageOptions: { globals: { window: "readonly", location: "readonly" } } },
  {
    files: ["test/**/*.{js,mjs}", "scripts/**/*.mjs", "*.mjs"],
    languageOptions: { sourceType: "module", globals: { ...globals.node, ...globals.browser } },
    // tests hand in what must be refused
    rules: { "no-script-url": "off", "no-eval": "off", "no-restricted-properties": "off" },
  },
];
