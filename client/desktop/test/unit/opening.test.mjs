/** The app as a whole: where a link leads whose chat comes late, and a tab that nobody sees. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, mock, test } from "node:test";
import { TEXTS, faceOf } from "./face.js";
import { promised, settled, tabStorage } from "./page.js";
import { App } from "../../renderer/ui/page.js";
import { emptyModel } from "../../renderer/state/model.js";

const [HERE, THERE] = [7, 8];
/** @type {any} */
const page = globalThis;
const bare = { addEventListener: () => {}, querySelector: () => null };
page.sessionStorage = tabStorage();
page.location = { hash: "" };
page.cancelAnimationFrame = () => {};
page.navigator = { languages: ["ru"] };
page.fetch = async (/** @type {string} */ path) =>
  new Response(readFileSync(new URL(`../../${path}`, import.meta.url)));
page.history = { replaceState: () => {}, pushState: () => {}, state: null };
Object.assign(page.document, {
  ...bare,
  documentElement: { dataset: {}, style: { setProperty: () => {}, removeProperty: () => {} } },
  body: null,
});
Object.assign(page.window, bare);

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] })); // the next render is a minute away
afterEach(() => mock.timers.reset());

/** The app over such a messenger; what it draws is nothing. @param {Record<string, unknown>} asked */
function appOf(asked) {
  const state = { ...emptyModel(), phase: "signed_in", current: /** @type {number | null} */ (null) };
  const change = { told: () => {} };
  const messenger = {
    state: () => state,
    subscribe: (/** @type {() => void} */ listener) => void (change.told = listener),
    start: () => promised().promise,
    ...asked,
  };
  const none = () => {};
  const platform = { desktop: true, onOpenChat: none, onSaved: none, onWake: none, onMenu: none };
  const root = { _$litPart$: { _$AI: none } };
  const { face, said } = faceOf(messenger, { platform });
  const app = new App(face.messenger, face.platform, /** @type {any} */ (root));
  const drawn = { times: 0 };
  app.door = /** @type {any} */ ({ template: () => void (drawn.times += 1) }); // in place of all that is drawn
  app.face.overlays.toast = ({ text }) => void said.push(text);
  return { app, state, said, drawn, change };
}

test("a chat that opens after one went on to another one is nothing to tell of", async () => {
  for (const [answer, expected] of /** @type {const} */ ([
    [{ ok: true }, []],
    [{ ok: false, code: "cancelled" }, []],
    [{ ok: false, code: "not_found" }, [TEXTS["place.no_chat"]]],
    [{ ok: false, code: "no_connection" }, [TEXTS["error.no_connection"]]],
  ])) {
    const came = promised();
    const { app, state, said } = appOf({
      openChat: (/** @type {number} */ chatId) => {
        if (answer.ok) state.current = chatId;
        return chatId === HERE ? came.promise : Promise.resolve({ ok: true });
      },
    });
    /** @type {number[]} */
    const went = [];
    app.going.toMessage = async ({ chatId }) => Boolean(went.push(chatId));
    const first = app.face.openPlace({ chat_id: HERE, seq: 3 });
    await app.face.openPlace({ chat_id: THERE, seq: 4 });
    came.resolve(answer);
    await first;
    await settled();
    assert.deepEqual([said, went], [expected, answer.ok ? [THERE] : []]);
  }
});

test("what belongs to a log-in is made in a tab that nobody sees, too", async () => {
  for (const hidden of [false, true]) {
    const { app, state, drawn, change } = appOf({});
    state.phase = "signed_out";
    void app.start();
    page.document.hidden = hidden;
    const before = drawn.times;
    change.told();
    mock.timers.tick(1);
    assert.equal(drawn.times, before, "nobody is logged in");
    state.phase = "signed_in";
    change.told();
    mock.timers.tick(1);
    assert.equal(drawn.times > before, hidden);
  }
});
