/** What a request brings is told to who asked: nothing of it reaches the State of somebody who logged in meanwhile. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { accountActions } from "../../renderer/profile/account-requests.js";
import { chatActions } from "../../renderer/profile/chat-requests.js";
import { Searches } from "../../renderer/profile/searches.js";
import { emptyModel } from "../../renderer/state/model.js";
import { promised } from "./page.js";
import { ME, ServerChat, person } from "./world.js";

const users = [person(2)];
const chat = { ...new ServerChat().chat(), id: 7 };
const me = { ...person(ME), email: null };
/** What the server answers, by the beginning of the path; the first that fits.
 * @type {[string, any][]} */
const BODIES = [
  ["/api/chats/7/pins", { messages: [], users }],
  ["/api/chats/7/messages/1/readers", { read: [], received: [], users }],
  ["/api/chats", chat],
  ["/api/invites", chat],
  ["/api/blocks", { blocks: [{ user: users[0], created_at: "2026-01-01T00:00:00Z" }] }],
  ["/api/users/2/block", null],
  ["/api/auth/me", me],
  ["/api/search", { results: [], users, next_cursor: null, complete: true }],
];

/** Actions of a user, who may be another one when the server answers. */
function begun() {
  const answering = promised();
  const answer = async (/** @type {string} */ path) => {
    await answering.promise;
    return { ok: true, body: BODIES.find(([start]) => path.startsWith(start))?.[1] };
  };
  const newApi = () => ({
    get: answer,
    post: answer,
    call: (/** @type {string} */ _method, /** @type {string} */ path) => answer(path),
  });
  const now = { api: /** @type {any} */ (newApi()) };
  const api = () => now.api;
  /** @type {string[]} */
  const told = [];
  const publish = (/** @type {any[]} */ updates) => void told.push(...updates.map((update) => update.do));
  const model = /** @type {any} */ ({ ...emptyModel(), link: { state: "live" } });
  return {
    answering,
    told,
    actions: {
      ...chatActions(api, publish, () => undefined),
      ...accountActions(api, publish),
    },
    searches: new Searches(() => model, api, () => null, publish), // prettier-ignore
    switchUser: () => (now.api = newApi()),
  };
}

/** @typedef {ReturnType<typeof begun>} Begun @type {Record<string, (all: Begun) => Promise<any>>} */
const ASKED = {
  pins: ({ actions }) => actions.loadPins(7),
  readers: ({ actions }) => actions.readers(7, 1),
  blocks: ({ actions }) => actions.blocks(),
  block: ({ actions }) => actions.block(2, true),
  direct: ({ actions }) => actions.openDirect(2),
  group: ({ actions }) => actions.createGroup("title", [2]),
  change: ({ actions }) => actions.changeChat(7, { muted: true }),
  members: ({ actions }) => actions.addMembers(7, [2], "all"),
  invite: ({ actions }) => actions.acceptInvite("code"),
  profile: ({ actions }) => actions.changeProfile({}),
  me: ({ actions }) => actions.reloadMe(),
  search: ({ searches }) => searches.search(/** @type {any} */ ({ query: "text" }), null),
};

for (const [name, ask] of Object.entries(ASKED)) {
  test(`${name}: told to who asked, and to nobody else`, async () => {
    for (const another of [false, true]) {
      const all = begun();
      const asked = ask(all);
      if (another) all.switchUser();
      all.answering.resolve(null);
      assert.notEqual((await asked)?.ok, false);
      assert.equal(all.told.length > 0, !another, all.told.join());
    }
  });
}
