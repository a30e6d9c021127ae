/** A request waits for as long as its answer goes on, not for a time that a slow link cannot keep, and not for ever. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Api } from "../../renderer/link/api.js";
import { settled } from "./page.js";

const { fetch: before } = globalThis;
const URL = "http://server.example";

/** What a server sends of an answer whose head is there: a byte at a time, as the test says. */
class Dripping {
  /** @type {ReadableStreamDefaultController<Uint8Array> | null} */
  #stream = null;
  aborted = false;

  constructor() {
    globalThis.fetch = async (_url, { signal } = {}) => {
      const body = new ReadableStream({ start: (stream) => void (this.#stream = stream) });
      signal?.addEventListener("abort", () => {
        this.aborted = true;
        this.#stream?.error(signal.reason);
      });
      return new Response(body);
    };
  }

  /** @param {string} text */
  async send(text) {
    this.#stream?.enqueue(new TextEncoder().encode(text));
    await settled();
  }

  async end() {
    this.#stream?.close();
    await settled();
  }
}

/** @param {number} seconds */
async function pass(seconds) {
  mock.timers.tick(seconds * 1000);
  await settled();
}

/** @param {Promise<any>} answering */
function asked(answering) {
  const found = { answer: /** @type {any} */ (null) };
  void answering.then((answer) => void (found.answer = answer));
  return found;
}

/** Both ways in which an answer is read. @type {[string, (api: Api) => Promise<any>][]} */
const WAYS = [
  ["JSON", (api) => api.get("/api/chats")],
  ["bytes", (api) => api.bytes("/api/files/7", 1_000_000)],
];

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => {
  mock.timers.reset();
  globalThis.fetch = before;
});

for (const [name, ask] of WAYS) {
  test(`${name}: an answer that goes on comes whole, however slowly`, async () => {
    const server = new Dripping();
    const found = asked(ask(new Api(URL)));
    await settled();
    await server.send("[1");
    for (let part = 0; part < 30; part += 1) {
      await pass(9);
      await server.send(",2");
    }
    await server.send("]");
    assert.deepEqual([found.answer], [null]);
    await server.end();
    assert.equal(found.answer.ok, true);
    const { body } = found.answer;
    const numbers = body instanceof Blob ? JSON.parse(await body.text()) : body;
    assert.equal(numbers.length, 31);
    await pass(600);
    assert.equal(server.aborted, false, "nothing of it is waited for any more");
  });

  test(`${name}: an answer that stops midway is given up after ten seconds without a byte`, async () => {
    const server = new Dripping();
    const found = asked(ask(new Api(URL)));
    await settled();
    await pass(9);
    await server.send("[1");
    await pass(9);
    await server.send(",2");
    await pass(9.9);
    assert.deepEqual([found.answer, server.aborted], [null, false]);
    await pass(0.2);
    assert.deepEqual([found.answer, server.aborted], [{ ok: false, code: "no_connection" }, true]);
  });

  test(`${name}: nobody feeds a request for ever, byte by byte`, async () => {
    const server = new Dripping();
    const found = asked(ask(new Api(URL)));
    await settled();
    await server.send("[1");
    for (let second = 9; second < 300; second += 9) {
      assert.deepEqual([found.answer, server.aborted], [null, false]);
      await pass(9);
      await server.send(",2");
    }
    await pass(9);
    assert.deepEqual([found.answer, server.aborted], [{ ok: false, code: "no_connection" }, true]);
  });
}

test("a server that takes the request and says nothing is given up after ten seconds", async () => {
  globalThis.fetch = (_url, { signal } = {}) =>
    new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  const found = asked(new Api(URL).get("/api/chats"));
  await settled();
  await pass(9.9);
  assert.equal(found.answer, null);
  await pass(0.2);
  assert.deepEqual(found.answer, { ok: false, code: "no_connection" });
});
