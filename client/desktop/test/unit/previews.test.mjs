/** Previews: few are asked for at once, and few are in memory. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Previews } from "../../renderer/profile/previews.js";

/** A server that answers when it is told to. */
function heldServer() {
  /** @type {(() => void)[]} */
  const open = [];
  const asked = { now: 0, most: 0, all: 0 };
  const api = {
    async bytes() {
      asked.all += 1;
      asked.now += 1;
      asked.most = Math.max(asked.most, asked.now);
      await new Promise((resolve) => open.push(() => resolve(null)));
      asked.now -= 1;
      return { ok: true, body: new Blob(["picture"]) };
    },
  };
  const previews = new Previews(/** @type {any} */ (api), null);
  return { previews, asked, answer: () => open.shift()?.() };
}

/** What promises still have to do is done. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("at most four are asked for at once, also where one is wished for just as another came", async () => {
  const { previews, asked, answer } = heldServer();
  const wished = Array.from({ length: 9 }, (_, n) => previews.get(`first-${n}`, 360, null));
  await settled();
  assert.equal(asked.all, 4);
  for (let n = 0; asked.all < 20 || asked.now > 0; n += 1) {
    answer();
    await Promise.resolve(); // in the middle of the steps that an answer takes
    if (n < 12) for (let step = 0; step < n % 5; step += 1) await Promise.resolve();
    if (n < 12) wished.push(previews.get(`then-${n}`, 360, null));
    if (n > 12) await settled();
  }
  assert.deepEqual([asked.most, asked.all], [4, 21]);
  assert.ok((await Promise.all(wished)).every(({ ok }) => ok));
  await previews.close({ destroy: false });
});

test("three hundred are in memory: those that were seen last", async () => {
  const { previews, asked, answer } = heldServer();
  /** @param {string} id */
  async function see(id) {
    const wished = previews.get(id, 360, null);
    await settled();
    answer();
    return wished;
  }
  for (let n = 0; n < 300; n += 1) await see(`file-${n}`);
  await see("file-0"); // it was there, and is the last one now
  assert.equal(asked.all, 300);
  await see("one-more");
  await see("file-0");
  assert.equal(asked.all, 301);
  await see("file-1");
  assert.equal(asked.all, 302, "it had gone");
  await previews.close({ destroy: true });
});
