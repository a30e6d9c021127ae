/** A notice goes with what it tells of, whichever window showed it, and with the log-in. */

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { test } from "node:test";
import { faceOf } from "./face.js";
import { settled } from "./page.js";
import { Notify } from "../../renderer/ui/notify.js";

/** What the system shows. @type {Set<Notice>} */
const inSight = new Set();
/** Of the system, which shows each at once, or never says so. */
class Notice extends EventEmitter {
  static isSupported = () => true;
  static silent = false;
  /** @param {{title: string, body: string}} words */
  constructor({ body }) {
    super();
    this.body = body;
  }
  show() {
    inSight.add(this);
    if (!Notice.silent) this.emit("show");
  }
  close() {
    inSight.delete(this);
    this.emit("close");
  }
}
const require = createRequire(import.meta.url);
const electron = require.resolve("electron");
require.cache[electron] = /** @type {any} */ ({ id: electron, filename: electron, loaded: true, exports: { Notification: Notice } }); // prettier-ignore
const { createNotes } = require("../../src/main/system-notices.js");

const CHAT = 7;
const OTHER = 8;
Object.assign(document, { hasFocus: () => false, hidden: false });

/** The app with its notifications; windows of it come and go, and all are told the same. */
function app() {
  inSight.clear();
  const notes = createNotes(() => {});
  let state = /** @type {any} */ ({
    current: null, me: { id: 1 }, users: new Map([[2, { id: 2, username: "boris", display_name: "Борис" }]]),
    chats: new Map([CHAT, OTHER].map((id) => [id, { id, title: "Маяк", is_group: true, unread_count: 0, read_seq: 2, last_seq: 2, first_seq: 1, muted: false }])),
    removed: new Set(), echoes: { lists: new Map() }, timelines: new Map(), listed: true, unread: 0,
    settings: { notifications: true, sounds: true, notify_text: true }, link: { state: "live" },
  }); // prettier-ignore
  /** @type {Set<() => void>} */
  const listeners = new Set();
  const change = (/** @type {object} */ given) => {
    state = { ...state, ...given };
    for (const listener of listeners) listener();
  };
  const chatIs = (/** @type {number} */ id, /** @type {object} */ given) =>
    change({ chats: new Map(state.chats).set(id, { ...state.chats.get(id), ...given }) });
  const platform = {
    desktop: true,
    notify: (/** @type {any} */ note) => notes.show(note),
    notes: async () => notes.list(),
    closeNote: async (/** @type {string} */ tag, first = 0, last = Number.MAX_SAFE_INTEGER) => notes.close(tag, first, last),
    closeNotes: async () => notes.closeAll(),
    setBadge: () => {},
    attention: () => {},
  }; // prettier-ignore
  /** A window; `gone` takes it away as a reload or a closed window does, which tells nobody. */
  const opened = () => {
    let arrive = (/** @type {any} */ _message, /** @type {any} */ _chat) => {};
    const mine = new Set();
    const messenger = {
      state: () => state,
      onArrival: (/** @type {typeof arrive} */ listener) => {
        arrive = listener;
        return () => {};
      },
      subscribe: (/** @type {() => void} */ listener) => {
        listeners.add(listener);
        mine.add(listener);
        return () => listeners.delete(listener);
      },
      isLookedAt: () => false,
      look: () => {},
    };
    const over = new AbortController();
    const { face, said } = faceOf(messenger, { platform, ended: over.signal });
    new Notify(face);
    for (const listener of mine) listener();
    return {
      said,
      end: () => over.abort(),
      gone: () => mine.forEach((listener) => listeners.delete(listener)),
      /** A message comes, and this window tells of it. @param {number} id @param {number} seq */
      tells(id, seq) {
        chatIs(id, { unread_count: state.chats.get(id).unread_count + 1, last_seq: seq });
        arrive({ chat_id: id, seq, sender_id: 2, content: `text ${seq}` }, state.chats.get(id));
      },
    };
  };
  const read = (/** @type {number} */ id) => chatIs(id, { unread_count: 0, read_seq: state.chats.get(id).last_seq });
  const deleted = (/** @type {number} */ id, /** @type {number} */ seq) =>
    change({ removed: new Set([...state.removed, `${id} ${seq}`]) });
  return { opened, change, read, deleted };
}
const shown = () => [...inSight].map(({ body }) => body.replace("Борис: ", ""));

test("a notice of a window that was closed goes when its chat is read in another", async () => {
  const { opened, read } = app();
  const [one, other] = [opened(), opened()];
  await settled();
  one.tells(CHAT, 3);
  one.tells(OTHER, 3);
  one.gone();
  read(CHAT);
  await settled();
  assert.deepEqual(shown(), ["text 3"], "the other chat's");
  read(OTHER);
  await settled();
  assert.deepEqual(shown(), []);
  assert.deepEqual(other.said, []);
});

test("it goes when its message is deleted, and not with another one", async () => {
  const { opened, deleted } = app();
  const one = opened();
  opened();
  await settled();
  one.tells(CHAT, 3);
  one.tells(CHAT, 4);
  one.gone();
  deleted(CHAT, 3);
  await settled();
  assert.deepEqual(shown(), ["text 4"]);
  deleted(CHAT, 4);
  await settled();
  assert.deepEqual(shown(), []);
});

test("a page that was loaded anew goes on with the notices of the one before", async () => {
  const { opened, read, change } = app();
  const before = opened();
  await settled();
  before.tells(CHAT, 3);
  before.tells(OTHER, 4);
  before.gone();
  change({ link: { state: "connecting" } });
  read(CHAT); // elsewhere, while the page was away
  opened();
  await settled();
  assert.deepEqual(shown(), ["text 3", "text 4"], "nothing is known without a link");
  change({ link: { state: "live" } });
  await settled();
  assert.deepEqual(shown(), ["text 4"]);
  read(OTHER);
  await settled();
  assert.deepEqual(shown(), []);
});

test("one that stands for several chats goes when the last of them is read, whoever showed it", async () => {
  for (const who of ["another window", "the page after it"]) {
    const { opened, read, change } = app();
    if (who === "another window") opened();
    const before = opened();
    change({ link: { state: "resuming" } });
    before.tells(CHAT, 3);
    before.tells(OTHER, 3);
    change({ link: { state: "live" } });
    before.gone();
    assert.equal(inSight.size, 1);
    if (who === "the page after it") opened();
    await settled();
    read(CHAT);
    await settled();
    assert.equal(inSight.size, 1, who);
    read(OTHER);
    await settled();
    assert.equal(inSight.size, 0, who);
  }
});

test("none stays after the log-in, whichever page showed it", async () => {
  const { opened } = app();
  const before = opened();
  await settled();
  before.tells(CHAT, 3);
  before.gone();
  const after = opened();
  await settled();
  assert.deepEqual(shown(), ["text 3"]);
  after.end();
  assert.deepEqual(shown(), []);
});

test("a message that the system did not show is not told where the log-in is over by then", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  Notice.silent = true;
  context.after(() => void (Notice.silent = false));
  for (const over of [false, true]) {
    const window = app().opened();
    window.tells(CHAT, 3);
    if (over) window.end();
    context.mock.timers.tick(3_000);
    for (let turn = 0; turn < 10; turn += 1) await null;
    assert.equal(window.said.length, over ? 0 : 1);
  }
});
