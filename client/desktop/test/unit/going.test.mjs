/** Going to a message that only the server has, while there is no link. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mock, test } from "node:test";
import { Going } from "../../renderer/ui/going.js";
import { setCatalogue } from "../../renderer/words/i18n.js";

const texts = JSON.parse(readFileSync(new URL("../../locales/ru.json", import.meta.url), "utf8"));
setCatalogue("ru", texts, texts);

const GOAL = { chatId: 7, seq: 1, focus: true, jumped: false };
const FIVE_MINUTES = 5 * 60_000;

/** One who is in a chat without a link, and wanted to go to a message. */
async function wanted() {
  /** @type {string[]} */
  const said = [];
  const shown = { times: 0 };
  const state = { current: 7, link: { state: "offline" } };
  const log = {
    where: () => 9,
    scroll: { moved: 0 },
    async show() {
      shown.times += 1;
      return state.link.state === "live" ? { ok: true } : { ok: false, code: "no_connection" };
    },
  };
  const here = { parts: /** @type {any} */ ({ log }) };
  const face = { messenger: { state: () => state }, overlays: { toast: (/** @type {{text: string}} */ { text }) => said.push(text) } }; // prettier-ignore
  const going = new Going(/** @type {any} */ (face), () => here.parts, async () => {}, /** @type {any} */ ({})); // prettier-ignore
  const draw = () => going.rendered(/** @type {any} */ (state));
  draw();
  assert.equal(await going.toMessage(GOAL), false);
  assert.deepEqual(said.splice(0), [texts["place.waits"]]);
  const linkIsBack = () => {
    state.link = { state: "live" };
    draw();
  };
  return { said, shown, state, log, here, going, linkIsBack };
}

test("a place is waited for as long as five minutes, and that it is given up is said", async (context) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  context.after(() => mock.timers.reset());
  const soon = await wanted();
  mock.timers.tick(FIVE_MINUTES - 1);
  soon.linkIsBack();
  assert.deepEqual([soon.shown.times, soon.said], [2, []], "it is gone to");
  mock.timers.tick(FIVE_MINUTES);
  assert.deepEqual(soon.said, []);

  const late = await wanted();
  mock.timers.tick(FIVE_MINUTES);
  assert.deepEqual(late.said, [texts["place.given_up"]]);
  late.linkIsBack();
  assert.equal(late.shown.times, 1, "the log stays where it is");
});

test("who has gone elsewhere, or is somebody else by now, hears nothing of it", async (context) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  context.after(() => mock.timers.reset());
  for (const leave of [
    (/** @type {Awaited<ReturnType<typeof wanted>>} */ { log }) => (log.scroll.moved += 1),
    (/** @type {Awaited<ReturnType<typeof wanted>>} */ { state }) => (state.current = 8),
    (/** @type {Awaited<ReturnType<typeof wanted>>} */ { here, log }) => (here.parts = { log }),
  ]) {
    const one = await wanted();
    leave(one);
    mock.timers.tick(FIVE_MINUTES);
    assert.deepEqual(one.said, []);
    const other = await wanted();
    leave(other);
    other.linkIsBack();
    assert.equal(other.shown.times, 1);
  }
});

test("another wish takes the place of the first", async (context) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  context.after(() => mock.timers.reset());
  const { going, said, shown, linkIsBack } = await wanted();
  mock.timers.tick(FIVE_MINUTES - 1);
  await going.toMessage({ ...GOAL, seq: 2 });
  assert.deepEqual(said.splice(0), [texts["place.waits"]]);
  mock.timers.tick(FIVE_MINUTES - 1);
  assert.deepEqual(said, [], "its own five minutes");
  linkIsBack();
  assert.equal(shown.times, 3);
});
