/** What the system shows follows what is read, drawn or not. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { faceOf } from "./face.js";
import { Notify } from "../../renderer/ui/notify.js";

test("the count and the notices of a window that draws no frames are those of now", () => {
  Object.assign(document, { hasFocus: () => false, hidden: false });
  const chat = { id: 7, title: "Маяк", is_group: true, unread_count: 1, read_seq: 2, muted: false };
  const message = { chat_id: 7, seq: 3, sender_id: 2, content: "Где вы?" };
  const state = /** @type {any} */ ({
    current: null,
    me: { id: 1 },
    users: new Map([[2, { id: 2, username: "boris", display_name: "Борис" }]]),
    chats: new Map([[7, chat]]),
    removed: new Map(),
    settings: { notifications: true, sounds: true, notify_text: true },
    link: { state: "live" },
    unread: 1,
  });
  const [counts, closed] = [/** @type {number[]} */ ([]), /** @type {string[]} */ ([])];
  let arrive = (/** @type {any} */ _message, /** @type {any} */ _chat) => {};
  let change = () => {};
  const messenger = {
    state: () => state,
    onArrival: (/** @type {typeof arrive} */ listener) => void (arrive = listener),
    subscribe: (/** @type {() => void} */ listener) => void (change = listener),
    isLookedAt: () => false,
    look: () => {},
  };
  const platform = {
    desktop: true,
    notify: async () => true,
    setBadge: (/** @type {number} */ count) => void counts.push(count),
    closeNote: async (/** @type {string} */ tag) => void closed.push(tag),
    attention: () => {},
  };
  new Notify(faceOf(messenger, { platform }).face);
  change();
  arrive(message, chat);
  state.chats.set(7, { ...chat, unread_count: 0, read_seq: 3 }); // elsewhere
  state.unread = 0;
  change();
  assert.deepEqual([counts, closed], [[1, 0], ["chat-7"]]);
});
