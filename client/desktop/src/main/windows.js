/** The windows of the profile: opened where the last one was, shown when painted, found again. */

"use strict";

const path = require("node:path");

const { BrowserWindow, nativeTheme, screen } = require("electron");

const { readObject, writeDurably } = require("./durable-file.js");
const { START_PAGE } = require("./protocol.js");
const { fitWindow, MINIMUM } = require("./window-state.js");

/** The canvas of the page's themes (renderer/styles), so that a new window does not flash. */
const CANVAS = { light: "#ffffff", dark: "#11181a" };
/** A second window lies so many px beside the first. */
const STEP = 32;
/** Milliseconds without a change after which place and size are written. */
const REST = 500;

/**
 * @typedef {{open: (options?: {minimised?: boolean}) => Electron.BrowserWindow, all: () => Electron.BrowserWindow[],
 *   front: () => Electron.BrowserWindow | undefined, show: () => Electron.BrowserWindow,
 *   loadAnew: () => void, repaint: () => void}} Windows
 */

const canvas = () => (nativeTheme.shouldUseDarkColors ? CANVAS.dark : CANVAS.light);

/**
 * @param {string} folder of the profile
 * @param {{prepare: (window: Electron.BrowserWindow) => void, devTools: boolean,
 *   report: (message: string, error?: unknown) => void}} options prepare: is given each window before it loads
 * @returns {Windows}
 */
function createWindows(folder, { prepare, devTools, report }) {
  const file = path.join(folder, "window.json");
  const saved = { ...readObject(file) };
  /** The windows, the one last in front first. @type {Electron.BrowserWindow[]} */
  let windows = [];

  /** @param {Electron.BrowserWindow} window */
  const save = (window) => {
    if (window.isDestroyed() || window.isMinimized()) return;
    Object.assign(saved, window.getNormalBounds(), { maximised: window.isMaximized() });
    try {
      writeDurably(file, JSON.stringify(saved));
    } catch (error) {
      report("The place of the window could not be written", error);
    }
  };

  /** @param {Electron.BrowserWindow} window */
  const keepState = (window) => {
    /** @type {NodeJS.Timeout | undefined} */
    let clock;
    const later = () => {
      clearTimeout(clock);
      clock = setTimeout(save, REST, window);
    };
    for (const event of ["resize", "move", "maximize", "unmaximize"]) window.on(/** @type {any} */ (event), later);
    window.on("close", () => {
      clearTimeout(clock);
      save(window);
    });
  };

  const load = (/** @type {Electron.BrowserWindow} */ window) =>
    void window.loadURL(START_PAGE).catch((error) => report("The page could not be loaded", error));

  /** @type {Windows["open"]} */
  const open = ({ minimised = false } = {}) => {
    const { maximised, ...box } = fitWindow(beside(saved, windows[0]), displays());
    const window = new BrowserWindow({
      ...box,
      minWidth: MINIMUM.width,
      minHeight: MINIMUM.height,
      show: false,
      title: "Vestnik",
      icon: path.join(__dirname, "icons", "app.png"),
      backgroundColor: canvas(),
      autoHideMenuBar: true,
      webPreferences: {
        preload: path.join(__dirname, "..", "..", "preload.js"),
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webviewTag: false,
        devTools,
        // a hidden window keeps its socket: its timers must not sleep
        backgroundThrottling: false,
      },
    });
    windows = [window, ...windows];
    window.on("focus", () => {
      window.flashFrame(false);
      windows = [window, ...windows.filter((other) => other !== window)];
    });
    window.on("closed", () => (windows = windows.filter((other) => other !== window)));
    const reveal = () => {
      if (maximised) window.maximize();
      if (minimised) window.minimize();
      else window.show();
    };
    window.once("ready-to-show", reveal);
    window.webContents.once("did-fail-load", () => window.show());
    keepState(window);
    prepare(window);
    load(window);
    return window;
  };

  return {
    open,
    all: () => [...windows],
    front: () => windows[0],
    show() {
      const window = windows[0];
      if (window === undefined) return open();
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
      return window;
    },
    loadAnew() {
      for (const window of windows) load(window);
    },
    repaint() {
      for (const window of windows) window.setBackgroundColor(canvas());
    },
  };
}

const displays = () => screen.getAllDisplays().map((display) => display.workArea);

/** @param {Record<string, unknown>} saved @param {Electron.BrowserWindow | undefined} front */
function beside(saved, front) {
  if (front === undefined) return saved;
  const { x, y, width, height } = front.getNormalBounds();
  return { x: x + STEP, y: y + STEP, width, height, maximised: false };
}

module.exports = { createWindows };
