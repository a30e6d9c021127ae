/** All that is kept is written anew after a deletion: nothing is lost, whatever ends when and whoever writes meanwhile. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  atEnd,
  becomes,
  launchChromium,
  newPage,
  newProfile,
  noChromium,
  openProfile,
  startServer,
} from "../harness/harness.js";
import { residue } from "../harness/residue.js";

const skip = noChromium();
const NAME = "vestnik test 1";

/** Pages of one profile of a browser, without a messenger in them. */
async function pages() {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const context = await newProfile(browser);
  return async () => {
    const page = await context.newPage();
    await page.goto(`${server.url}/app-icon.svg`);
    await page.evaluate(inPage, NAME);
    return page;
  };
}

/** Runs in a page: what the tests below do to a profile. @param {string} name */
async function inPage(name) {
  const [{ Db }, { NOTHING, newRow }] = await Promise.all([
    import(/** @type {any} */ ("/store/db.js")),
    import(/** @type {any} */ ("/protocol/commands.js")),
  ]);
  const db = new Db(name);
  const at = "2026-11-25T10:00:00.000000Z";
  /** @param {number} seq @param {any} more */
  const item = (seq, more) => ({ chat_id: 5, seq, rev: seq, created_at: at, ...more });
  const tools = {
    db,
    /** @param {number} number @param {Blob | null} [bytes] */
    async write(number, bytes = null) {
      const row = newRow({ ...NOTHING, chat_id: 5, content: `unsent ${number}` }, true, number, new Uint8Array(10));
      const files = bytes ? [{ local_id: `file ${number}`, name: "a.txt", size: bytes.size }] : [];
      const kept = { ...row, cid: `${name} ${number}`, files };
      await db.addRow(kept, undefined, bytes ? new Map([[`file ${number}`, { bytes, place: null }]]) : undefined);
    },
    async fill() {
      await db.own("this window");
      const sender = { sender_id: 2, reactions: [], attachments: [], reply_to: null, forwarded: null, edited_at: null };
      const messages = Array.from({ length: 300 }, (_, index) =>
        item(index + 1, { type: "message", content: `text ${index + 1}`, cid: `c${index}`, deleted: false, ...sender }),
      );
      await db.save(messages.map((one) => ({ do: "apply", item: one })));
      const deleted = { type: "event", event: "deleted", actor_id: 2, target_seq: 150, data: { rev: 301 } };
      await db.save([{ do: "apply", item: item(301, deleted) }]);
      await db.save([{ do: "save_epoch", user_id: 1, epoch: "one" }]);
      await db.keepViews({ drafts: new Map([[5, "half a word"]]), current: 5 });
      await tools.write(1);
      await tools.write(2, new Blob(["bytes of a file"]));
      await tools.write(3);
    },
    async kept() {
      const { rows, drafts, cursors, current, epoch, erased } = await db.load();
      const items = await db.items(5, 302, 301);
      const file = await db.file("file 2");
      return {
        rows: rows.map((/** @type {any} */ { content, place }) => [content, place]),
        drafts: [...drafts],
        cursors: cursors.map((/** @type {any} */ { chat_id, applied }) => [chat_id, applied]),
        current,
        epoch,
        items: items.map((/** @type {any} */ { seq, content = null }) => [seq, content]),
        file: file && (await file.bytes.text()),
        erased,
      };
    },
    names: async () => (await indexedDB.databases()).map((one) => one.name).sort(),
    /** The page does no more than so many steps with databases: as it would be if it ended there. @param {number} steps */
    hang(steps) {
      let left = steps;
      for (const step of /** @type {const} */ (["open", "deleteDatabase"])) {
        const real = IDBFactory.prototype[step];
        /** @type {any} */ (IDBFactory.prototype)[step] = function (/** @type {any[]} */ ...args) {
          left -= 1;
          if (left >= 0) return /** @type {any} */ (real).apply(this, args);
          Object.assign(window, { hangs: true });
          return {};
        };
      }
    },
  };
  Object.assign(window, { tools });
}

/** @param {import("playwright-core").Page} page @param {string} name @param {any[]} args */
const use = (page, name, ...args) =>
  page.evaluate(
    ([tool, given]) => /** @type {any} */ (window).tools[tool](...given),
    /** @type {const} */ ([name, args]),
  );

/** @param {import("playwright-core").Page} page @returns {Promise<boolean>} */
const rewrite = (page) => page.evaluate(() => /** @type {any} */ (window).tools.db.rewrite());

test("what is written anew is what was there, and only after a deletion", { skip }, async () => {
  const open = await pages();
  const page = await open();
  await use(page, "fill");
  const before = await use(page, "kept");
  assert.equal(before.items.length, 301);
  assert.deepEqual(before.items[149], [150, null]);
  assert.equal(before.erased, true);
  assert.equal(await rewrite(page), true);
  assert.deepEqual(await use(page, "kept"), { ...before, erased: false });
  assert.deepEqual(await use(page, "names"), [NAME]);
  await use(page, "write", 4);
  assert.equal((await use(page, "kept")).rows.at(-1)[0], "unsent 4");
});

