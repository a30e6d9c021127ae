/** Files that wait to be sent, where they are in memory. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_WAITING, isTooMuch } from "../../renderer/store/waiting.js";
import { memoryStore } from "../../renderer/store/memory.js";

/** @param {string} cid @param {number} size */
const row = (cid, size) => /** @type {any} */ ({ cid, chat_id: 1, content: "", state: "queued", files: [{ local_id: cid, size }] }); // prettier-ignore

test("1 GiB waits at most, also where nothing is kept on the disk", async () => {
  const store = memoryStore("vestnik somebody");
  assert.equal(MOST_WAITING, 1024 ** 3);
  assert.equal(await store.noRoom(MOST_WAITING), null);
  await store.addRow(row("one", MOST_WAITING - 10));
  assert.deepEqual([await store.noRoom(10), await store.noRoom(11)], [null, "too_much_waiting"]);
  await store.addRow(row("two", 10));
  assert.equal(await store.noRoom(1), "too_much_waiting");
  await store.dropRow("one");
  assert.equal(await store.noRoom(MOST_WAITING - 10), null, "what is gone counts no more");
  assert.equal(isTooMuch([{}, row("one", 1)], MOST_WAITING), true, "an earlier version wrote rows without files");
});
