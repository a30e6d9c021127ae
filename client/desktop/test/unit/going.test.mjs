/** Going to a message that only the server has, while there is no link. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mock, test } from "node:test";
import { Going } from "../../renderer/ui/going.js";
import { setCatalogue } from "../../renderer/words/i18n.js";
import { settled } from "./page.js";

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
  await settled();
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

test("an answer that is lost while the link holds is asked for again, ever later, and it is said once", async (context) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  context.after(() => mock.timers.reset());
  const { going, said, shown, log, state } = await wanted();
  const well = log.show;
  log.show = async () => ((shown.times += 1), { ok: false, code: "bad_answer" });
  state.link = { state: "live" }; // while the answer was on its way
  await going.toMessage(GOAL);
  assert.deepEqual([shown.times, said.splice(0)], [2, [texts["place.waits"]]]);
  for (const [pause, times] of [
    [999, 2],
    [1, 3],
    [1999, 3],
    [1, 4],
  ]) {
    mock.timers.tick(pause);
    await settled();
    assert.equal(shown.times, times);
  }
  state.link = { state: "offline" };
  mock.timers.tick(4000);
  assert.equal(shown.times, 4, "without a link nobody is asked");
  state.link = { state: "live" };
  log.show = well;
  going.rendered(/** @type {any} */ ({ link: { state: "offline" } }));
  going.rendered(/** @type {any} */ (state));
  await settled();
  mock.timers.tick(FIVE_MINUTES);
  assert.deepEqual([shown.times, said], [5, []], "it is shown, and that is all");
});
