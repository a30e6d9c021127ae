/** What is kept on this machine: broken databases, and what a start without a server shows. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { becomes, launchChromium, newProfile, noChromium, startServer, startWire } from "../harness/harness.js";
import { anotherWindow, openWindow } from "./window.js";

const skip = noChromium();

/** Anna's window, closed while a message waits for the server. */
async function closedWithUnsent() {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chatId = await server.direct(anna, boris);
  await server.send(boris, chatId, "kept");
  const wire = await startWire(server);
  const window = await (await openWindow(browser, wire.url)).logIn(anna);
  await window.act("openChat", chatId);
  await window.until((seen) => seen.timeline?.texts.length === 1 && seen.chats.length === 1);
  await wire.cut();
  await window.until((seen) => seen.link === "offline");
  await window.act("send", chatId, "unsent", null);
  const context = window.page.context();
  const helper = await context.newPage();
  await wire.restore();
  await helper.goto(`${wire.url}/app-icon.svg`);
  await wire.cut();
  await window.page.close();
  const name = await helper.evaluate(async () =>
    (await indexedDB.databases()).map((one) => one.name ?? "").find((one) => one.startsWith("vestnik http")),
  );
  return { server, wire, context, helper, chatId, name: String(name), anna };
}

/** @param {Awaited<ReturnType<typeof closedWithUnsent>>} what */
async function allIsWell({ server, wire, context, helper, chatId, anna }) {
  await helper.close();
  await wire.restore();
  const again = await anotherWindow(context, wire.url);
  await again.until((seen) => seen.link === "live" && seen.chats.length === 1);
  await again.act("openChat", chatId);
  await again.until((seen) => seen.timeline?.texts.join() === "kept,unsent" && seen.timeline.echoes.length === 0);
  assert.equal((await server.items(anna, chatId)).length, 2);
  await server.send(anna, chatId, "from the phone");
  await again.until((seen) => seen.timeline?.texts.at(-1) === "from the phone");
  assert.deepEqual(again.errors, []);
}

test("a database of a newer version is made anew, and what was not sent is sent", { skip }, async () => {
  const what = await closedWithUnsent();
  await what.helper.evaluate(async (name) => {
    const database = await new Promise((resolve, reject) => {
      const opening = indexedDB.open(name, 99);
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error);
    });
    database.close();
  }, what.name);
  await allIsWell(what);
});

test("a database without some of its stores is made anew, and what was not sent is sent", { skip }, async () => {
  const what = await closedWithUnsent();
  await what.helper.evaluate(async (name) => {
    const rows = await new Promise((resolve) => {
      const opening = indexedDB.open(name);
      opening.onsuccess = () => {
        const all = opening.result.transaction("outbox").objectStore("outbox").getAll();
        all.onsuccess = () => {
          opening.result.close();
          resolve(all.result);
        };
      };
    });
    await new Promise((resolve) => (indexedDB.deleteDatabase(name).onsuccess = resolve));
    await new Promise((resolve) => {
      const opening = indexedDB.open(name, 1);
      opening.onupgradeneeded = () => {
        const outbox = opening.result.createObjectStore("outbox", { keyPath: "place", autoIncrement: true });
        outbox.createIndex("cid", "cid", { unique: true });
        for (const row of rows) outbox.add(row);
        opening.result.createObjectStore("nonsense");
      };
      opening.onsuccess = () => {
        opening.result.close();
        resolve(null);
      };
    });
  }, what.name);
  await allIsWell(what);
});

test("rubbish in the database is passed over", { skip }, async () => {
  const what = await closedWithUnsent();
  await what.helper.evaluate(async (name) => {
    await new Promise((resolve) => {
      const opening = indexedDB.open(name);
      opening.onsuccess = () => {
        const stores = ["cursors", "outbox", "items", "chats", "users", "drafts", "meta"];
        const transaction = opening.result.transaction(stores, "readwrite");
        const put = (/** @type {string} */ store, /** @type {any} */ value, /** @type {any} */ key = undefined) =>
          transaction.objectStore(store).put(value, key);
        put("cursors", { chat_id: 77, applied: "many" });
        put("cursors", { chat_id: -1, applied: 5 });
        put("outbox", { cid: 5, content: null });
        put("outbox", { cid: "x y", chat_id: 1.5, content: "bad" });
        put("items", { chat_id: 1, seq: 1, type: "message", content: { not: "text" } });
        put("items", { chat_id: 1, seq: 2 });
        put("chats", { id: 55, title: 7 });
        put("chats", { id: "a" });
        put("users", { id: 3, display_name: 9 });
        put("drafts", { not: "text" }, 1);
        put("drafts", "for nobody", "somewhere");
        put("drafts", { reply: { seq: "1" }, edit: null }, ["begun", 1]);
        put("drafts", { reply: null, edit: { seq: null, text: 5 } }, ["begun", 2]);
        put("drafts", "words", ["begun", "all"]);
        put("meta", "nobody", "me");
        put("meta", 5, "epoch");
        transaction.oncomplete = () => {
          opening.result.close();
          resolve(null);
        };
      };
    });
  }, what.name);
  await allIsWell(what);
});

