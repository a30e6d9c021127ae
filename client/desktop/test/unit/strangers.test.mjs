/** People whom a window does not know: their names are asked for until they stand there, or are known not to be had. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { newPage, settled } from "./page.js";
import { windowOf } from "./windows.js";
import { person } from "./world.js";

const STRANGER = 5;
const UNAVAILABLE = { status: 503, body: { code: "store_unavailable", detail: "" } };

/** A window whose server answers in that way, the last one from then on, where it is asked for people.
 * @param {any[]} answers @param {(window: ReturnType<typeof windowOf>, asked: string[]) => Promise<void>} work */
async function withAnswers(answers, work) {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  try {
    /** @type {string[]} */
    const asked = [];
    newPage(({ path }) => {
      if (!path.startsWith("/api/users?")) return { status: 500 };
      asked.push(path);
      return answers[Math.min(asked.length, answers.length) - 1];
    });
    const window = windowOf("one");
    await window.profile.tokens.keep({ access_token: "token", refresh_token: "r" });
    window.profile.start();
    await settled();
    assert.equal(window.profile.owns, true);
    await work(window, asked);
    await window.profile.close({ polite: false });
  } finally {
    mock.timers.reset();
  }
}

/** @param {number} seconds */
async function pass(seconds) {
  for (let second = 0; second < seconds; second += 1) {
    mock.timers.tick(1_000);
    await settled();
  }
}

test("a look-up that failed is repeated, and then the name stands there", () =>
  withAnswers([UNAVAILABLE, { body: { users: [person(STRANGER)] } }], async ({ profile, model }, asked) => {
    void profile.command({ do: "meet", ids: [STRANGER] });
    await settled();
    assert.deepEqual([asked, model().users.has(STRANGER)], [[`/api/users?ids=${STRANGER}`], false]);
    await pass(4);
    assert.equal(asked.length, 1, "not in a hurry");
    void profile.command({ do: "meet", ids: [STRANGER + 1] }); // who is met meanwhile is asked for with them
    await pass(1);
    assert.deepEqual(asked.slice(1), [`/api/users?ids=${STRANGER},${STRANGER + 1}`]);
    assert.equal(model().users.get(STRANGER)?.display_name, person(STRANGER).display_name);
    await pass(60);
    assert.equal(asked.length, 2, "who is known is not asked for again, nor who is not there");
  }));

test("a look-up that is refused is not repeated, and the next one is made all the same", () =>
  withAnswers(
    [{ status: 422, body: { code: "validation", detail: "" } }, { body: { users: [person(STRANGER + 1)] } }],
    async ({ profile, model }, asked) => {
      void profile.command({ do: "meet", ids: [STRANGER] });
      await pass(60);
      assert.equal(asked.length, 1);
      void profile.command({ do: "meet", ids: [STRANGER + 1] });
      await settled();
      assert.deepEqual([asked.length, model().users.has(STRANGER + 1)], [2, true]);
    },
  ));
