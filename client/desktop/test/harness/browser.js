/** Chromium, and people in it: each has a profile of their own in it, as on a machine of their own. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chromium } from "playwright-core";
import { atEnd, atEndOfRun } from "./closing.js";
import { signIn } from "./face.js";
import { profileOf } from "./profiles.js";

const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** @type {import("playwright-core").BrowserContextOptions} */
const USUAL = {
  locale: "ru-RU",
  timezoneId: "Europe/Moscow",
  viewport: { width: 1280, height: 800 },
  reducedMotion: "reduce",
};
/** Milliseconds that a step may take: a bound for one that never will, not for a busy machine. */
export const STEP_TIMEOUT = 90_000;
/** The same for the start of a program with a window: twice as much, as it is many steps. */
export const START_TIMEOUT = 180_000;

/**
 * The Chromium of this machine: $CHROMIUM, else the first that is found; null where there is none. The same program
 * without windows of its own starts in a third of the time.
 */
export function findChromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  try {
    const names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];
    const script = `command -v ${names.join(" || command -v ")}`;
    return execFileSync("sh", ["-c", script], { encoding: "utf8" }).trim();
  } catch {
    return null;
  }
}

/** For `test(name, { skip: noChromium() }, ...)`: false, or why it is skipped. */
export function noChromium() {
  return findChromium() === null && "no Chromium here: install the package chromium, or name one in CHROMIUM";
}

/** @type {Promise<import("playwright-core").Browser> | null} */
let shared = null;

/** The browser of this process, without a screen; profiles in it know nothing of each other. */
export function launchChromium() {
  const executablePath = findChromium() ?? "chromium";
  shared ??= chromium.launch({ executablePath, args: QUIET, timeout: START_TIMEOUT }).then((browser) => {
    atEndOfRun(() => browser.close());
    return browser;
  });
  return shared;
}

/**
 * Somebody at a screen. `errors`: what the page's console and exceptions complained about, so far.
 * @typedef {{context: import("playwright-core").BrowserContext, page: import("playwright-core").Page, errors: string[],
 *   account: import("./server.js").Account, name: string, id: number}} Person
 */

/**
 * A new account, and a page in a profile of its own where its owner is logged in.
 * @param {import("playwright-core").Browser} browser @param {import("./server.js").Server} server
 * @param {string} name the username
 * @param {{url?: string, displayName?: string, account?: import("./server.js").Account, remember?: boolean,
 *   options?: import("playwright-core").BrowserContextOptions}} [how] `url`: where the page comes from, such as a
 *   wire's; `account`: one that exists; `options`: of the profile
 * @returns {Promise<Person>}
 */
export async function newPerson(browser, server, name, how = {}) {
  const account = how.account ?? (await server.register(name, { display_name: how.displayName ?? name }));
  const context = await newProfile(browser, how.options);
  const { page, errors } = await newPage(context);
  await page.goto(how.url ?? server.url);
  await signIn(page, account, { remember: how.remember ?? false }).catch((error) => {
    throw new Error([`${name} could not log in`, ...errors].join("\n"), { cause: error });
  });
  return { context, page, errors, account, name, id: account.user.id };
}

/**
 * A profile without anything in it: Russian, 1280x800, at rest.
 * @param {import("playwright-core").Browser} browser @param {import("playwright-core").BrowserContextOptions} [options]
 * @param {{patience?: number}} [how] milliseconds that its emptying may take, for whoever wants it back
 */
export async function newProfile(browser, options = {}, { patience } = {}) {
  const times = { timeout: STEP_TIMEOUT, patience };
  const { context, giveBack } = await profileOf(browser, { ...USUAL, ...options }, times);
  atEnd(giveBack);
  return context;
}

/** The same on the disk, in a browser of its own. @param {string} folder which may hold the profile of an earlier life */
export async function openProfile(folder) {
  const executablePath = findChromium() ?? "chromium";
  const how = { ...USUAL, executablePath, args: QUIET, timeout: START_TIMEOUT };
  const context = await chromium.launchPersistentContext(folder, how);
  context.setDefaultTimeout(STEP_TIMEOUT);
  atEnd(() => context.close());
  return context;
}

/** One more page of a profile. @param {import("playwright-core").BrowserContext} context */
export async function newPage(context) {
  const page = await context.newPage();
  return { page, errors: watchErrors(page) };
}

/** The list into which a page's complaints go. @param {import("playwright-core").Page} page */
export function watchErrors(page) {
  /** @type {string[]} */
  const errors = [];
  page.on("pageerror", (error) => errors.push(`exception: ${error.stack ?? error}`));
  page.on("console", (message) => {
    // a link that fails is no fault of the page, and Chromium tells of each
    if (
      message.type() === "error" &&
      !/Failed to load resource|WebSocket connection to|net::ERR_/.test(message.text())
    ) {
      errors.push(`console: ${message.text()} (${message.location().url})`);
    }
  });
  return errors;
}

/** Nobody's page complained. @param {{name: string, errors: string[]}[]} people */
export function assertNoErrors(...people) {
  assert.deepEqual(
    people.flatMap(({ name, errors }) => errors.map((error) => `${name}: ${error}`)),
    [],
  );
}