test("a start without a server shows what is kept, and takes messages", { skip }, async () => {
  const { wire, context, helper, chatId, server, anna } = await closedWithUnsent();
  // the page itself comes from a cache in the desktop client; here from the server, which is cut right after
  await wire.restore();
  const again = await anotherWindow(context, wire.url, { connect: 500 });
  await wire.cut();
  await helper.close();
  await again.act("openChat", chatId);
  await again.until(
    (seen) => seen.phase === "signed_in" && seen.timeline?.texts[0] === "kept" && seen.chats.length === 1,
  );
  await again.until((seen) => seen.link === "offline");
  await again.act("send", chatId, "another", null);
  await wire.restore();
  await again.until(
    (seen) => seen.timeline?.texts.join() === "kept,unsent,another" && seen.timeline.echoes.length === 0,
  );
  assert.equal((await server.items(anna, chatId)).length, 3);
});

test("when nothing can be stored a message is refused, and nothing is sent that is not durable", { skip }, async () => {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chatId = await server.direct(anna, boris);
  const window = await (await openWindow(browser, server.url)).logIn(anna);
  await window.until((seen) => seen.chats.length === 1);
  await window.page.evaluate(() => {
    const add = IDBObjectStore.prototype.add;
    IDBObjectStore.prototype.add = function () {
      IDBObjectStore.prototype.add = add;
      throw new DOMException("full", "QuotaExceededError");
    };
  });
  assert.deepEqual(await window.act("send", chatId, "nowhere", null), { ok: false, code: "not_saved" });
  assert.deepEqual(await window.act("send", chatId, "somewhere", null), { ok: true });
  await window.until((seen) => seen.chats[0].last === "somewhere");
  assert.equal((await server.items(anna, chatId)).length, 1);
});

test("when saving fails the link begins again from what is saved, and nothing is missing", { skip }, async () => {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chatId = await server.direct(anna, boris);
  const window = await (await openWindow(browser, server.url)).logIn(anna);
  await window.act("openChat", chatId);
  await window.page.evaluate(() => {
    const put = IDBObjectStore.prototype.put;
    let left = 3;
    IDBObjectStore.prototype.put = function (...args) {
      if (this.name === "items" && left-- > 0) throw new DOMException("full", "QuotaExceededError");
      return put.apply(this, args);
    };
  });
  for (const text of ["one", "two", "three"]) await server.send(boris, chatId, text);
  await window.until((seen) => seen.timeline?.texts.join() === "one,two,three" && seen.link === "live");
  await becomes(async () => (await window.seen()).arrivals, ["one", "two", "three"]);
});

test(
  "what was last written, shown and opened is there again, however soon the window is closed",
  { skip },
  async () => {
    const [server, browser] = await Promise.all([startServer(), launchChromium()]);
    const [anna, boris] = [await server.register("anna"), await server.register("boris")];
    const chatId = await server.direct(anna, boris);
    const wire = await startWire(server);
    const window = await (await openWindow(browser, wire.url)).logIn(anna);
    await window.act("openChat", chatId);
    await window.until((seen) => seen.chats.length === 1);
    await server.send(boris, chatId, "the last");
    await window.until((seen) => seen.chats[0].last === "the last");
    await window.act("setDraft", chatId, "half a word");
    await window.page.goto("about:blank"); // as closing it: the page hears `pagehide` and is gone
    await window.open(wire.url);
    await wire.cut();
    await window.until((seen) => seen.chats[0]?.last === "the last" && seen.chats[0].draft === "half a word");
    await window.until((seen) => seen.timeline?.texts.at(-1) === "the last");
  },
);

test("where the browser keeps nothing the messenger works until the page is closed", { skip }, async () => {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chatId = await server.direct(anna, boris);
  const context = await newProfile(browser);
  await context.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("forbidden", "SecurityError");
    };
  });
  const window = await (await anotherWindow(context, server.url)).logIn(anna);
  await window.act("openChat", chatId);
  await server.send(boris, chatId, "hello");
  await window.until((seen) => seen.timeline?.texts.at(-1) === "hello" && seen.unread === 1);
  await server.kill();
  await window.until((seen) => seen.link === "offline");
  await window.act("send", chatId, "and to you", null);
  await window.until((seen) => seen.timeline?.echoes.length === 1);
  await server.start();
  await window.until((seen) => seen.timeline?.texts.at(-1) === "and to you" && !seen.timeline?.echoes.length);
  assert.deepEqual(window.errors, []);
});

