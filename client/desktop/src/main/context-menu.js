/** The menu of the right button on text, fields and links; where the page has a menu of its own it stays away. */

"use strict";

const { BrowserWindow, clipboard, Menu } = require("electron");

const { externalLink } = require("./rules/external.js");

/** @typedef {Electron.MenuItemConstructorOptions} Item */
/**
 * @typedef {{replace: (word: string) => void, learn: (word: string) => void, copyText: (text: string) => void,
 *   openOutside: (link: string) => void}} Actions
 */

/**
 * @param {Electron.ContextMenuParams} params @param {import("./texts.js").Texts} texts @param {Actions} actions
 * @returns {Item[]} nothing where there is nothing to do
 */
function contextTemplate(params, texts, actions) {
  const link = externalLink(params.linkURL);
  const { editFlags: can } = params;
  const groups = [
    spellingItems(params, texts, actions),
    params.linkURL === ""
      ? []
      : [
          ...(link === null ? [] : [{ label: texts("menu.open_link"), click: () => actions.openOutside(link) }]),
          { label: texts("menu.copy_link"), click: () => actions.copyText(params.linkURL) },
        ],
    params.isEditable
      ? [
          { role: "cut", label: texts("menu.cut"), enabled: can.canCut },
          { role: "copy", label: texts("menu.copy"), enabled: can.canCopy },
          { role: "paste", label: texts("menu.paste"), enabled: can.canPaste },
          { role: "selectAll", label: texts("menu.select_all"), enabled: can.canSelectAll },
        ]
      : params.selectionText.trim() === ""
        ? []
        : [{ role: "copy", label: texts("menu.copy") }],
  ];
  return /** @type {Item[]} */ (
    groups
      .filter((items) => items.length > 0)
      .flatMap((items, n) => (n === 0 ? items : [{ type: "separator" }, ...items]))
  );
}

/**
 * @param {Electron.ContextMenuParams} params @param {import("./texts.js").Texts} texts @param {Actions} actions
 * @returns {Item[]}
 */
function spellingItems({ misspelledWord, dictionarySuggestions }, texts, actions) {
  if (misspelledWord === "") return [];
  const suggestions = dictionarySuggestions.map((word) => ({ label: word, click: () => actions.replace(word) }));
  return [
    ...(suggestions.length > 0 ? suggestions : [{ label: texts("menu.no_suggestions"), enabled: false }]),
    { label: texts("menu.learn_word"), click: () => actions.learn(misspelledWord) },
  ];
}

/**
 * @param {Electron.BrowserWindow} window @param {() => import("./texts.js").Texts} texts
 * @param {(link: string) => void} openOutside
 */
function attachContextMenu(window, texts, openOutside) {
  const { webContents } = window;
  webContents.on("context-menu", (_event, params) => {
    const template = contextTemplate(params, texts(), {
      replace: (word) => webContents.replaceMisspelling(word),
      learn: (word) => webContents.session.addWordToSpellCheckerDictionary(word),
      copyText: (text) => clipboard.writeText(text),
      openOutside,
    });
    const owner = BrowserWindow.fromWebContents(webContents);
    if (template.length > 0 && owner !== null) Menu.buildFromTemplate(template).popup({ window: owner });
  });
}

module.exports = { attachContextMenu, contextTemplate };
