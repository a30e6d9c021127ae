/** The places where Electron 22 and current Electron differ; nobody else asks for a version. */

"use strict";

/**
 * An answer of a scheme: what protocol.js makes of a URL.
 * @typedef {{status: number, headers: Record<string, string>, body: Buffer}} Answer
 */

/**
 * Answer every request of a scheme by `serve`.
 * @param {Electron.Session} session @param {string} scheme @param {(url: string) => Promise<Answer>} serve
 */
function serveScheme(session, scheme, serve) {
  if (typeof session.protocol.handle === "function") {
    session.protocol.handle(scheme, async (request) => {
      const { status, headers, body } = await serve(request.url);
      return new Response(new Uint8Array(body), { status, headers });
    });
    return;
  }
  session.protocol.registerBufferProtocol(scheme, async (request, respond) => {
    const { status, headers, body } = await serve(request.url);
    const mimeType = headers["Content-Type"].split(";", 1)[0];
    respond({ statusCode: status, headers, data: body, mimeType, charset: "utf-8" });
  });
}

/**
 * The system's keyring. `encrypt` and `decrypt` throw where it refuses.
 * @typedef {{available: () => Promise<boolean>, encrypt: (text: string) => Promise<Buffer>,
 *   decrypt: (bytes: Buffer) => Promise<string>}} Keyring
 */

/**
 * @param {Electron.SafeStorage} storage @param {string} platform as `process.platform`
 * @returns {Keyring}
 */
function keyringOf(storage, platform) {
  const asynchronous = typeof storage.encryptStringAsync === "function";
  return {
    async available() {
      // Without a keyring Linux offers a key that everybody knows; that protects nothing.
      const backend = platform === "linux" ? storage.getSelectedStorageBackend?.() : undefined;
      if (backend === "basic_text" || backend === "unknown") return false;
      return asynchronous ? storage.isAsyncEncryptionAvailable() : storage.isEncryptionAvailable();
    },
    encrypt: async (text) => (asynchronous ? storage.encryptStringAsync(text) : storage.encryptString(text)),
    decrypt: async (bytes) =>
      asynchronous ? (await storage.decryptStringAsync(bytes)).result : storage.decryptString(bytes),
  };
}

/**
 * Call back when the page of a window begins to be loaded anew.
 * @param {Electron.WebContents} contents @param {() => void} listener
 */
function onPageStart(contents, listener) {
  contents.on("did-start-navigation", (details, _url, inPlace, mainFrame) => {
    if ((details.isMainFrame ?? mainFrame) && !(details.isSameDocument ?? inPlace)) listener();
  });
}

module.exports = { serveScheme, keyringOf, onPageStart };
