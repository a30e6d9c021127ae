/** A long log: opened at its end at once, and gone about in. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { becomes, eventually, launchChromium, noChromium, startServer } from "../harness/harness.js";
import { anotherWindow, openWindow } from "./window.js";

const skip = noChromium();
const MANY = 100_000;
/** Makes the one message of a chat into many. */
const FILL = `
import sqlite3, sys
database, chat, many = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
connection = sqlite3.connect(database)
connection.execute("""
  insert into messages (chat_id, seq, sender_id, content, created_at, cid)
  with recursive n(i) as (select 2 union all select i + 1 from n where i < ?)
  select chat_id, i, sender_id, 'number ' || i, created_at, cast('filled-' || i as blob) from messages, n
  where chat_id = ? and seq = 1""", (many, chat))
connection.execute("update chats set last_seq = ?, last_message_seq = ? where id = ?", (many, many, chat))
connection.commit()
`;

test("a chat of 100,000 messages opens at what is unread, and memory stays bounded", { skip }, async () => {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chatId = await server.direct(anna, boris);
  await server.send(boris, chatId, "number 1");
  await server.stop();
  execFileSync("python3", ["-c", FILL, `${server.dataDir}/vestnik.sqlite3`, String(chatId), String(MANY)]);
  await server.start();

  const window = await (await openWindow(browser, server.url)).logIn(anna);
  await window.until((seen) => seen.chats[0]?.unread === 1000);
  await window.act("openChat", chatId);
  await window.until((seen) => seen.timeline?.seqs[0] === 1 && !seen.timeline.at_end);
  await window.act("jumpToEnd", chatId);
  const { timeline } = await window.seen();
  assert.deepEqual([timeline?.at_end, timeline?.at_start], [true, false]);
  assert.ok(Number(timeline?.seqs.length) >= 50);

  for (let page = 0; page < 14; page += 1) await window.act("loadOlder", chatId);
  const far = (await window.seen()).timeline;
  assert.equal(far?.seqs.length, 500, "the far end is dropped");
  assert.equal(far?.at_end, false);
  assert.ok(Number(far?.seqs[0]) < MANY - 650);

  await server.send(boris, chatId, "while reading far up");
  await window.until((seen) => seen.chats[0].last === "while reading far up");
  assert.equal((await window.seen()).timeline?.seqs.at(-1), far?.seqs.at(-1), "it does not move what is read");
  while (!(await window.seen()).timeline?.at_end) await window.act("loadNewer", chatId);
  assert.equal((await window.seen()).timeline?.texts.at(-1), "while reading far up");

  assert.deepEqual(await window.act("jumpTo", chatId, 5), { ok: true });
  const early = (await window.seen()).timeline;
  assert.deepEqual([early?.seqs[0], early?.at_start, early?.at_end], [1, true, false]);
  assert.deepEqual(await window.act("jumpTo", chatId, MANY + 50), { ok: false, code: "not_found" });
  await window.act("jumpToEnd", chatId);
  await becomes(async () => (await window.seen()).timeline?.seqs.at(-1), MANY + 1);

  // what was seen is kept: the next start shows it before anything is asked
  const context = window.page.context();
  const kept = async () => (await window.kept("items")).map((/** @type {any} */ item) => item.seq);
  await eventually(async () => {
    const seqs = await kept();
    return seqs.includes(MANY + 1) && seqs.includes(MANY - 48);
  }, kept);
  await window.page.close();
  // what is unread cannot be had: its end can
  await context.route(/\/messages\?/, (route) => route.abort());
  const again = await anotherWindow(context, server.url);
  await again.act("openChat", chatId);
  await again.until((seen) => seen.timeline?.texts.at(-1) === "while reading far up");
  assert.equal((await again.seen()).chats[0]?.unread, 1000);
  await server.kill();
  assert.ok(Number((await again.seen()).timeline?.seqs.length) >= 50);
});

