/** How many unread messages mention one: messages, edits and deletions that are told, between the server's own counts. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { emptyModel, reduce } from "../../renderer/state/model.js";
import { numbers, ME, ServerChat, at, person } from "./world.js";

const CHAT = 7;

/** A window that was told of a group of three others' messages, as the server counted it. */
class Window {
  server = new ServerChat(CHAT);
  /** Whom the messages name on the server, by seq. @type {Map<number, number[]>} */
  names = new Map();
  model = reduce(emptyModel(), [{ do: "me", user: /** @type {any} */ (person(ME)) }], 0);

  /** @param {any[]} updates */
  update(...updates) {
    this.model = reduce(this.model, updates, Date.UTC(2026, 0, 2));
  }

  /** Of the newest. @param {number} [sender] @param {number[]} [mentions] */
  send(sender = 2, mentions = []) {
    const seq = this.server.send(sender);
    Object.assign(this.server.log[seq - 1], { mentions });
    return seq;
  }

  /** @param {number} target @param {number[]} mentions */
  edit(target, mentions) {
    const message = this.server.log[target - 1];
    const seq = this.server.last_seq + 1;
    const after = { content: `edited ${seq}`, edited_at: at(seq), rev: message.rev + 1 };
    this.server.log[target - 1] = { ...message, ...after, mentions };
    this.server.happen("edited", { ...after, ...(mentions.length && { mentions }) }, target, message.sender_id);
  }

  /** @param {number} target */
  delete(target) {
    const message = this.server.log[target - 1];
    const rev = message.rev + 1;
    this.server.log[target - 1] = { ...message, content: null, deleted: true, mentions: [], rev };
    this.server.happen("deleted", { sender_id: message.sender_id, rev }, target, message.sender_id);
  }

  /** What stands on the server. */
  get counted() {
    const unread = this.server.log.slice(this.server.read).filter(({ type, sender_id }) => type === "message" && sender_id !== ME); // prettier-ignore
    return unread.filter(({ mentions }) => mentions.includes(ME)).length;
  }

  get last() {
    const messages = this.server.log.filter(({ type }) => type === "message");
    return messages.at(-1) ?? null;
  }

  /** The server counted: the chat is described. */
  describe() {
    const told = { ...this.server.chat(), mention_count: this.counted, last_message: structuredClone(this.last) };
    this.update({ do: "chats", chats: [told], users: [] });
    this.applied ??= this.server.last_seq;
    this.update({ do: "jump", chat_id: CHAT, applied: this.applied });
  }

  /** @type {number | null} */
  applied = null;

  /** All of the log that is there now is loaded. */
  load() {
    const { last_seq } = this.server;
    const page = { items: structuredClone(this.server.log), users: [], from_seq: 0, to_seq: last_seq };
    this.update({ do: "open", chat_id: CHAT }, { do: "page", chat_id: CHAT, page });
  }

  /** What the log holds above what was applied is told, one after another. */
  live() {
    for (let seq = (this.applied ?? 0) + 1; seq <= this.server.last_seq; seq += 1) {
      this.update({ do: "apply", item: structuredClone(this.server.log[seq - 1]) });
    }
    this.applied = this.server.last_seq;
  }

  get chat() {
    const chat = this.model.chats.get(CHAT);
    assert.ok(chat);
    return chat;
  }

  /** @param {number} count @param {string} [why] */
  holds(count, why) {
    assert.deepEqual([this.chat.mention_count, this.counted], [count, count], why);
  }
}

/** @param {(window: Window) => void} [before] what is there when the server counts */
function opened(before = () => {}) {
  const window = new Window();
  before(window);
  window.describe();
  window.load();
  return window;
}

test("an edit that names one counts, and one that names one no more does not", () => {
  const window = opened((it) => void [it.send(), it.send(2, [ME])]);
  window.holds(1);
  window.edit(1, [ME]);
  window.live();
  window.holds(2);
  window.edit(2, []);
  window.live();
  window.holds(1);
  window.edit(1, [3]);
  window.live();
  window.holds(0);
  window.edit(1, [3, ME]);
  window.edit(1, [ME]);
  window.live();
  window.holds(1);
});

test("so it is with what came while one was here", () => {
  const window = opened();
  const [one, other] = [window.send(), window.send(2, [ME])];
  window.live();
  window.holds(1);
  window.edit(one, [ME]);
  window.edit(other, []);
  window.live();
  window.holds(1);
  window.edit(one, []);
  window.live();
  window.holds(0);
});

