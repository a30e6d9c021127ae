/** The pages as the server gives them out: whole, from nowhere else, and fenced in by their policy. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { before, test } from "node:test";
import {
  assertNoErrors,
  atEnd,
  becomes,
  launchChromium,
  newPage,
  newProfile,
  noChromium,
  startServer,
} from "../harness/harness.js";

const skip = noChromium();
/** @type {import("../harness/server.js").Server} */
let server;
/** @type {import("playwright-core").Browser} */
let browser;

before(async () => {
  if (skip) return;
  [server, browser] = await Promise.all([startServer(), launchChromium()]);
  await server.register("anna"); // where nobody is yet, the page says so instead
});

/** A page at the log-in screen, and each answer it got on the way. */
async function arrive() {
  const { page, errors } = await newPage(await newProfile(browser));
  /** @type {import("playwright-core").Response[]} */
  const answers = [];
  page.on("response", (answer) => answers.push(answer));
  await page.goto(server.url);
  await page.locator("input[autocomplete=username]").waitFor();
  await page.waitForLoadState("networkidle");
  return { page, errors, answers };
}

/** Another site. @param {string} html @returns {Promise<string>} its address */
async function siteWith(html) {
  const site = createServer((_request, answer) => answer.setHeader("Content-Type", "text/html").end(html));
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  atEnd(() => site.close());
  return `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (site.address()).port}/`;
}

test("the page is whole and asks nobody else for anything", { skip }, async () => {
  const { page, errors, answers } = await arrive();
  assertNoErrors({ name: "page", errors });
  assert.ok(answers.length > 20);
  assert.deepEqual(
    answers
      .filter((answer) => !answer.url().startsWith(`${server.url}/`) || answer.status() !== 200)
      .map((answer) => answer.url()),
    [],
  );
  assert.deepEqual(await page.context().cookies(), [], "no cookie is set");
});

test("what did not change is not sent again", { skip }, async () => {
  const { page, answers } = await arrive();
  const first = new Set(answers.splice(0).map((answer) => answer.url())); // what comes later than that is new
  await page.reload();
  await page.locator("input[autocomplete=username]").waitFor();
  const again = () => new Set(answers.map((answer) => answer.url()));
  await becomes(() => [...first].filter((url) => !again().has(url)), []);
  // what the server takes is told anew
  const files = answers.filter((answer) => first.has(answer.url()) && !answer.url().includes("/api/"));
  assert.ok(files.length > 20);
  const bodies = await Promise.all(files.map(async (answer) => (await answer.request().sizes()).responseBodySize));
  assert.ok(Math.max(...bodies) < 10, "bytes of each body that was sent again");
});

test("a string never becomes markup or code", { skip }, async () => {
  const { page } = await arrive();
  const outcome = await page.evaluate(() => {
    /** @param {() => void} act */
    const refused = (act) => {
      try {
        act();
        return null;
      } catch (error) {
        return /** @type {Error} */ (error).name;
      }
    };
    const box = document.createElement("div");
    return [
      refused(() => (box.innerHTML = "<img src=x onerror=alert(1)>")),
      refused(() => box.insertAdjacentHTML("beforeend", "<b></b>")),
      refused(() => document.write("<b></b>")),
      refused(() => (document.createElement("script").text = "1")),
      refused(() => new DOMParser().parseFromString("<b></b>", "text/html")),
      refused(() => /** @type {any} */ (window).trustedTypes.createPolicy("own", {})),
      refused(() => new Worker("data:text/javascript,1")),
    ];
  });
  assert.deepEqual(outcome, [
    "TypeError",
    "TypeError",
    "TypeError",
    "TypeError",
    "TypeError",
    "TypeError",
    "TypeError",
  ]);
});

test("the page talks to its own server only", { skip }, async () => {
  const { page } = await arrive();
  const elsewhere = await siteWith("x");
  const said = await page.evaluate(async (url) => {
    const socket = new WebSocket(url.replace("http", "ws"));
    const gone = new Promise((resolve) => (socket.onclose = socket.onerror = () => resolve("refused")));
    const fetched = fetch(url, { mode: "no-cors" }).then(
      () => "fetched",
      () => "refused",
    );
    const sent = new Promise((resolve) => {
      addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective), { once: true });
      const frame = document.createElement("iframe");
      frame.src = url;
      document.body.append(frame);
    });
    return [await gone, await fetched, await sent];
  }, elsewhere);
  assert.deepEqual(said.slice(0, 2), ["refused", "refused"]);
  const own = await page.evaluate(async (url) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}/ws`, ["chatproto.v1"]);
    return new Promise((resolve) => {
      socket.onopen = () => resolve("open");
      socket.onerror = () => resolve("refused");
    });
  }, server.url);
  assert.equal(own, "open");
});

test("no other site can put the page into a frame or read its files", { skip }, async () => {
  const elsewhere = await siteWith(`<!doctype html><iframe src="${server.url}/"></iframe>`);
  const { page } = await newPage(await newProfile(browser));
  await page.goto(elsewhere);
  const frame = page.frames().find((one) => one !== page.mainFrame());
  assert.equal(await frame?.locator("#root").count(), 0);
  const read = await page.evaluate(
    (url) =>
      fetch(`${url}/index.html`).then(
        (answer) => answer.status,
        (error) => error.name,
      ),
    server.url,
  );
  assert.equal(read, "TypeError");
});