test("events and long messages are paged without a hole, up to the first that one may see", { skip }, async () => {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const people = [];
  for (const name of ["anna", "boris", "vera"]) people.push(await server.register(name));
  const [anna, boris, vera] = people;
  const chatId = await server.group(boris, "Group", anna);
  for (let number = 1; number <= 20; number += 1) await server.send(boris, chatId, "long ".repeat(790) + number);
  await server.call(boris, "PATCH", `/api/chats/${chatId}`, { title: "Renamed" });
  await server.call(boris, "POST", `/api/chats/${chatId}/members`, { user_ids: [vera.user.id], history: "none" });
  for (let number = 21; number <= 130; number += 1) await server.send(boris, chatId, "я".repeat(3990) + number);

  const one = await (await openWindow(browser, server.url)).logIn(anna);
  await one.until((seen) => seen.chats[0]?.title === "Renamed");
  await one.act("openChat", chatId);
  while (!(await one.seen()).timeline?.at_start) await one.act("loadOlder", chatId);
  const { timeline } = await one.seen();
  assert.deepEqual(timeline?.seqs, Array.from({ length: 132 }, (_, at) => at + 1)); // prettier-ignore

  const two = await (await openWindow(browser, server.url)).logIn(vera);
  await two.until((seen) => seen.chats.length === 1);
  await two.act("openChat", chatId);
  while (!(await two.seen()).timeline?.at_start) await two.act("loadOlder", chatId);
  assert.equal((await two.seen()).timeline?.seqs[0], 22, "her own coming");
  assert.deepEqual(await two.act("jumpTo", chatId, 3), { ok: false, code: "not_found" });

  // without a link one goes to what this machine keeps, and back to the end
  const kept = async () => (await one.kept("items")).some((/** @type {any} */ item) => item.seq === 1);
  await eventually(kept, "all of it is kept");
  await one.act("read", chatId, 132);
  await eventually(async () => (await one.kept("chats")).every((/** @type {any} */ chat) => chat.read_seq === 132), "so is that it is read"); // prettier-ignore
  const context = one.page.context();
  await one.page.close();
  const again = await anotherWindow(context, server.url);
  await server.kill();
  await again.act("openChat", chatId);
  await again.until((seen) => seen.timeline?.seqs.at(-1) === 132);
  const before = (await again.seen()).timeline;
  assert.ok(Number(before?.seqs[0]) > 5, "it is not loaded");
  assert.deepEqual(await again.act("jumpTo", chatId, 5), { ok: true });
  const early = (await again.seen()).timeline;
  assert.deepEqual([early?.seqs[0], early?.at_start, early?.at_end], [1, true, false]);
  assert.deepEqual(await again.act("jumpTo", chatId, 999), { ok: false, code: "no_connection" });
  await again.act("jumpToEnd", chatId);
  await becomes(async () => (await again.seen()).timeline?.seqs.at(-1), 132);
  assert.deepEqual([...one.errors, ...two.errors], []);
});

test(
  "after a month away with thousands of messages the newest are there at once, and the rest is paged back",
  { skip },
  async () => {
    const [server, browser] = await Promise.all([startServer(), launchChromium()]);
    const [anna, boris] = [await server.register("anna"), await server.register("boris")];
    const chatId = await server.direct(anna, boris);
    await server.send(boris, chatId, "number 1");
    const window = await (await openWindow(browser, server.url)).logIn(anna);
    await window.act("openChat", chatId);
    await window.until((seen) => seen.timeline?.texts.length === 1 && seen.chats[0]?.unread === 1);
    await server.stop();
    await window.until((seen) => seen.link === "offline");
    execFileSync("python3", ["-c", FILL, `${server.dataDir}/vestnik.sqlite3`, String(chatId), "5000"]);
    await server.start();
    await window.until((seen) => seen.timeline?.texts.at(-1) === "number 5000" && seen.timeline.loading === null);
    const { timeline, chats, arrivals } = await window.seen();
    assert.ok(Number(timeline?.seqs.length) <= 250);
    assert.equal(chats[0].unread, 1000);
    assert.deepEqual(arrivals, []);
    await window.act("loadOlder", chatId);
    assert.ok(Number((await window.seen()).timeline?.seqs[0]) < Number(timeline?.seqs[0]));
    await window.act("read", chatId, 5000);
    await window.until((seen) => seen.unread === 0);
  },
);
