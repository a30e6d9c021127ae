/** What the server could not give just now is asked for again; what it does not have is not. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { FakeElement, faceOf, within } from "./face.js";
import { player } from "../../renderer/ui/log/player.js";
import { shown } from "../../renderer/ui/log/shown-picture.js";
import { avatarPicture } from "../../renderer/ui/parts/avatar-picture.js";

const FILE = { id: "f1", name: "a.mp3", size: 1, content_type: "audio/mpeg" };
/** All that is under way goes on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** By what each is drawn. @type {Record<string, (face: any) => any>} */
const DRAWN = {
  "a picture": (face) => shown(face, /** @type {any} */ (FILE), 320, null),
  "a player": (face) => player(face, /** @type {any} */ (FILE), "audio"),
  "a person's picture": (face) => avatarPicture(face, FILE.id),
};

/** @param {(face: any) => any} draw @param {any} answer of the server at first */
function drawn(draw, answer) {
  Object.defineProperty(globalThis, "Element", { value: FakeElement, configurable: true });
  const state = { link: { state: "live" } };
  const server = { answer, asked: 0 };
  let change = () => {};
  const ask = async () => {
    server.asked += 1;
    return server.answer;
  };
  const { face } = faceOf({
    state: () => state,
    subscribe: (/** @type {() => void} */ listener) => {
      change = listener;
      return () => void (change = () => {});
    },
    preview: ask,
    fileLink: ask,
  });
  const { _$litDirective$: Directive, values } = draw(face);
  const one = new Directive({ type: 2 });
  /** @type {unknown[]} */
  const set = [];
  Object.assign(one, { isConnected: true, setValue: (/** @type {unknown} */ value) => void set.push(value) });
  one.update({ parentNode: new FakeElement() }, values);
  const there = () => [...within(set.at(-1))].some(({ values: given }) => given?.includes("blob:it"));
  return { one, server, state, there, change: () => change() };
}
const THERE = { ok: true, url: "blob:it" };

for (const [name, draw] of Object.entries(DRAWN)) {
  test(`${name} that was refused for now is asked for again, in a while or when the link is back`, async (context) => {
    mock.timers.enable({ apis: ["setTimeout"] });
    context.after(() => mock.timers.reset());
    const busy = drawn(draw, { ok: false, code: "busy" });
    await settled();
    busy.server.answer = THERE;
    mock.timers.tick(5_000);
    await settled();
    assert.deepEqual([busy.server.asked, busy.there()], [2, true]);

    const cut = drawn(draw, { ok: false, code: "no_connection" });
    cut.state.link.state = "offline";
    await settled();
    cut.server.answer = THERE;
    mock.timers.tick(60_000);
    await settled();
    assert.deepEqual([cut.server.asked, cut.there()], [1, false]);
    cut.state.link.state = "live";
    cut.change();
    await settled();
    assert.deepEqual([cut.server.asked, cut.there()], [2, true]);
  });

  test(`${name} that is not there, or is not shown any more, is asked for no more`, async (context) => {
    mock.timers.enable({ apis: ["setTimeout"] });
    context.after(() => mock.timers.reset());
    const gone = drawn(draw, { ok: false, code: "not_found" });
    const left = drawn(draw, { ok: false, code: "busy" });
    await settled();
    left.one.isConnected = false;
    left.one.disconnected();
    mock.timers.tick(60_000);
    await settled();
    assert.deepEqual([gone.server.asked, left.server.asked], [1, 1]);
  });
}
