/** Previews on the disk, in a real database of a browser: so many bytes, those that were seen last. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { launchChromium, newPage, newProfile, noChromium } from "../harness/harness.js";

const skip = noChromium();
const RENDERER = new URL("../../renderer/", import.meta.url);
const URL_OF_PAGE = "http://vestnik.test/";

/** A page that may load what is in renderer/, and has a database; there is no server behind it. */
async function blankPage() {
  const { page, errors } = await newPage(await newProfile(await launchChromium()));
  await page.route(`${URL_OF_PAGE}**`, (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === "/") return route.fulfill({ contentType: "text/html", body: "<title>blank</title>" });
    const body = readFileSync(new URL(`.${pathname}`, RENDERER), "utf8");
    return route.fulfill({ contentType: "text/javascript", body });
  });
  await page.goto(URL_OF_PAGE);
  return { page, errors };
}

test(
  "64 MiB of previews are on the disk, and whose turn it is to leave was not seen for longest",
  { skip },
  async () => {
    const { page, errors } = await blankPage();
    const seen = await page.evaluate(async () => {
      const { PreviewStore } = await import(/** @type {any} */ ("/store/previews.js"));
      const MiB = 2 ** 20;
      const store = new PreviewStore("somebody");
      let now = 0;
      const put = (/** @type {number} */ n, bytes = 8 * MiB) =>
        store.put(`picture ${n}`, new ArrayBuffer(bytes), { chat_id: 1, seq: n }, ++now);
      const database = await new Promise((resolve, reject) => {
        void put(1).then(() => {
          const opening = indexedDB.open("somebody previews");
          opening.onsuccess = () => resolve(opening.result);
          opening.onerror = () => reject(opening.error);
        });
      });
      /** What lies there, without its being seen: bytes, and which ones. */
      const kept = () =>
        new Promise((resolve) => {
          const transaction = database.transaction(["bytes", "entries"]);
          const all = transaction.objectStore("bytes").getAll();
          const keys = transaction.objectStore("entries").getAllKeys();
          transaction.oncomplete = () => {
            const bytes = all.result.reduce((/** @type {number} */ sum, /** @type {ArrayBuffer} */ one) => sum + one.byteLength, 0); // prettier-ignore
            resolve([bytes / MiB, keys.result.map((/** @type {string} */ key) => Number(key.split(" ")[1]))]);
          };
        });
      for (let n = 2; n <= 8; n += 1) await put(n);
      const full = await kept();
      await store.get("picture 1", ++now);
      await put(9, 1);
      const trimmed = await kept();
      await put(10, 8 * MiB + 1); // larger than an eighth of all
      await store.drop([{ chat_id: 1, seq: 1 }]);
      const dropped = await kept();
      for (let n = 11; n <= 13; n += 1) await put(n);
      const again = await kept();
      await store.close();
      database.close();
      return { full, trimmed, dropped, again };
    });
    assert.deepEqual(seen.full, [64, [1, 2, 3, 4, 5, 6, 7, 8]]);
    assert.deepEqual(seen.trimmed, [40 + 1 / 2 ** 20, [1, 5, 6, 7, 8, 9]], "room for some more is made at once");
    assert.deepEqual(seen.dropped, [32 + 1 / 2 ** 20, [5, 6, 7, 8, 9]]);
    assert.deepEqual(seen.again, [56 + 1 / 2 ** 20, [11, 12, 13, 5, 6, 7, 8, 9]], "what was taken away counts no more");
    assert.deepEqual(errors, []);
  },
);
