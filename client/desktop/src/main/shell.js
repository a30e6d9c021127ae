/** Puts the parts together once the app is ready: windows, menu, tray, notifications, and what the page may call. */

"use strict";

const path = require("node:path");

const { app, nativeTheme, powerMonitor, safeStorage, session, shell } = require("electron");

const { autostartOf, BACKGROUND } = require("./autostart.js");
const { createCalls } = require("./calls.js");
const { keyringOf, onPageStart } = require("./compat.js");
const { attachContextMenu } = require("./context-menu.js");
const { mendCrashes } = require("./crash.js");
const { answerCalls } = require("./ipc.js");
const { placeOfArguments } = require("./opened-links.js");
const { setMenu } = require("./app-menu.js");
const { createDataCopies } = require("./data-copies.js");
const { createNotes } = require("./system-notices.js");
const { createPageEvents } = require("./page-events.js");
const { contentPolicy } = require("./policy.js");
const { servePages } = require("./protocol.js");
const { pickLanguage } = require("./rules/language.js");
const { SETTINGS, USUAL } = require("./rules/settings.js");
const { openSecrets } = require("./secrets.js");
const { createSavedFiles } = require("./saved-files.js");
const { guardContents, guardSession } = require("./security.js");
const { openSettings } = require("./settings-file.js");
const { setSpellcheck } = require("./spellcheck.js");
const { loadTexts } = require("./texts.js");
const { createTray } = require("./tray.js");
const { createWindows } = require("./windows.js");

const LANGUAGES = SETTINGS.language.of.filter((choice) => choice !== "system");

/** @typedef {(message: string, error?: unknown) => void} Report */
/** @typedef {{show: () => void, openPlace: (place: import("./opened-links.js").Place) => void}} Shell */

/**
 * @param {{configuration: import("./configuration.js").Configuration, root: string, profile: string,
 *   argv: readonly string[], report: Report}} given root: the folder of main.js
 * @returns {Shell}
 */
function startShell({ configuration, root, profile, argv, report }) {
  const folders = { renderer: path.join(root, "renderer"), locales: path.join(root, "locales") };
  const pages = session.defaultSession;
  const settings = openSettings(profile);
  const server = { url: configuration.environmentServer ?? settings.server() ?? configuration.server };
  const events = createPageEvents();
  const savedFiles = createSavedFiles();
  const copies = createDataCopies(
    () => server.url,
    (contents, saving) => events.tell(contents, "saving", saving),
  );
  let texts = loadTexts(folders.locales, "en");
  let quitting = false;

  const openOutside = (/** @type {string} */ link) =>
    shell.openExternal(link).catch((error) => report("A link could not be opened", error));
  const openPlace = (/** @type {import("./opened-links.js").Place} */ place) =>
    events.tell(windows.show().webContents, "open-chat", place);
  const quit = () => app.quit();

  guardContents(app, openOutside);
  guardSession(
    pages,
    () => server.url,
    () => settings.values().foreign_images === true,
    {
      saved: (contents, place) => events.tell(contents, "saved", savedFiles.add(place)),
      broken: (contents, name) => events.tell(contents, "saved", { key: null, name }),
      begun: (contents, item) => copies.begun(contents, item),
    },
  );
  servePages(pages, folders, () => contentPolicy({ server: server.url }));

  const windows = createWindows(profile, { prepare, devTools: !app.isPackaged, report });
  const tray = createTray({ show: () => windows.show(), quit }, process.platform);
  const notes = createNotes((chatId) => (chatId === 0 ? windows.show() : openPlace(chatId)));

  /** @param {Electron.BrowserWindow} window */
  function prepare(window) {
    onPageStart(window.webContents, () => events.reset(window.webContents));
    attachContextMenu(window, () => texts, openOutside);
    mendCrashes(window, () => texts, { report, now: Date.now, quit });
    window.on("close", (event) => {
      const stays = settings.values().close_to_tray === true && tray !== null && windows.all().length === 1;
      if (quitting || !stays) return;
      event.preventDefault();
      window.hide();
    });
  }

  /** What of the settings the shell itself follows, where it has changed. @param {readonly string[]} changed */
  function applySettings(changed) {
    const { language, theme, spellcheck } = settings.values();
    if (changed.includes("theme")) nativeTheme.themeSource = theme ?? "system";
    if (changed.includes("spellcheck")) {
      setSpellcheck(pages, { on: spellcheck === true, dictionaryUrl: configuration.dictionaryUrl });
    }
    if (!changed.includes("language")) return;
    texts = loadTexts(
      folders.locales,
      pickLanguage(language ?? USUAL.language, app.getPreferredSystemLanguages(), LANGUAGES),
    );
    tray?.relabel(texts);
    setMenu(texts, {
      tellPage: (action) => events.tell(windows.show().webContents, "menu", action),
      newWindow: () => windows.open(),
      openLogs: () => shell.openPath(path.join(profile, "logs")),
      packaged: app.isPackaged,
      platform: process.platform,
    });
  }

  const keyring = keyringOf(safeStorage, process.platform);
  const secrets = openSecrets(profile, keyring, report);
  const parts = {
    server,
    settings,
    keyring,
    secrets,
    autostart: autostartOf(app, root),
    windows,
    tray,
    notes,
    events,
    savedFiles,
    copies,
  };
  answerCalls(createCalls({ ...parts, applySettings }), report);

  app.on("before-quit", () => {
    quitting = true;
    notes.closeAll();
    settings.flush();
  });
  app.on("window-all-closed", () => {
    if (process.platform !== "darwin") app.quit();
  });
  app.on("activate", () => windows.show());
  nativeTheme.on("updated", () => windows.repaint());
  const wake = () => windows.all().forEach((window) => events.tell(window.webContents, "wake"));
  powerMonitor.on("resume", wake);
  powerMonitor.on("unlock-screen", wake);

  applySettings(["language", "theme", "spellcheck"]);
  const { webContents } = windows.open({ minimised: argv.includes(BACKGROUND) });
  const place = placeOfArguments(argv);
  if (place !== null) events.tell(webContents, "open-chat", place);
  return { show: () => windows.show(), openPlace };
}

module.exports = { startShell };
