/** Takes out what comes with Electron and is not the app: its default app, which would run any folder it is given. */

"use strict";

const fs = require("node:fs");
const path = require("node:path");

/** @param {import("app-builder-lib").AfterPackContext} context */
exports.default = async ({ appOutDir, packager, electronPlatformName }) => {
  const mac = electronPlatformName === "darwin";
  const name = packager.appInfo.productFilename;
  const resources = mac ? path.join(appOutDir, `${name}.app`, "Contents", "Resources") : path.join(appOutDir, "resources");
  fs.rmSync(path.join(resources, "default_app.asar"), { force: true });
};
