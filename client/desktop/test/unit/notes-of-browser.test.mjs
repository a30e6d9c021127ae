/** Notices of a browser: one takes the place of another with the same tag, and can be closed as the first could. */

import assert from "node:assert/strict";
import { test } from "node:test";
import "./face.js";
import { createPlatform } from "../../renderer/platform.js";

test("a notice that replaced another one can be closed", async () => {
  /** @type {Note[]} */
  const made = [];
  class Note {
    static permission = "granted";
    closed = false;
    onclose = () => {};
    constructor() {
      made.push(this);
    }
    close() {
      this.closed = true;
      this.onclose();
    }
  }
  Object.assign(globalThis, { Notification: Note });
  Object.assign(window, { Notification: Note });
  const platform = await createPlatform();
  const note = { tag: "chat-7", title: "", body: "", chat_id: 7, seq: 3, silent: false };
  await platform.notify(/** @type {any} */ (note));
  await platform.notify(/** @type {any} */ (note));
  made[0].onclose(); // by the browser, as the second took its place
  await platform.closeNote("chat-7");
  assert.deepEqual(made.map(({ closed }) => closed), [false, true]);
  made[1].closed = false;
  await platform.closeNote("chat-7");
  assert.equal(made[1].closed, false, "it is closed already");
  const tell = (/** @type {number} */ seq) => platform.notify(/** @type {any} */ ({ ...note, seq }));
  await tell(5);
  await platform.closeNote("chat-7", 0, 4);
  assert.equal(made[2].closed, false, "it tells of a later message");
  made[2].onclose = () => {}; // the browser tells of it later
  await platform.closeNote("chat-7", 5, 5);
  assert.equal(made[2].closed, true);
  made[2].closed = false;
  await platform.closeNote("chat-7");
  assert.equal(made[2].closed, false, "once");
  await tell(6);
  await platform.closeNotes();
  assert.equal(made[3].closed, true);
}); // prettier-ignore
