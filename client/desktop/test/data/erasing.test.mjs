/** A log-in that somebody ended takes what is kept with it, but for what was not sent: wherever the page ends meanwhile. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { launchChromium, newProfile, noChromium, startServer } from "../harness/harness.js";

const skip = noChromium();
const NAME = "vestnik test 1";

/** Runs in a page: what the test below does to a profile. @param {string} name */
async function inPage(name) {
  const [{ Db }, { NOTHING, newRow }, { erase, fetchAside }] = await Promise.all([
    import(/** @type {any} */ ("/store/db.js")),
    import(/** @type {any} */ ("/protocol/commands.js")),
    import(/** @type {any} */ ("/store/erasing.js")),
  ]);
  let left = Infinity;
  /** @param {any} of @param {string} step */
  const limit = (of, step) => {
    const real = of[step];
    of[step] = function (/** @type {any[]} */ ...args) {
      left -= 1;
      if (left < 0) throw new DOMException("the page is gone", "AbortError");
      return real.apply(this, args);
    };
  };
  for (const step of ["open", "deleteDatabase"]) limit(IDBFactory.prototype, step);
  limit(IDBDatabase.prototype, "transaction");
  /** @template T @param {(db: any) => Promise<T>} work */
  const using = async (work) => {
    const db = new Db(name);
    const found = await work(db);
    await db.close();
    return found;
  };
  const numbers = [1, 2, 3];
  const fill = async (/** @type {any} */ db) => {
    const begun = new Map([[5, { reply: { seq: 3, created_at: "2026-11-28T09:00:00Z", sender_id: 2 }, edit: null }]]);
    await db.keepViews({ current: 5, drafts: new Map([[5, "half a word"]]), begun });
    for (const number of numbers) {
      const file = { local_id: `file ${number}`, name: "a", size: 5, content_type: "", as_file: true, file_id: null };
      const command = { ...NOTHING, chat_id: 5, content: `unsent ${number}`, files: [file] };
      const row = newRow(command, true, number, new Uint8Array(10));
      await db.addRow(
        { ...row, cid: `cid ${number}` },
        undefined,
        new Map([[file.local_id, { bytes: new Blob(["bytes"]), place: `/api/uploads/${number}` }]]),
      );
    }
  };
  const kept = async (/** @type {any} */ db) => {
    const { rows, drafts, begun, current } = await db.load();
    const files = await Promise.all(numbers.map((number) => db.file(`file ${number}`)));
    return {
      rows: rows.map((/** @type {any} */ { content }) => content),
      drafts: [...drafts],
      answers: [...begun].map(([id, { reply }]) => [id, reply?.seq]),
      files: files.map((file) => file && [file.bytes.size, file.place]),
      current,
      names: (await indexedDB.databases()).map((one) => one.name).sort(),
    };
  };
  const tools = {
    fill: () => using(fill),
    kept: () => using(kept),
    drop: () => using((db) => Promise.all(numbers.map((number) => db.dropRow(`cid ${number}`)))),
    /** No more than so many steps with databases are done, as if the page ended there.
     * @param {"erase" | "fetch"} what @param {number} [steps] @returns {Promise<boolean>} whether it was done */
    async endsAfter(what, steps = Infinity) {
      left = steps;
      const work = what === "erase" ? erase(new Db(name)) : fetchAside(name);
      const done = await work.then(
        () => true,
        () => false,
      );
      left = Infinity;
      return done;
    },
  };
  Object.assign(window, { tools });
}

test(
  "what was not sent outlives an erasure that ends at whichever step, and does not come back later",
  { skip },
  async () => {
    const [server, browser] = await Promise.all([startServer(), launchChromium()]);
    const page = await (await newProfile(browser)).newPage();
    await page.goto(`${server.url}/app-icon.svg`);
    await page.evaluate(inPage, NAME);
    /** @param {string} name @param {any[]} args @returns {Promise<any>} */
    const use = (name, ...args) =>
      page.evaluate(
        ([tool, given]) => /** @type {any} */ (window).tools[tool](...given),
        /** @type {const} */ ([name, args]),
      );
    let done = false;
    for (let steps = 0; !done; steps += 1) {
      await use("fill");
      done = await use("endsAfter", "erase", steps);
      await use("endsAfter", "fetch", (steps * 3) % 17); // where it is put right it ends, too
      assert.equal(await use("endsAfter", "fetch"), true);
      const { current, ...kept } = await use("kept");
      assert.deepEqual(kept, {
        rows: ["unsent 1", "unsent 2", "unsent 3"],
        drafts: [[5, "half a word"]],
        answers: [[5, 3]],
        files: [1, 2, 3].map((number) => [5, `/api/uploads/${number}`]),
        names: [NAME],
      });
      if (done) assert.equal(current, null);
      await use("drop");
      assert.equal(await use("endsAfter", "fetch"), true);
      assert.deepEqual((await use("kept")).rows, []);
    }
  },
);
