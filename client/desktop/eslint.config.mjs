/** The rules of the desktop client: what is a bug anywhere, and which room may know which (docs/desktop.md). */

import js from "@eslint/js";
import globals from "globals";

const HTML = "Build nodes: text from others must never be parsed as HTML.";
const htmlNames = ["innerHTML", "outerHTML", "insertAdjacentHTML", "setHTMLUnsafe", "createContextualFragment"];
const CLOCK = "Time and randomness are arguments in the pure rooms.";

/** @param {string} regex @param {string} message */
const fence = (regex, message) => ({ "no-restricted-imports": ["error", { patterns: [{ regex, message }] }] });

/** Rooms without a DOM, a network or a clock. */
const PURE = ["renderer/rules/*.js", "renderer/protocol/*.js", "renderer/words/*.js", "renderer/state/*.js"];

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
    files: PURE,
    languageOptions: {
      globals: {
        // they know the language and what is pure of the platform
        ...Object.fromEntries(Object.keys(globals.browser).map((name) => [name, "off"])),
        URL: "readonly",
        TextEncoder: "readonly",
        structuredClone: "readonly",
      },
    },
    rules: {
      ...fence(
        "^(?!(\\.|\\.\\./rules|\\.\\./protocol|\\.\\./words)/[\\w-]+\\.js$)",
        "A pure room imports pure rooms only.",
      ),
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
      "^(\\.\\./)+(link|store|profile)/",
      "The face knows the messenger's State and actions, and the pure rooms.",
    ),
  },
  {
    files: ["renderer/{link,store,profile}/*.js", "renderer/platform.js"],
    rules: fence("(/ui/|/app\\.js$)", "Arrows point down: nothing here knows the face."),
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
