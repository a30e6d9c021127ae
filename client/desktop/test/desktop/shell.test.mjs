/** The real window: what its page can reach, and what it cannot. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { KEYS } from "../../renderer/ui/parts/keys.js";
import { systemName } from "../../src/main/system-name.js";
import { becomes, eventually, launchElectron, noElectron, STEP_TIMEOUT } from "../harness/harness.js";

const FUNCTIONS = [
  "attention",
  "closeNote",
  "closeNotes",
  "collectGarbage",
  "deleteSecret",
  "info",
  "loadSecret",
  "loadSettings",
  "notes",
  "notify",
  "onMenu",
  "onOpenChat",
  "onSaved",
  "onSaving",
  "onWake",
  "openExternal",
  "probe",
  "saveFile",
  "saveSecret",
  "saveSettings",
  "setBadge",
  "setServer",
  "showInFolder",
  "stopSaving",
];
const SERVER = { url: "http://127.0.0.1:9" };

describe("the window", { skip: noElectron() }, () => {
  /** @type {Awaited<ReturnType<typeof launchElectron>>} */
  let it;
  before(async () => {
    it = await launchElectron({ server: SERVER });
    await it.page.waitForLoadState();
  });
  after(() => it.app.close());

  // a test that asked again and again would itself be the reason for it: a page that idles collects nothing
  test("collects what the page does not refer to any more, when it is asked to", async () => {
    const collected = await it.page.evaluate(async (patience) => {
      let told = (/** @type {string} */ _what) => {};
      const registry = new FinalizationRegistry((/** @type {string} */ what) => told(what));
      registry.register(new Blob(["a file that was sent"]), "collected");
      await new Promise((next) => setTimeout(next));
      const either = new Promise((done) => {
        told = done;
        setTimeout(() => done("not collected"), patience);
      });
      window.vestnik?.collectGarbage();
      return [await either, registry instanceof FinalizationRegistry];
    }, 5_000);
    assert.deepEqual(collected, ["collected", true]);
  });

  test("shows our page, sandboxed", async () => {
    assert.equal(it.page.url(), "app://ui/index.html");
    await eventually(async () => (await it.page.title()) === "Вестник", "the title");
    const preferences = await it.app.evaluate(({ BrowserWindow }) =>
      /** @type {any} */ (BrowserWindow.getAllWindows()[0].webContents).getLastWebPreferences(),
    );
    assert.equal(preferences.sandbox, true);
    assert.equal(preferences.contextIsolation, true);
    assert.equal(preferences.nodeIntegration, false);
    assert.equal(preferences.webviewTag, false);
    const minimum = await it.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].getMinimumSize());
    assert.deepEqual(minimum, [360, 480]);
  });

  test("has nothing of Node or Electron, only the named functions", async () => {
    const found = await it.page.evaluate(() => ({
      globals: ["require", "process", "module", "Buffer", "global", "electron", "ipcRenderer"].filter(
        (name) => name in window,
      ),
      functions: Object.entries(window.vestnik ?? {}).map(([name, value]) => [name, typeof value]),
    }));
    assert.deepEqual(found.globals, []);
    assert.deepEqual(
      found.functions.sort(),
      FUNCTIONS.map((name) => [name, "function"]),
    );
  });

  test("knows about itself", async () => {
    const info = await it.page.evaluate(() => window.vestnik?.info());
    assert.equal(info?.server, SERVER.url);
    assert.equal(info?.os, systemName(process.platform, release()));
    assert.equal(info?.server_fixed, false);
    assert.match(info?.version ?? "", /^\d+\.\d+\.\d+$/);
    assert.ok((info?.languages.length ?? 0) > 0);
  });

  test("runs no script but its own, and calls its server alone", async () => {
    const blocked = await it.page.evaluate(async (server) => {
      /** @type {string[]} */
      const directives = [];
      document.addEventListener("securitypolicyviolation", (event) => directives.push(event.effectiveDirective));
      const settled = async (/** @type {() => unknown} */ attempt) => {
        try {
          await attempt();
          return "done";
        } catch (error) {
          return /** @type {Error} */ (error).name;
        }
      };
      await new Promise((resolve) => setTimeout(resolve)); // what the driver itself calls may evaluate
      const outcomes = {
        eval: await settled(() => /** @type {any} */ (window)["eval"]("1")),
        html: await settled(() => Reflect.set(document.createElement("p"), "innerHTML", "<b>x</b>")),
        policy: await settled(() => /** @type {any} */ (window).trustedTypes.createPolicy("other", {})),
        foreign: await settled(() => fetch("https://example.org/")),
        local: await settled(() => fetch("http://127.0.0.1:10/")),
        server: await settled(() => fetch(server)), // allowed, only nobody is there
        locale: await settled(async () => JSON.parse(await (await fetch("app://ui/locales/ru.json")).text())),
      };
      const script = document.createElement("script");
      try {
        script.append("window.inlineRan = true");
        document.head.append(script);
      } catch {
        // Trusted Types
      }
      const frame = document.createElement("iframe");
      frame.src = "https://example.org/";
      const framed = new Promise((resolve) => {
        document.addEventListener(
          "securitypolicyviolation",
          (event) => event.effectiveDirective === "frame-src" && resolve(0),
        );
      });
      document.body.append(frame);
      await framed;
      frame.remove();
      return { outcomes, directives, inlineRan: "inlineRan" in window };
    }, SERVER.url);
    assert.deepEqual(blocked.outcomes, {
      eval: "EvalError",
      html: "TypeError",
      policy: "TypeError",
      foreign: "TypeError",
      local: "TypeError",
      server: "TypeError",
      locale: "done",
    });
    assert.equal(blocked.inlineRan, false);
    const count = (/** @type {string} */ name) => blocked.directives.filter((directive) => directive === name).length;
    assert.equal(count("connect-src"), 2, "the server was not blocked, the others were");
    assert.equal(count("frame-src"), 1);
    assert.ok(count("script-src-elem") + count("require-trusted-types-for") >= 2, String(blocked.directives));
  });

  test("reads no file outside of its folders", async () => {
    const statuses = await it.page.evaluate(async () => {
      const urls = [
        "app://ui/index.html",
        "app://ui/..%2fmain.js",
        "app://ui/%2e%2e/main.js",
        "app://ui/protocol/..%2f..%2fpackage.json",
        "app://ui/..%5c..%5cmain.js",
        "app://ui/locales/..%2fconfig.json",
        "app://ui/nothing.js",
      ];
      return Promise.all(urls.map(async (url) => [url, (await fetch(url)).status]));
    });
    assert.deepEqual(
      statuses.map(([, status]) => status),
      [200, 403, 404, 403, 403, 403, 404],
    );
    const head = await it.page.evaluate(async () => {
      const { headers } = await fetch("app://ui/index.html");
      return ["content-security-policy", "x-content-type-options", "content-type"].map((name) => headers.get(name));
    });
    assert.match(
      head[0] ?? "",
      /^default-src 'none'; .*connect-src 'self' http:\/\/127\.0\.0\.1:9 ws:\/\/127\.0\.0\.1:9;/,
    );
    assert.equal(head[1], "nosniff");
    assert.match(head[2] ?? "", /^text\/html/);
  });

  test("cannot be led away", async () => {
    const opened = await it.app.evaluateHandle(({ shell }) => {
      /** @type {string[]} */
      const links = [];
      shell.openExternal = async (url) => void links.push(url);
      return links;
    });
    const tried = await it.app.evaluateHandle(({ BrowserWindow }) => {
      /** @type {Record<string, boolean>} */
      const prevented = {};
      const { webContents } = BrowserWindow.getAllWindows()[0];
      webContents.on("will-navigate", (event, url) => (prevented[url] = event.defaultPrevented));
      return prevented;
    });
    for (const url of ["https://example.org/", "file:///etc/passwd", "app://other/"]) {
      await it.page.evaluate((to) => {
        const link = document.createElement("a");
        link.href = to;
        link.click();
      }, url);
      if (url.startsWith("file:")) continue; // Chromium itself refuses, before it asks
      await becomes(async () => (await tried.jsonValue())[url], true, url);
    }
    const windows = await it.page.evaluate(() => {
      const links = ["https://example.org/doc", "http://example.org/", "file:///etc/passwd", "mailto:a@example.org"];
      return links.map((url) => window.open(url));
    });
    assert.deepEqual(windows, [null, null, null, null]);
    await eventually(async () => (await opened.jsonValue()).length >= 2, "links opened outside");
    assert.deepEqual(await opened.jsonValue(), ["https://example.org/doc", "mailto:a@example.org"]);
    assert.equal(await it.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length), 1);
    assert.equal(it.page.url(), "app://ui/index.html");

    const answers = await it.page.evaluate(() =>
      Promise.all(
        ["https://example.org/2", "http://example.org/", "calc:", "x"].map((url) => window.vestnik?.openExternal(url)),
      ),
    );
    // http: the page has asked first
    assert.deepEqual(answers, [true, true, false, false]);
    await becomes(async () => (await opened.jsonValue()).length, 4);
  });

  test("gets no permission besides notifications and copying", async () => {
    const states = await it.page.evaluate(async () => {
      const names = ["geolocation", "camera", "microphone", "midi", "notifications"];
      const asked = names.map(async (name) => (await navigator.permissions.query(/** @type {any} */ ({ name }))).state);
      const place = new Promise((resolve) => {
        navigator.geolocation.getCurrentPosition(
          () => resolve("told"),
          (error) => resolve(error.code),
        );
      });
      const media = navigator.mediaDevices.getUserMedia({ audio: true }).catch((error) => error.name);
      return { asked: await Promise.all(asked), place: await place, media: await media };
    });
    assert.deepEqual(states.asked, ["denied", "denied", "denied", "denied", "granted"]);
    assert.equal(states.place, 1);
    assert.match(String(states.media), /NotAllowedError|NotFoundError/);
  });

  test("offers to save only what is its own or its server's", async () => {
    const prevented = await it.app.evaluate(async ({ session }) => {
      const urls = [
        "https://example.org/x.exe",
        "http://127.0.0.1:9.evil/x",
        "http://127.0.0.1:9/api/files/1",
        "blob:app://ui/1",
      ];
      return urls.map((url) => {
        let stopped = false;
        /** @type {unknown} */
        let options = null;
        const event = { preventDefault: () => (stopped = true) };
        const item = {
          getURL: () => url,
          getFilename: () => "a.txt",
          on: () => {},
          once: () => {},
          setSaveDialogOptions: (/** @type {unknown} */ given) => (options = given),
        };
        /** @type {any} */ (session.defaultSession).emit("will-download", event, item);
        return [stopped, options];
      });
    });
    const asked = [false, { defaultPath: "a.txt" }];
    assert.deepEqual(prevented, [[true, null], [true, null], asked, asked]);
  });

  test("may call only what there is, with what belongs there", async () => {
    const answers = await it.page.evaluate(async () => {
      const desktop = /** @type {any} */ (window.vestnik);
      const attempts = [
        () => desktop.saveSecret("ключ", "x", true),
        () => desktop.saveSecret("a", { length: 1 }, true),
        () => desktop.saveSettings("x"),
        () => desktop.notify({ tag: "1" }),
        () => desktop.loadSecret(),
        () => desktop.probe(null),
      ];
      return Promise.all(
        attempts.map((attempt) =>
          attempt().then(
            () => "done",
            (/** @type {Error} */ error) => error.message,
          ),
        ),
      );
    });
    for (const answer of answers) assert.match(answer, /bad arguments/);
  });

  test("is the only one that is answered", async () => {
    const answers = await it.app.evaluate(async ({ BrowserWindow }) => {
      /** @type {string[]} */
      const told = [];
      const call = `require("electron").ipcRenderer.invoke("vestnik:info").then(() => "answered", (error) => error.message)`;
      for (const url of ["data:text/html,x", "about:blank"]) {
        const window = new BrowserWindow({
          show: false,
          webPreferences: { nodeIntegration: true, contextIsolation: false, sandbox: false },
        });
        await window.loadURL(url);
        told.push(await window.webContents.executeJavaScript(call));
        window.destroy();
      }
      return told;
    });
    assert.equal(answers.length, 2);
    for (const answer of answers) assert.match(answer, /not for this page/);
  });

  test("keeps settings that are settings", async () => {
    const loaded = await it.page.evaluate(async () => {
      const desktop = /** @type {any} */ (window.vestnik);
      await desktop.saveSettings({ theme: "dark", size: "huge", language: "en", foreign_images: true, other: 1 });
      return desktop.loadSettings();
    });
    assert.deepEqual(loaded, { foreign_images: true, autostart: false, theme: "dark", language: "en" });
    const file = JSON.parse(readFileSync(join(it.userData, "settings.json"), "utf8"));
    assert.deepEqual(file.settings, { theme: "dark", language: "en", foreign_images: true });
    await becomes(() => it.app.evaluate(({ nativeTheme }) => nativeTheme.shouldUseDarkColors), true);
    await it.page.emulateMedia({ colorScheme: null }); // Playwright has its own
    await becomes(() => it.page.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches), true);
  });

  test("pictures from other sites come as soon as the user wants them, and no longer: the page stays", async () => {
    await it.app.evaluate(({ session }) => {
      const failed = /** @type {Record<string, string>} */ ({});
      Object.assign(globalThis, { failed });
      session.defaultSession.webRequest.onErrorOccurred(({ url, error }) => void (failed[url] = error));
    });
    /** @param {string} url @param {boolean} wanted @returns {Promise<string>} why the picture did not come */
    const picture = async (url, wanted) => {
      await it.page.evaluate(async ([source, foreign_images]) => {
        await window.vestnik?.saveSettings(/** @type {any} */ ({ foreign_images }));
        const image = new Image();
        const over = new Promise((resolve) => (image.onerror = resolve));
        image.src = source;
        await over;
      }, /** @type {const} */ ([url, wanted]));
      const told = () => it.app.evaluate((_electron, of) => /** @type {any} */ (globalThis).failed[of] ?? "", url);
      await becomes(told, /^net::/u);
      return told();
    };
    assert.equal(await picture("https://pictures.invalid/1.png", false), "net::ERR_BLOCKED_BY_CLIENT");
    assert.notEqual(await picture("https://pictures.invalid/2.png", true), "net::ERR_BLOCKED_BY_CLIENT");
    assert.equal(await picture("https://pictures.invalid/3.png", false), "net::ERR_BLOCKED_BY_CLIENT");
  });

  test("has a menu in the chosen language that binds nothing of the page's", async () => {
    const items = await it.app.evaluate(({ Menu }) => {
      /** @type {{id: string, label: string, keys: string, bound: boolean}[]} */
      const found = [];
      const walk = (/** @type {Electron.Menu | null | undefined} */ menu) => {
        for (const item of menu?.items ?? []) {
          const keys = String(item.accelerator ?? "");
          found.push({ id: item.id, label: item.label, keys, bound: item.registerAccelerator });
          walk(item.submenu);
        }
      };
      walk(Menu.getApplicationMenu());
      return found;
    });
    assert.ok(items.some(({ label }) => label === "New window"));
    assert.ok(items.every(({ label }) => !label.startsWith("menu.")));
    const ofPage = items.filter(({ keys }) => /^CmdOrCtrl\+(Shift\+)?[NKF,/]$/.test(keys));
    assert.equal(ofPage.length, 7);
    assert.ok(ofPage.every(({ bound }) => !bound));
    const known = KEYS.map((key) => key.id);
    assert.deepEqual(
      ofPage.filter(({ id }) => !known.includes(id)),
      [],
    );
  });

  test("has a menu of the right button for text, fields and links", async () => {
    const menus = await it.app.evaluate(({ BrowserWindow, Menu }) => {
      /** @type {string[][]} */
      const shown = [];
      const build = Menu.buildFromTemplate;
      Menu.buildFromTemplate = (template) => {
        shown.push(template.map((item) => item.label ?? "-"));
        return /** @type {any} */ ({ popup: () => {} });
      };
      const editFlags = { canCut: true, canCopy: true, canPaste: true, canSelectAll: true };
      const nothing = {
        linkURL: "",
        misspelledWord: "",
        dictionarySuggestions: [],
        selectionText: "",
        isEditable: false,
        editFlags,
      };
      const clicks = [
        {},
        { selectionText: "word" },
        { linkURL: "https://example.org/" },
        { linkURL: "http://example.org/" },
        { isEditable: true, misspelledWord: "helo", dictionarySuggestions: ["hello", "help"] },
      ];
      const { webContents } = BrowserWindow.getAllWindows()[0];
      for (const click of clicks) /** @type {any} */ (webContents).emit("context-menu", {}, { ...nothing, ...click });
      Menu.buildFromTemplate = build;
      return shown;
    });
    assert.deepEqual(menus, [
      ["Copy"],
      ["Open link", "Copy link"],
      ["Copy link"],
      ["hello", "help", "Add to dictionary", "-", "Cut", "Copy", "Paste", "Select all"],
    ]);
  });

  test("goes on after an error of the shell, and logs it without secrets", async () => {
    await it.app.evaluate(() => {
      setTimeout(() => {
        throw new Error("planted, Bearer abc.def");
      });
    });
    const log = join(it.userData, "logs", "main.log");
    await eventually(() => existsSync(log) && readFileSync(log, "utf8").includes("planted"), "the error is logged");
    assert.match(readFileSync(log, "utf8"), /Uncaught Error: planted, Bearer <token>/);
    const system = await it.page.evaluate(() => window.vestnik?.info().then(({ os }) => os));
    assert.equal(system, systemName(process.platform, release()));
  });

  test("is told by the menu, and by the system's waking", async () => {
    await it.page.evaluate(() => {
      const told = /** @type {unknown[]} */ ([]);
      Object.assign(window, { told });
      window.vestnik?.onMenu((action) => told.push(action));
      window.vestnik?.onWake(() => told.push("wake"));
    });
    await it.app.evaluate(({ Menu, powerMonitor }) => {
      Menu.getApplicationMenu()?.getMenuItemById("settings")?.click();
      powerMonitor.emit("resume");
    });
    await it.page.waitForFunction(() => /** @type {any} */ (window).told?.length === 2);
    assert.deepEqual(await it.page.evaluate(() => /** @type {any} */ (window).told), ["settings", "wake"]);
  });

  test("shows the count where it can, and the title of its page", async () => {
    await it.app.evaluate(({ app }) => {
      const counts = /** @type {unknown[]} */ ([]);
      Object.assign(globalThis, { counts });
      app.setBadgeCount = (count) => counts.push(count) > 0;
    });
    await it.page.evaluate(() => {
      window.vestnik?.setBadge(3, "Вестник");
      document.title = "(3) Вестник";
    });
    const counts = () => it.app.evaluate(() => /** @type {unknown[]} */ (/** @type {any} */ (globalThis).counts));
    await eventually(async () => (await counts()).length > 0, "the badge");
    assert.deepEqual(await counts(), [3]);
    const title = () => it.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].getTitle());
    await eventually(async () => (await title()) === "(3) Вестник", "the title");
  });

  test("is told where a notification cannot be shown", async () => {
    const note = { tag: "1", title: "Катя", body: "Привет", chat_id: 42, seq: 3, silent: true };
    const shown = await it.page.evaluate((given) => window.vestnik?.notify(given), note);
    assert.equal(shown, false, "there is no service of notifications under this bus");
    await it.page.evaluate(() => window.vestnik?.closeNote("1"));
  });

  test("a second window of the profile has the same session", async () => {
    const [second] = await Promise.all([
      it.app.waitForEvent("window", { timeout: STEP_TIMEOUT }),
      it.app.evaluate(({ Menu }) => {
        const items = Menu.getApplicationMenu()?.items[0].submenu?.items ?? [];
        items.find(({ label }) => label === "New window")?.click();
      }),
    ]);
    await second.waitForLoadState();
    await it.page.evaluate(() => localStorage.setItem("shared", "yes"));
    await becomes(() => second.evaluate(() => localStorage.getItem("shared")), "yes");
    await second.close();
    const count = () => it.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
    await eventually(async () => (await count()) === 1, "the second window is gone");
  });
});
