/** What pages may not do: leave, open windows, get permissions, save files unasked. */

"use strict";

const { isOwnPage } = require("./assets.js");
const { externalLink } = require("./rules/external.js");

const PERMISSIONS = ["notifications", "clipboard-sanitized-write"];

/**
 * @param {Electron.App} app
 * @param {(url: string) => void} openOutside is given checked links only
 */
function guardContents(app, openOutside) {
  app.on("web-contents-created", (_event, contents) => {
    contents.on("will-attach-webview", (event) => event.preventDefault());
    contents.on("will-navigate", (event, url) => {
      if (!isOwnPage(url)) event.preventDefault();
    });
    contents.on("will-redirect", (event) => event.preventDefault());
    contents.setWindowOpenHandler(({ url }) => {
      const link = externalLink(url);
      if (link !== null) openOutside(link);
      return { action: "deny" };
    });
  });
}

/**
 * @param {Electron.Session} session @param {() => string} server the origin that files may come from
 * @param {() => boolean} foreignImages whether pictures may come from other sites too. The policy of a page holds as long as
 *   the page is there, this setting is asked for each picture
 * @param {{saved: (contents: Electron.WebContents, place: string) => void,
 *   broken: (contents: Electron.WebContents, name: string) => void,
 *   begun: (contents: Electron.WebContents, item: Electron.DownloadItem) => boolean}} told `saved`: a file is saved there;
 *   `broken`: one is not, its download broke off; `begun`: it is offered to be saved, true: who is told tells of its end
 */
function guardSession(session, server, foreignImages, { saved, broken, begun }) {
  session.webRequest.onBeforeRequest({ urls: ["https://*/*"], types: ["image"] }, ({ url }, decide) =>
    decide({ cancel: !foreignImages() && new URL(url).origin !== server() }),
  );
  /** @param {string} permission @param {string | undefined} origin */
  const allowed = (permission, origin) => PERMISSIONS.includes(permission) && isOwnPage(origin);
  session.setPermissionRequestHandler((contents, permission, decide) =>
    decide(allowed(permission, contents?.getURL())),
  );
  session.setPermissionCheckHandler((_contents, permission, origin) => allowed(permission, origin));
  session.setDevicePermissionHandler(() => false);
  session.on("will-download", (event, item, contents) => {
    // With no path set the system asks where to save; only what the page made and what the server keeps is offered.
    const url = item.getURL();
    if (!url.startsWith("blob:app://ui/") && !url.startsWith(`${server()}/`)) return event.preventDefault();
    item.setSaveDialogOptions({ defaultPath: item.getFilename() });
    const watched = begun(contents, item);
    let broke = false;
    item.on("updated", (_event, state) => {
      if (watched || state !== "interrupted") return;
      broke = true;
      item.cancel(); // nothing would show it, and nothing go on with it
    });
    item.once("done", (_event, state) => {
      if (contents.isDestroyed()) return;
      if (state === "completed") saved(contents, item.getSavePath());
      else if (!watched && (broke || state !== "cancelled")) broken(contents, item.getFilename());
    });
  });
}

module.exports = { guardContents, guardSession };
