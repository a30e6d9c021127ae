/** What counts as looked at: not what lies under a dialog. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { attach, FakeElement, faceOf } from "./face.js";
import { Log } from "../../renderer/ui/log/log.js";
import { Notify } from "../../renderer/ui/notify.js";

const CHAT = 7;
const chat = { id: CHAT, unread_count: 1, read_seq: 2, last_seq: 3, left_seq: null };
const timeline = {
  chat_id: CHAT,
  items: [],
  echoes: [],
  at_start: true,
  at_end: true,
  loading: null,
  problem: null,
};
const state = {
  current: CHAT, me: { id: 1 }, users: new Map(), limits: {}, timelines: new Map([[CHAT, timeline]]), unread: 1,
  chats: new Map([[CHAT, chat]]), removed: new Map(), progress: new Map(), link: { state: "live" },
}; // prettier-ignore
/** @type {any} */
const page = globalThis;
page.document.hasFocus = () => true;
page.document.visibilityState = "visible";

/** A face with the chat open, over which there is a dialog or not. */
function opened() {
  const over = { dialog: false };
  /** @type {number[]} */
  const read = [];
  /** @type {(number | null)[]} */
  const looks = [];
  const messenger = {
    state: () => state,
    keptPlace: () => null,
    read: (/** @type {number} */ _, /** @type {number} */ seq) => void read.push(seq),
    look: (/** @type {number | null} */ chatId) => void looks.push(chatId),
    onArrival: () => {},
    subscribe: () => {},
    isLookedAt: () => false,
  };
  const platform = { desktop: true, setBadge: () => {}, closeNote: async () => {}, notes: async () => [] };
  const { face } = faceOf(messenger, { platform });
  face.overlays.busy = () => over.dialog;
  return { face, over, read, looks };
}

test("a message under a dialog is not read, and is half a second after the dialog was closed", (context) => {
  let now = 0;
  context.mock.method(performance, "now", () => now);
  mock.timers.enable({ apis: ["setTimeout"] });
  context.after(() => mock.timers.reset());
  const pass = (/** @type {number} */ ms) => {
    now += ms;
    mock.timers.tick(ms);
  };
  /** @type {(entries: any[]) => void} */
  let changed = () => {};
  page.IntersectionObserver = class {
    /** @param {(entries: any[]) => void} tell */
    constructor(tell) {
      changed = tell;
    }
    observe() {}
    unobserve() {}
    disconnect() {}
  };
  const { face, over, read } = opened();
  const log = new Log(face, /** @type {any} */ ({ of: () => null }));
  const row = Object.assign(new FakeElement(), { dataset: { seq: "3" }, isConnected: true });
  const element = new FakeElement();
  const unread = (/** @type {string} */ selector) => (selector === "[data-unread]" ? [row] : []);
  Object.assign(element, { firstElementChild: null, querySelectorAll: unread });
  attach(log.template(/** @type {any} */ (state), /** @type {any} */ (chat), { now: new Date(0), query: "" }), element);
  const draw = (/** @type {boolean} */ dialog) => {
    over.dialog = dialog;
    log.rendered(/** @type {any} */ (state));
  };
  Object.defineProperty(log.scroll, "placing", { value: false });
  const [target, inSight] = [row, { intersectionRatio: 1, intersectionRect: { height: 10 } }];
  draw(false);
  changed([{ target, ...inSight, rootBounds: { height: 600 } }]);
  pass(499);
  draw(true);
  pass(5000);
  assert.deepEqual(read, []);
  draw(false);
  pass(499);
  assert.deepEqual(read, []);
  pass(1);
  assert.deepEqual(read, [3]);
});

test("nobody looks at a chat that lies under a dialog: its messages are told", () => {
  const { face, over, looks } = opened();
  const notify = new Notify(face);
  for (const dialog of [false, true, false]) {
    over.dialog = dialog;
    notify.rendered(/** @type {any} */ (state));
  }
  assert.deepEqual(looks, [CHAT, null, CHAT]);
});
