/**
 * Profiles of a browser that are used again: what a page is made of stays in their memory, and loading it is most of what
 * a test in a browser costs (3 s of a processor with nothing, 0.6 s so). Whoever gets one finds it empty: without
 * storage, cookies, history, listeners and routes, as wide and as bright as asked for. One to which something was done
 * that cannot be taken back, or not for sure, or that is not empty and drawing again in time, is closed instead.
 */

import { drawn } from "./eventually.js";

/** @typedef {import("playwright-core").Browser} Browser @typedef {import("playwright-core").BrowserContext} Context */
/** @typedef {import("playwright-core").Page} Page @typedef {import("playwright-core").BrowserContextOptions} Options */
/** @typedef {{context: Context, page: Page, close: () => Promise<void>}} Kept */

/** Profiles that wait, of one browser; each has a process with a page in it. */
const MOST = 6;
/** Milliseconds that all of emptying a profile may take: most calls to a browser have no bound of their own. */
const PATIENCE = 15_000;
/** Milliseconds after which nobody waits for the end of a profile any more: it ends with its browser then. */
const END_PATIENCE = 30_000;
/** Asked of a page or a profile, they leave something behind. */
const LASTING = [
  ...["addInitScript", "exposeFunction", "exposeBinding", "routeWebSocket", "routeFromHAR"],
  ...["setExtraHTTPHeaders", "addLocatorHandler", "setOffline", "setGeolocation", "grantPermissions"],
  ...["setHTTPCredentials", "addCookies", "newCDPSession", "setDefaultTimeout", "setDefaultNavigationTimeout"],
];
const LASTING_OF_CLOCK = ["install", "fastForward", "pauseAt", "resume", "runFor", "setFixedTime", "setSystemTime"];
/** What tests listen to; what else there is, the driver listens to itself. */
const EVENTS = [
  ...["console", "dialog", "download", "filechooser", "frameattached", "framedetached", "framenavigated", "load"],
  ...["domcontentloaded", "pageerror", "popup", "request", "requestfailed", "requestfinished", "response"],
  ...["websocket", "worker", "page", "weberror", "serviceworker"],
];

/** @type {WeakMap<Browser, Map<string, Kept[]>>} */
const waiting = new WeakMap();

/**
 * A profile with nothing in it. Its `close` gives it back, as does `giveBack`, which is of this use of it alone.
 * @param {Browser} browser @param {Options} options
 * @param {{timeout: number, patience?: number}} times milliseconds: that a step in it may take, and its emptying
 * @returns {Promise<{context: Context, giveBack: () => Promise<void>}>}
 */
export async function profileOf(browser, options, { timeout, patience = PATIENCE }) {
  const key = JSON.stringify(options);
  const kept = waiting.get(browser)?.get(key)?.pop();
  if (kept) return lent(browser, key, options, patience, kept.context, kept.close, kept.page);
  const context = await browser.newContext(options);
  context.setDefaultTimeout(timeout);
  return lent(browser, key, options, patience, context, context.close.bind(context), null);
}

/**
 * @param {Browser} browser @param {string} key @param {Options} options @param {number} patience @param {Context} context
 * @param {() => Promise<void>} close really @param {Page | null} empty its page, where it had one before
 */
function lent(browser, key, options, patience, context, close, empty) {
  let spoilt = false;
  const spoil = () => void (spoilt = true);
  /** @type {Set<string>} */
  const origins = new Set();
  /** @type {Set<Page>} */
  const pages = new Set();
  const undo = [watch(context, LASTING, spoil), watch(context.clock, LASTING_OF_CLOCK, spoil)];

  /** @param {Page} page */
  const begin = (page) => {
    pages.add(page);
    page.on("framenavigated", (frame) => origins.add(new URL(frame.url()).origin));
    page.on("crash", spoil);
    undo.push(watch(page, LASTING, spoil));
    return page;
  };
  const made = context.newPage;
  context.newPage = async () => {
    const page = empty ?? (await made.call(context));
    empty = null;
    return begin(page);
  };
  undo.push(() => (context.newPage = made));

  /** @type {Promise<void> | null} */
  let ended = null;
  const end = async () => {
    undo.forEach((back) => back());
    const unknown = context.pages().some((page) => !pages.has(page) && page !== empty);
    const [page, ...others] = empty ? [empty] : [...pages].filter((one) => !one.isClosed());
    const there = waiting.get(browser) ?? new Map();
    waiting.set(browser, there);
    const count = [...there.values()].flat().length;
    const usable = !spoilt && !unknown && page && count < MOST && browser.isConnected();
    if (!usable || !(await within(patience, () => emptied(context, page, others, origins, options))) || spoilt) {
      return void (await within(END_PATIENCE, close));
    }
    there.set(key, [...(there.get(key) ?? []), { context, page, close }]);
  };
  const giveBack = () => (ended ??= end());
  context.close = giveBack; // of the next one who uses it, once there is one
  return { context, giveBack };
}

/**
 * @param {Context} context @param {Page} page @param {Page[]} others its further pages @param {Set<string>} origins
 * @param {Options} options
 */
async function emptied(context, page, others, origins, options) {
  const { viewport, colorScheme = "light", reducedMotion = "no-preference" } = options;
  for (const one of others) await one.close();
  for (const target of [context, page]) await target.unrouteAll({ behavior: "ignoreErrors" });
  for (const event of EVENTS) [context, page].forEach((target) => silence(target, event));
  silence(page, "crash");
  const [origin, ...more] = [...origins].filter((one) => one !== "null"); // null is that of about:blank
  if (more.length > 0) throw new Error("a tab keeps something of each origin, which can be erased from its pages only");
  if (origin) await page.evaluate(forget);
  await page.goto("about:blank");
  const devtools = await context.newCDPSession(page);
  if (origin) await devtools.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
  await devtools.send("Page.resetNavigationHistory");
  await devtools.detach();
  await context.clearCookies();
  if (viewport) await page.setViewportSize(viewport);
  await page.emulateMedia({ media: null, colorScheme, reducedMotion, forcedColors: "none", contrast: "no-preference" });
  await page.mouse.move(-1, -1);
  await drawn(page);
}

/**
 * Nobody listens to it any more. One by one: the driver stops telling of what the last listener left.
 * @param {any} target @param {string} event
 */
function silence(target, event) {
  for (const listener of target.listeners(event)) target.removeListener(event, listener);
}

/**
 * Whether it was done, in this time; it may still go on where it was not.
 * @param {number} time milliseconds @param {() => Promise<unknown>} act
 */
async function within(time, act) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((resolve) => void (timer = setTimeout(resolve, time, false)));
  const done = act().then(
    () => true,
    () => false,
  );
  const ended = await Promise.race([done, late]);
  clearTimeout(timer);
  return ended === true;
}

/** Runs in the page, which keeps nothing in its tab from now on. */
function forget() {
  sessionStorage.clear();
  Storage.prototype.setItem = () => {};
}

/**
 * Calls of these methods are noted, until what this returns is called. @param {any} target @param {string[]} names
 * @param {() => void} note
 */
function watch(target, names, note) {
  for (const name of names.filter((one) => typeof target[one] === "function")) {
    target[name] = function (/** @type {any[]} */ ...words) {
      note();
      return Object.getPrototypeOf(target)[name].apply(target, words);
    };
  }
  return () => names.forEach((name) => delete target[name]);
}