test("a page that ends at whichever step of it loses nothing", { skip }, async () => {
  const open = await pages();
  const first = await open();
  await use(first, "fill");
  const before = await use(first, "kept");
  let done = false;
  for (let steps = 0; !done; steps += 1) {
    const page = await open();
    await use(page, "hang", steps);
    await page.evaluate(() => {
      void (/** @type {any} */ (window).tools.db.rewrite().then(() => Object.assign(window, { done: true })));
    });
    await page.waitForFunction(() => "done" in window || "hangs" in window, null, { polling: 20 });
    done = await page.evaluate(() => "done" in window);
    await page.close();
    assert.deepEqual({ ...(await use(first, "kept")), erased: true }, before, `after ${steps} steps`);
    if (done) assert.ok(steps >= 15, `each step was one to end at: ${steps}`);
  }
  assert.deepEqual(await use(first, "names"), [NAME]);
});

test("what another window writes meanwhile is kept, all of it", { skip }, async () => {
  const open = await pages();
  const [first, second] = [await open(), await open()];
  await use(first, "fill");
  await second.evaluate(() => {
    const { tools } = /** @type {any} */ (window);
    const state = { number: 100, stop: false, ended: Promise.resolve() };
    state.ended = (async () => {
      for (; !state.stop; state.number += 1) {
        await tools.write(state.number);
        await tools.db.keepViews({ drafts: new Map([[state.number, `draft ${state.number}`]]) });
      }
    })();
    Object.assign(window, { state });
  });
  for (let times = 0; times < 3; times += 1) {
    assert.equal(await rewrite(first), true);
    const event = {
      type: "event",
      event: "deleted",
      actor_id: 2,
      target_seq: 2,
      created_at: "2026-11-25T10:00:00.000000Z",
    };
    await first.evaluate((item) => /** @type {any} */ (window).tools.db.save([{ do: "apply", item }]), {
      ...event,
      chat_id: 6,
      seq: times + 3,
      data: { rev: times + 3 },
    });
  }
  const written = await second.evaluate(async () => {
    const { state } = /** @type {any} */ (window);
    state.stop = true;
    await state.ended;
    return state.number - 100;
  });
  assert.ok(written > 0);
  const { rows, drafts } = await use(first, "kept");
  assert.equal(rows.length, 3 + written);
  assert.equal(drafts.length, 1 + written);
});

test("a profile that is deleted while it is written anew stays deleted", { skip }, async () => {
  const open = await pages();
  const [first, second] = [await open(), await open()];
  await use(first, "fill");
  await use(second, "kept");
  const rewriting = rewrite(first);
  const late = await second.evaluate(async () => {
    const { db } = /** @type {any} */ (window).tools;
    await db.destroy();
    return db.keepViews({ drafts: new Map([[5, "late"]]) }).then(() => "kept", (/** @type {Error} */ { name }) => name); // prettier-ignore
  });
  assert.equal(late, "AbortError", "nor does what comes late make it anew");
  await rewriting.catch(() => {});
  await first.close();
  await becomes(() => use(second, "names"), []);
});

test(
  "what the browser does not merge when it is deleted is in no file when all is written anew",
  { skip },
  async () => {
    const server = await startServer();
    const folder = mkdtempSync(join(tmpdir(), "vestnik-profile-"));
    atEnd(() => rmSync(folder, { recursive: true, force: true }));
    const { page } = await newPage(await openProfile(folder));
    await page.goto(`${server.url}/app-icon.svg`);
    const marks = { plain: randomBytes(8).toString("hex"), wide: randomBytes(8).toString("hex") };
    const lies = () => new Set(residue(folder, marks).map((one) => one.split(":")[0]));
    await page.evaluate(async ({ plain, wide }) => {
      const { openDatabase, transact } = await import(/** @type {any} */ ("/store/idb.js"));
      const database = await openDatabase("test", 1, { texts: {} });
      const put = (/** @type {any} */ store) =>
        [plain, `Слово ${wide}`].map((text, key) => store("texts").put(text, key));
      await transact(database, ["texts"], "readwrite", put);
      Object.assign(window, { database });
    }, marks);
    await becomes(
      lies,
      new Set(["plain", "wide"]),
      "else nothing would be found afterwards because this does not find it",
    );
    await page.evaluate(async () => {
      const { rewritingFiles, transact } = await import(/** @type {any} */ ("/store/idb.js"));
      const { database } = /** @type {any} */ (window);
      const clear = (/** @type {any} */ store) => store("texts").clear(); // after which Chromium merges nothing by itself
      await rewritingFiles(() => transact(database, ["texts"], "readwrite", clear));
    });
    await becomes(lies, new Set());
  },
);
