/** What of the disk app://ui shows, and under which policy. */

import assert from "node:assert/strict";
import { test } from "node:test";
import assets from "../../src/main/assets.js";
import policy from "../../src/main/policy.js";

const { isOwnPage, resolveAsset } = assets;
const folders = { renderer: "/app/renderer", locales: "/app/locales" };
/** @param {string} url @returns {{status: number, file?: string, type?: string}} */
const found = (url) => resolveAsset(url, folders);

test("pages and locales are found with their types", () => {
  assert.deepEqual(found("app://ui/"), {
    status: 200,
    file: "/app/renderer/index.html",
    type: "text/html; charset=utf-8",
  });
  assert.deepEqual(found("app://ui/protocol/session.js?v=1#x"), {
    status: 200,
    file: "/app/renderer/protocol/session.js",
    type: "text/javascript; charset=utf-8",
  });
  assert.deepEqual(found("app://ui/locales/ru.json"), {
    status: 200,
    file: "/app/locales/ru.json",
    type: "application/json; charset=utf-8",
  });
  assert.equal(found("app://ui/styles.css").type, "text/css; charset=utf-8");
  assert.equal(found("app://ui/app-icon.svg").type, "image/svg+xml; charset=utf-8");
});

test("nothing outside is found", () => {
  const away = [
    "app://ui/..%2fmain.js",
    "app://ui/%2e%2e%2fmain.js",
    "app://ui/protocol/..%2f..%2fmain.js",
    "app://ui/locales/..%2f..%2fconfig.json",
    "app://ui/..%5cmain.js",
    "app://ui/%00.js",
    "app://ui/%E0%A4%A",
    "app://ui/.git/config.json",
    "app://ui/c:/x.js",
    "app://ui//etc/x.js",
    "app://other/index.html",
    "app://ui:81/index.html",
    "nonsense",
  ];
  for (const url of away) assert.equal(found(url).status, 403, url);
  // the URL standard takes these dots away itself
  assert.equal(found("app://ui/%2e%2e/%2e%2e/main.js").file, "/app/renderer/main.js");
  assert.equal(found("app://ui/notes.md").status, 404);
  assert.equal(found("app://ui/core").status, 404);
});

test("own pages are told from others", () => {
  assert.ok(isOwnPage("app://ui/index.html"));
  for (const url of [
    "app://ui.evil/",
    "app://evil/ui",
    "https://ui/",
    "about:blank",
    "",
    undefined,
    "data:text/html,x",
  ]) {
    assert.ok(!isOwnPage(url), String(url));
  }
});

test("the page may call one server", () => {
  const header = policy.contentPolicy({ server: "https://chat.example.org" });
  /** @param {string} name */
  const sources = (name) =>
    header
      .split("; ")
      .find((part) => part.startsWith(`${name} `))
      ?.slice(name.length + 1);
  assert.equal(sources("default-src"), "'none'");
  assert.equal(sources("script-src"), "'self'");
  assert.equal(sources("style-src"), "'self'");
  assert.equal(sources("connect-src"), "'self' https://chat.example.org wss://chat.example.org");
  assert.equal(sources("img-src"), "'self' data: blob: https://chat.example.org https:");
  assert.equal(sources("frame-ancestors"), "'none'");
  assert.equal(sources("form-action"), "'none'");
  assert.equal(sources("base-uri"), "'none'");
  assert.equal(sources("require-trusted-types-for"), "'script'");
  assert.equal(sources("trusted-types"), "lit-html vestnik-paste vestnik-worker vestnik-search");
  assert.doesNotMatch(header, /unsafe/);
  const open = policy.contentPolicy({ server: "http://localhost:8000" });
  assert.match(open, /img-src 'self' data: blob: http:\/\/localhost:8000 https:;/);
  assert.match(open, /connect-src 'self' http:\/\/localhost:8000 ws:\/\/localhost:8000;/);
});
