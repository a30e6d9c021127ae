/** What is kept of a chat's log does not depend on how many changes of it came into one save. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { launchChromium, newProfile, noChromium, startServer } from "../harness/harness.js";
import { ServerChat, numbers } from "../unit/world.js";

const skip = noChromium();
const CHAT = 7;
const OTHER = 2;

/** What databases keep of a chat after each of these lists of saves. @param {any[][][]} lives
 * @returns {Promise<{items: any[], cursor: any}[]>} */
async function keptAfter(lives) {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const page = await (await newProfile(browser)).newPage();
  await page.goto(`${server.url}/app-icon.svg`);
  return page.evaluate(async (all) => {
    const { Db } = await import(/** @type {any} */ ("/store/db.js"));
    const kept = [];
    for (const [number, saves] of all.entries()) {
      const db = new Db(`vestnik test ${number}`);
      await db.own("this window");
      for (const save of saves) await db.save(save);
      const { cursors } = await db.load();
      await db.close();
      /** @type {any[]} */
      const items = await new Promise((resolve, reject) => {
        const opening = indexedDB.open(db.name);
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const reading = opening.result.transaction("items").objectStore("items").getAll();
          reading.onsuccess = () => resolve(reading.result);
        };
      });
      kept.push({ items, cursor: cursors[0] ?? null });
    }
    return kept;
  }, lives);
}

/** @param {any} item */
const applied = (item) => ({ do: "apply", item });

/** A message, and changes of it as they are pushed. */
function changed() {
  const chat = new ServerChat(CHAT);
  const seq = chat.send(OTHER);
  const first = applied(chat.item(seq));
  /** @param {"edited" | "deleted" | "reaction_added"} what */
  const change = (what) => {
    chat.change(seq, what);
    return applied(chat.item(chat.last_seq));
  };
  return { chat, seq, first, change };
}

test("two changes of one message in one save are both kept", { skip }, async () => {
  const { chat, seq, first, change } = changed();
  const edit = change("edited");
  const reaction = change("reaction_added");
  const [kept, early] = await keptAfter([[[first], [edit, reaction]], [[first, edit, reaction]]]);
  assert.equal(kept.items[0].content, "edited 2");
  assert.deepEqual(kept.items[0], chat.item(seq));
  assert.deepEqual(early, kept);
});

test("a change does not bring back a message that is removed in the same save", { skip }, async () => {
  const { first, change } = changed();
  const edit = change("edited");
  const ends = [
    { do: "expire", chat_id: CHAT, first_seq: 2 },
    { do: "begins", chat_id: CHAT, first_seq: 3 },
    { do: "jump", chat_id: CHAT, applied: 9 },
    { do: "forget", chat_id: CHAT },
  ];
  const kept = await keptAfter(ends.map((end) => [[first], [edit, end]]));
  const texts = kept.map(({ items }) => items.map(({ type, seq }) => `${type} ${seq}`));
  assert.deepEqual(texts, [["hidden 2"], [], [], []]);
});

test("a log that is saved by parts is kept as one that is saved item by item", { skip }, async () => {
  const lives = [1, 2, 3, 4, 5, 6].flatMap((seed) => {
    const random = numbers(seed);
    const outputs = historyOf(random);
    const before = outputs.splice(0, 520);
    const saves = [];
    while (outputs.length) saves.push(outputs.splice(0, 1 + Math.trunc(random() ** 2 * 60)));
    return [
      [before, ...saves.flat().map((one) => [one])],
      [before, ...saves],
    ];
  });
  const kept = await keptAfter(lives);
  for (let at = 0; at < kept.length; at += 2) assert.deepEqual(kept[at + 1], kept[at]);
});

/** What a session tells of a chat in which much happens. @param {() => number} random */
function historyOf(random) {
  const chat = new ServerChat(CHAT);
  const outputs = [];
  let first = 1;
  const push = () => outputs.push(applied(chat.item(chat.last_seq)));
  for (let step = 0; step < 720; step += 1) {
    const dice = step < 520 ? 0 : random();
    const target = Math.max(first, chat.last_seq - Math.trunc(random() ** 3 * 520));
    const before = chat.last_seq;
    if (dice < 0.3) chat.send(OTHER);
    else if (dice < 0.6) chat.change(target, "edited");
    else if (dice < 0.85) chat.change(target, "reaction_added");
    else if (dice < 0.95) chat.change(target, "deleted");
    else if (dice < 0.98) {
      first = Math.max(first, target);
      outputs.push({ do: "expire", chat_id: CHAT, first_seq: first });
    } else if (dice < 0.985) outputs.push({ do: "jump", chat_id: CHAT, applied: chat.last_seq });
    if (chat.last_seq > before) push();
  }
  return outputs;
}
