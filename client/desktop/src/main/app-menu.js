/** The menu of the app. What the page itself handles is shown with its keys, never bound here. */

"use strict";

const { Menu } = require("electron");

/** @typedef {Electron.MenuItemConstructorOptions} Item */
/**
 * @typedef {{tellPage: (action: string) => void, newWindow: () => void, openLogs: () => void, packaged: boolean,
 *   platform: NodeJS.Platform}} Options
 */

/** @param {import("./texts.js").Texts} texts @param {Options} options @returns {Item[]} */
function menuTemplate(texts, options) {
  const { tellPage, platform } = options;
  const mac = platform === "darwin";
  /**
   * @param {string} action a quick key of the page (renderer/ui/parts/keys.js) @param {string} keys @param {string} [text]
   * @returns {Item}
   */
  const page = (action, keys, text = action.replace("-", "_")) => ({
    id: action,
    label: texts(`menu.${text}`),
    accelerator: keys,
    registerAccelerator: false,
    click: () => tellPage(action),
  });
  /** @param {Item["role"]} name @param {string} key @param {Partial<Item>} [more] @returns {Item} */
  const role = (name, key, more = {}) => ({ role: name, label: texts(`menu.${key}`), ...more });
  const line = /** @type {Item} */ ({ type: "separator" });

  return [
    {
      label: texts("menu.app"),
      submenu: [
        page("new-chat", "CmdOrCtrl+N"),
        page("new-group", "CmdOrCtrl+Shift+N"),
        { id: "new_window", label: texts("menu.new_window"), click: options.newWindow },
        line,
        page("settings", "CmdOrCtrl+,"),
        line,
        ...(mac ? [role("hide", "hide"), role("hideOthers", "hide_others"), role("unhide", "show_all"), line] : []),
        role("close", "close_window"),
        role("quit", "quit"),
      ],
    },
    {
      label: texts("menu.edit"),
      submenu: [
        role("undo", "undo"),
        role("redo", "redo"),
        line,
        role("cut", "cut"),
        role("copy", "copy"),
        role("paste", "paste"),
        role("pasteAndMatchStyle", "paste_plain"),
        role("selectAll", "select_all"),
        line,
        page("find", "CmdOrCtrl+F"),
        page("search", "CmdOrCtrl+Shift+F", "find_everywhere"),
      ],
    },
    {
      label: texts("menu.view"),
      submenu: [
        page("switcher", "CmdOrCtrl+K", "quick_switcher"),
        line,
        role("zoomIn", "zoom_in"),
        // the key of "+" without Shift
        role("zoomIn", "zoom_in", { accelerator: "CmdOrCtrl+=", visible: false, acceleratorWorksWhenHidden: true }),
        role("zoomOut", "zoom_out"),
        role("resetZoom", "zoom_reset"),
        line,
        role("togglefullscreen", "full_screen"),
        role("reload", "reload"),
        ...(options.packaged ? [] : [role("toggleDevTools", "developer_tools")]),
      ],
    },
    { label: texts("menu.window"), role: "window", submenu: [role("minimize", "minimize"), role("zoom", "zoom")] },
    {
      label: texts("menu.help"),
      role: "help",
      submenu: [
        page("shortcuts", "CmdOrCtrl+/"),
        { label: texts("menu.logs"), click: options.openLogs },
        role("about", "about"),
      ],
    },
  ];
}

/** @param {import("./texts.js").Texts} texts @param {Options} options */
const setMenu = (texts, options) => Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(texts, options)));

module.exports = { setMenu, menuTemplate };
