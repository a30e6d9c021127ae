/** The tools that all other tests here stand on: the server that comes back, the cable that can be cut, profiles. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertNoErrors,
  launchChromium,
  newPage,
  newPerson,
  newProfile,
  noChromium,
  startServer,
  startWire,
  STEP_TIMEOUT,
} from "./harness.js";
import { profileOf } from "./profiles.js";

/** @param {string} url @param {number} [timeout] milliseconds */
const asked = (url, timeout = STEP_TIMEOUT) =>
  fetch(`${url}/healthz`, { signal: AbortSignal.timeout(timeout), headers: { Connection: "close" } }).then(
    (answer) => answer.status,
    (error) => error.cause?.code ?? error.name,
  );

test("a server that was killed is the same one when it comes back, on the same port", async () => {
  const server = await startServer();
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chat = await server.direct(anna, boris);
  await server.send(anna, chat, "first");
  await server.kill();
  assert.equal(await asked(server.url), "ECONNREFUSED");
  await server.start();
  await server.send(boris, chat, "second");
  assert.equal(await server.stop(), 0);
  await server.start();
  const items = await server.items(anna, chat);
  assert.deepEqual(
    items.map((item) => [item.seq, item.content]),
    [
      [1, "first"],
      [2, "second"],
    ],
  );
});

test("a server takes settings", async () => {
  const server = await startServer({ env: { VESTNIK_REGISTRATION: "closed" } });
  await assert.rejects(server.register("anna"), /registration_closed/);
});

test("a wire that is cut refuses, one that is frozen is silent, one that is restored carries", async () => {
  const server = await startServer();
  const wire = await startWire(server);
  assert.equal(await asked(wire.url), 200);
  await wire.cut();
  assert.equal(await asked(wire.url), "ECONNREFUSED");
  await wire.restore();
  assert.equal(await asked(wire.url), 200);
  wire.freeze();
  assert.equal(await asked(wire.url, 300), "TimeoutError");
  const waiting = asked(wire.url);
  wire.thaw();
  assert.equal(await waiting, 200);
});

/** What a page finds in its profile: of its own origin, so it is asked there. @param {import("playwright-core").Page} page */
const found = (page) =>
  page.evaluate(async () => ({
    local: localStorage.length,
    tab: sessionStorage.length,
    databases: (await indexedDB.databases()).map(({ name }) => name),
    cookies: document.cookie,
    history: history.length,
    width: innerWidth,
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
    still: matchMedia("(prefers-reduced-motion: reduce)").matches,
    hovered: document.querySelectorAll(":hover").length,
  }));

test("a profile that is used again is as empty as a new one", { skip: noChromium() }, async () => {
  const [server, browser] = [await startServer(), await launchChromium()];
  await server.register("boris"); // where nobody is yet, the door asks for no name as soon as it knows that
  const door = async () => {
    const context = await newProfile(browser, {}, { patience: STEP_TIMEOUT }); // else a slow one is not used again
    const { page, errors } = await newPage(context);
    await page.goto(server.url);
    await page.locator("input[autocomplete=username]").waitFor();
    return { name: "page", context, page, errors, found: await found(page) };
  };
  const first = await door();
  const { page } = first;
  // where no mouse has moved yet, some browsers take it to be in the corner
  const empty = { ...first.found, hovered: 0 };
  await page.evaluate(() => {
    document.cookie = "left=here";
    localStorage.left = sessionStorage.left = "here";
    history.pushState(null, "", "#left");
    addEventListener("pagehide", () => {
      for (const storage of [sessionStorage, localStorage]) storage.setItem("last", "word");
    });
    return new Promise((done) => (indexedDB.open("left").onsuccess = done));
  });
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "no-preference" });
  await page.setViewportSize({ width: 400, height: 500 });
  await page.mouse.move(100, 100);
  for (const target of [first.context, page]) await target.route("**/*", () => {}); // held for ever
  await page.evaluate(() => void fetch("/held"));
  const other = await first.context.newPage();
  await first.context.close();
  assert.ok(other.isClosed());
  const second = await door();
  assert.equal(second.page, page, "it is the same page");
  assert.deepEqual(second.found, empty);
  await page.evaluate(() => console.error("heard by one"));
  assert.deepEqual([first.errors.length, second.errors.length], [0, 1]);
  await first.context.close();
  const person = await newPerson(browser, server, "anna");
  assertNoErrors(person);
  await person.context.close();
  assert.deepEqual((await door()).found, empty, "nobody is logged in");
});

test("a profile to which something lasting was done is not used again", { skip: noChromium() }, async () => {
  const browser = await launchChromium();
  /** @type {((context: import("playwright-core").BrowserContext, page: import("playwright-core").Page) => unknown)[]} */
  const lasting = [
    (context) => context.addInitScript(() => {}),
    (_, page) => page.routeWebSocket("**/nothing", () => {}),
    (context) => context.grantPermissions(["notifications"]),
    (context, page) => context.newCDPSession(page),
    (context) => context.setOffline(true),
    (_, page) => page.clock.install(),
    (_, page) => page.close(),
    (context, page) => Promise.all([context.waitForEvent("page"), page.evaluate(() => void window.open(""))]),
  ];
  for (const act of lasting) {
    const context = await newProfile(browser);
    const { page } = await newPage(context);
    await act(context, page);
    await context.close();
    assert.ok(page.isClosed(), String(act));
  }
});

test(
  "a profile that cannot be emptied keeps nobody waiting, and is not used again",
  { skip: noChromium() },
  async () => {
    const [server, browser] = [await startServer(), await launchChromium()];
    const { context } = await profileOf(browser, {}, { timeout: STEP_TIMEOUT, patience: 300 });
    const { page } = await newPage(context);
    await page.goto(server.url);
    const shown = new Promise((resolve) => page.once("dialog", resolve)); // nobody answers
    const said = page.evaluate(() => alert("?")).catch(() => {});
    await shown;
    await context.close();
    assert.ok(page.isClosed());
    await said;
  },
);
