/** Entry of the desktop client: what must be settled before Electron is ready; the rest is src/main/shell.js. */

"use strict";

const fs = require("node:fs");
const path = require("node:path");

const { app, dialog, protocol } = require("electron");

const { readConfiguration } = require("./src/main/configuration.js");
const { placeOfArguments, placeOfLink } = require("./src/main/opened-links.js");
const { openLog } = require("./src/main/log-file.js");
const { declareScheme } = require("./src/main/protocol.js");
const { startShell } = require("./src/main/shell.js");

app.setName("Vestnik");
app.setAppUserModelId("org.vestnik.desktop");
app.setAboutPanelOptions({ applicationName: "Vestnik", applicationVersion: app.getVersion() });
if (process.platform === "linux") process.env.CHROME_DESKTOP = "vestnik.desktop";

const configuration = readConfiguration(
  [path.join(process.resourcesPath, "config.json"), path.join(__dirname, "config.json")],
  process.env,
);
if (configuration.profile !== null) {
  fs.mkdirSync(configuration.profile, { recursive: true, mode: 0o700 });
  app.setPath("userData", configuration.profile);
}
const profile = app.getPath("userData");
const report = openLog(path.join(profile, "logs"), Date.now);
process.on("uncaughtException", (error) => report("Uncaught", error));
process.on("unhandledRejection", (error) => report("Unhandled", error));
declareScheme(protocol);

if (app.requestSingleInstanceLock()) run();
else app.quit(); // the first one shows its window and is told the arguments

function run() {
  /** @type {import("./src/main/shell.js").Shell | undefined} */
  let shell;
  /** What was asked for before there was a window. @type {import("./src/main/opened-links.js").Place | null} */
  let early = null;

  /** @param {import("./src/main/opened-links.js").Place | null} place */
  const open = (place) => {
    if (shell === undefined) early = place ?? early;
    else if (place === null) shell.show();
    else shell.openPlace(place);
  };
  app.on("second-instance", (_event, argv) => open(placeOfArguments(argv)));
  app.on("open-url", (event, url) => {
    event.preventDefault();
    open(placeOfLink(url));
  });

  app
    .whenReady()
    .then(() => {
      // on Linux the package's .desktop file says it
      if (app.isPackaged && process.platform !== "linux") app.setAsDefaultProtocolClient("vestnik");
      shell = startShell({ configuration, root: __dirname, profile, argv: process.argv, report });
      if (early !== null) shell.openPlace(early);
    })
    .catch((error) => {
      report("The app could not start", error);
      dialog.showErrorBox("Vestnik", `The app could not start: ${error.message}`);
      app.exit(1);
    });
}
