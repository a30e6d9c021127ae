/** What is pinned, as the server told it before something else that is known here already. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { faceOf } from "./face.js";
import { promised, settled } from "./page.js";
import { ME, ServerChat, at, person } from "./world.js";
import { chatActions } from "../../renderer/profile/chat-requests.js";
import { emptyModel, reduce } from "../../renderer/state/model.js";
import { Pinned } from "../../renderer/ui/log/pinned.js";

const CHAT = 7;

/** A window that shows the end of a chat of five messages, the third of which is pinned, and asks what is. */
function asking() {
  const server = new ServerChat(CHAT);
  for (let count = 0; count < 5; count += 1) server.send(2);
  server.read = 5;
  let model = emptyModel();
  const update = (/** @type {any[]} */ updates) => void (model = reduce(model, updates, 0));
  update([
    { do: "set", values: { phase: "signed_in" } },
    { do: "me", user: person(ME) },
    { do: "chats", chats: [{ ...server.chat(), pinned_seq: 3 }], users: [person(2)] },
    { do: "jump", chat_id: CHAT, applied: 5 },
    { do: "link", link: { state: "live", retry_at: null, since: null, code: null } },
    { do: "open", chat_id: CHAT },
    { do: "page", chat_id: CHAT, page: server.page(3, 5), keep: "end" }, // the third is not loaded
  ]);
  /** @type {ReturnType<typeof promised<any>>[]} */
  const asked = [];
  const api = /** @type {any} */ ({ get: () => asked[asked.push(/** @type {any} */ (promised())) - 1].promise });
  const actions = chatActions(() => api, update, (chatId) => model.chats.get(chatId)); // prettier-ignore
  /** @param {number[]} seqs as they are on the server */
  const body = (...seqs) => ({ ok: true, body: { messages: seqs.map((seq) => server.item(seq)), users: [person(2)] } });
  /** @param {string} event @param {number} target @param {object} [data] */
  const happens = (event, target, data = {}) => {
    const seq = server.happen(event, {}, target);
    const item = {
      type: "event",
      chat_id: CHAT,
      seq,
      created_at: at(seq),
      actor_id: 2,
      event,
      target_seq: target,
      data,
    };
    update([{ do: "apply", item }]);
  };
  const pins = () =>
    model.pins.get(CHAT)?.map(({ seq, content, deleted }) => `${seq} ${deleted ? "deleted" : content}`);
  return { server, state: () => model, update, asked, actions, body, happens, pins };
}

test("what happened to the log while the pins were on their way is done to them too", async () => {
  for (const [event, target, data, expected] of /** @type {[string, number, object, string[]][]} */ ([
    ["deleted", 3, { rev: 9 }, []],
    ["edited", 3, { rev: 9, content: "new", edited_at: at(9) }, ["3 new"]],
    ["unpinned", 3, {}, []],
    ["pinned", 5, {}, ["5 text 5", "3 text 3"]],
  ])) {
    const { asked, actions, body, happens, pins } = asking();
    const loading = actions.loadPins(CHAT);
    const answer = body(3);
    happens(event, target, data);
    asked[0].resolve(answer);
    assert.deepEqual([await loading, pins()], [{ ok: true }, expected], event);
  }
});

test("an answer that knows of it already is what it was", async () => {
  const { asked, actions, body, happens, pins } = asking();
  const loading = actions.loadPins(CHAT);
  happens("unpinned", 3);
  happens("pinned", 4);
  asked[0].resolve(body(4));
  await loading;
  assert.deepEqual(pins(), ["4 text 4"]);
});

test("where not all is known that happened meanwhile they are asked for again", async () => {
  const jump = { do: "jump", chat_id: CHAT, applied: 900 };
  for (const miss of [
    (/** @type {ReturnType<typeof asking>} */ { happens }) => happens("pinned", 2, { pinned_seq: 3 }), // which is not loaded
    (/** @type {ReturnType<typeof asking>} */ { update }) => update([jump]),
  ]) {
    const window = asking();
    const { asked, actions, body, pins, state } = window;
    let draw = () => {};
    const { face } = faceOf({ state, loadPins: actions.loadPins }, { redraw: () => draw() });
    const pinned = new Pinned(face);
    draw = () => void pinned.template(state(), /** @type {any} */ (state().chats.get(CHAT)));
    draw();
    const answer = body(3);
    miss(window);
    asked[0].resolve(answer);
    await settled();
    assert.deepEqual([asked.length, pins()], [2, undefined]);
    asked[1].resolve(body(3, 2));
    await settled();
    assert.deepEqual([asked.length, pins()], [2, ["3 text 3", "2 text 2"]]);
  }
});

test("what was removed meanwhile is not pinned any more", async () => {
  const { asked, actions, body, update, pins } = asking();
  const loading = actions.loadPins(CHAT);
  const answer = body(3, 5);
  update([{ do: "expire", chat_id: CHAT, first_seq: 4 }]);
  asked[0].resolve(answer);
  await loading;
  assert.deepEqual(pins(), ["5 text 5"]);
});