test("a deletion takes away what the server had counted", () => {
  const window = opened((it) => void [it.send(2, [ME]), it.send(2, [ME]), it.send()]);
  window.delete(1);
  window.live();
  window.holds(1);
  window.edit(2, []);
  window.delete(2);
  window.live();
  window.holds(0);
});

test("what is read counts no more, and an edit of it does not either", () => {
  const window = opened((it) => void [it.send(), it.send()]);
  window.edit(1, [ME]);
  window.live();
  window.holds(1);
  window.server.read = 1;
  window.update({ do: "save_marks", chat_id: CHAT, read_seq: 1 });
  window.holds(0);
  window.edit(1, []);
  window.edit(1, [ME]);
  window.live();
  window.holds(0);
});

test("one's own messages name nobody", () => {
  const window = opened((it) => void [it.send(ME), it.send()]);
  window.edit(1, [ME]);
  window.live();
  window.holds(0);
});

test("in a chat that was not opened its last message is known, and what came live", () => {
  const window = new Window();
  window.send(2, [ME]);
  window.send();
  window.describe();
  window.edit(2, [ME]);
  window.live();
  window.holds(2);
  const live = window.send();
  window.send();
  window.live();
  window.edit(live, [ME]);
  window.live();
  window.holds(3);
});

test("of what is not known nothing is counted; the server's next count tells", () => {
  const window = new Window();
  window.send();
  window.send(2, [ME]);
  window.send();
  window.describe();
  window.edit(1, [ME]);
  window.edit(2, []);
  window.live();
  assert.equal(window.chat.mention_count, 1);
  window.edit(1, [ME]); // still not known: the server may have counted it or not
  window.live();
  window.update({ do: "tell", frame: { ...window.server.marks(), mention_count: window.counted } });
  window.holds(1);
});

test("what the server counted with the edit in it is not counted twice", () => {
  const window = opened((it) => void [it.send(), it.send()]);
  window.edit(1, [ME]);
  window.describe(); // counted before the event comes
  window.holds(1);
  window.live();
  window.holds(1);
  window.edit(1, []);
  window.live();
  window.holds(0);
});

test("a page that told of the edit before the event is no reason to count it, nor to count twice", () => {
  const window = opened((it) => void [it.send(), it.send()]);
  window.edit(1, [ME]);
  const page = { items: structuredClone(window.server.log), users: [], from_seq: 0, to_seq: window.server.last_seq };
  window.update({ do: "page", chat_id: CHAT, page });
  window.live();
  window.live();
  assert.ok(window.chat.mention_count <= 1);
  window.describe();
  window.holds(1);
});

test("where a page told of a later edit, what an earlier one says is not counted beside it", () => {
  const window = opened((it) => void [it.send(2, [ME]), it.send()]);
  window.edit(1, [ME, 3]);
  window.edit(1, []);
  const page = { items: structuredClone(window.server.log), users: [], from_seq: 0, to_seq: window.server.last_seq };
  window.update({ do: "page", chat_id: CHAT, page });
  window.update({ do: "apply", item: window.server.log[2] });
  assert.equal(window.chat.mention_count, 1, "as the server counted it");
});

test("more than a hundred stay more than a hundred", () => {
  const window = opened((it) => void Array.from({ length: 120 }, () => it.send(2, [ME])));
  window.update({ do: "tell", frame: { ...window.server.marks(), mention_count: 100 } });
  window.edit(1, []);
  window.live();
  assert.equal(window.chat.mention_count, 100);
});

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`whatever is written, changed, removed and read in some order (${seed}), the count is the server's`, () => {
    const random = numbers(seed);
    const some = (/** @type {number} */ count) => Math.floor(random() * count);
    const names = () => (random() < 0.5 ? [ME] : []);
    const window = opened((it) => void Array.from({ length: 8 }, () => it.send(2, names())));
    for (let step = 0; step < 300; step += 1) {
      const whole = window.server.log.filter(({ type, deleted }) => type === "message" && !deleted);
      const { seq = 0 } = whole[some(whole.length)] ?? {};
      const what = random();
      if (what < 0.3 || !seq) window.send(random() < 0.2 ? ME : 2, names());
      else if (what < 0.7) window.edit(seq, names());
      else if (what < 0.8) window.delete(seq);
      if (what >= 0.8 && what < 0.9 && seq > window.server.read) {
        window.live();
        window.server.read = seq;
        window.update({ do: "save_marks", chat_id: CHAT, read_seq: seq });
      }
      // what is read is answered by a count
      if (what >= 0.8) {
        window.update({ do: "tell", frame: { ...window.server.marks(), mention_count: window.counted } });
      }
      if (random() < 0.7) window.live();
      if (window.applied === window.server.last_seq) window.holds(window.counted, `step ${step}`);
    }
  });
}