test("what is to become of a message stays with it in each save that ends it", { skip }, async () => {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const page = await (await newProfile(browser)).newPage();
  await page.goto(`${server.url}/app-icon.svg`);
  const rows = await page.evaluate(async () => {
    const [{ Db }, { NOTHING, newRow }] = await Promise.all([
      import(/** @type {any} */ ("/store/db.js")),
      import(/** @type {any} */ ("/protocol/commands.js")),
    ]);
    const db = new Db("vestnik test");
    await db.own("this window");
    let number = 0;
    /** @param {string} cid @param {object} command */
    const add = async (cid, command) => {
      number += 1;
      const row = newRow({ ...NOTHING, chat_id: 5, ...command }, true, number, new Uint8Array(10).fill(number));
      await db.addRow({ ...row, cid });
    };
    for (const cid of ["stored", "refused", "refused too", "dropped", "changed"]) {
      await add(cid, { content: cid });
      await add(`edit of ${cid}`, { kind: "edit", content: `new ${cid}`, of_cid: cid });
    }
    await add("deletion", { kind: "delete", of_cid: "refused too" });
    const at = "2026-11-25T10:00:00.000000Z";
    const failed = ["refused", "edit of refused", "refused too", "edit of refused too", "deletion"];
    const { place: _place, ...changed } = (await db.load()).rows.find(
      (/** @type {any} */ row) => row.cid === "changed",
    );
    await db.save([
      { do: "drop_row", cid: "stored" },
      { do: "sent", cid: "stored", chat_id: 5, seq: 1, created_at: at },
      ...failed.flatMap((cid) => [
        { do: "drop_row", cid },
        { do: "failed", cid, chat_id: 5, code: "forbidden" },
      ]),
      { do: "save_row", row: { ...changed, content: "new changed" } },
      { do: "drop_row", cid: "edit of changed" },
      { do: "merged", cid: "edit of changed", chat_id: 5, into: "changed" },
    ]);
    await db.dropRow("dropped");
    const kept = (await db.load()).rows;
    return kept.map((/** @type {any} */ row) => [row.cid, row.kind, row.content, row.seq, row.target_at, row.state]);
  });
  assert.deepEqual(rows, [
    ["edit of stored", "edit", "new stored", 1, "2026-11-25T10:00:00.000000Z", "queued"],
    ["refused", "send", "new refused", null, null, "failed"],
    ["changed", "send", "new changed", null, null, "queued"],
  ]);
});

test("of two windows that put a refused message again one does, and neither what was dropped", { skip }, async () => {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const page = await (await newProfile(browser)).newPage();
  await page.goto(`${server.url}/app-icon.svg`);
  const found = await page.evaluate(async () => {
    const [{ Db }, { NOTHING, newRow }] = await Promise.all([
      import(/** @type {any} */ ("/store/db.js")),
      import(/** @type {any} */ ("/protocol/commands.js")),
    ]);
    const [one, other] = [new Db("vestnik test"), new Db("vestnik test")];
    const files = [{ local_id: "file", name: "a", size: 5, content_type: "", as_file: true, file_id: null }];
    /** @param {string} cid */
    const row = (cid) => {
      const written = newRow({ ...NOTHING, chat_id: 5, content: cid, files }, true, 1, new Uint8Array(10));
      return { ...written, cid };
    };
    await one.addRow(
      { ...row("refused"), state: "failed", code: "forbidden" },
      undefined,
      new Map([["file", { bytes: new Blob(["bytes"]), place: null }]]),
    );
    const twice = await Promise.all([one.addRow(row("again"), "refused"), other.addRow(row("and again"), "refused")]);
    const rows = (await one.load()).rows.map((/** @type {any} */ { cid }) => cid);
    const size = (await one.file("file"))?.bytes.size;
    await one.dropRow("again");
    const late = await other.addRow(row("late"), "again");
    return { twice, rows, size, late, left: (await one.load()).rows.length };
  });
  assert.deepEqual(found, { twice: [true, false], rows: ["again"], size: 5, late: false, left: 0 });
});

test("people whom nothing names any more leave the disk too", { skip }, async () => {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const page = await (await newProfile(browser)).newPage();
  await page.goto(`${server.url}/app-icon.svg`);
  const ids = await page.evaluate(async () => {
    const { Db } = await import(/** @type {any} */ ("/store/db.js"));
    const db = new Db("vestnik test");
    const users = [1, 2, 3, 4].map((id) => ({ id, username: `u${id}`, display_name: "U" }));
    await db.keepViews({ users });
    await db.keepViews({ strangers: [2] });
    await db.tidy((/** @type {number} */ id) => id !== 3);
    return (await db.load()).users.map((/** @type {any} */ user) => user.id);
  });
  assert.deepEqual(ids, [1, 4]);
});
