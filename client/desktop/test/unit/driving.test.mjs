/** The driver of a session, whose link lives while what it was told is being saved. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Driver } from "../../renderer/link/ws.js";
import { ClientSession } from "../../renderer/protocol/session.js";
import { newPage, promised, settled, tell } from "./page.js";
import { ME, ServerChat, person } from "./world.js";

test("a link stays while a save takes long, and what was told meanwhile is shown after it", async () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  let clock = 0;
  mock.method(performance, "now", () => clock);
  try {
    const chat = new ServerChat();
    const ready = {
      type: "ready",
      user: { ...person(ME), email: null },
      epoch: "e1",
      limits: { inflight: 32 },
      chats: [chat.head()],
    };
    /** @type {string[]} */
    const sent = [];
    newPage(
      () => ({}),
      (frame) => {
        sent.push(frame.type);
        if (frame.type === "hello") return [ready];
        return frame.type === "ping" ? [{ type: "pong", t: frame.t }] : [];
      },
    );
    /** @type {Promise<any>} */
    let saving = Promise.resolve();
    /** @type {string[]} */
    const told = [];
    const session = new ClientSession({}, () => 0.5);
    const driver = new Driver(
      /** @type {any} */ ({
        session,
        url: "http://server.example",
        tokens: { token: () => "token", renewed: async () => ({ ok: true }) },
        db: { save: () => saving, countUnread: async () => 0 },
        uploads: {},
        told: (/** @type {any[]} */ updates) => told.push(...updates.map((update) => update.do)),
        rowsSaved: () => {},
        moved: () => {},
        loggedOut: () => assert.fail("logged out"),
        broken: (/** @type {unknown} */ error) => assert.fail(String(error)),
      }),
    );
    driver.start();
    await settled();
    assert.equal(session.state, "live");
    const slow = promised();
    saving = slow.promise;
    told.length = sent.length = 0;
    chat.send(2);
    tell(chat.item(1));
    for (let second = 0; second < 90; second += 1) {
      clock += 1_000;
      mock.timers.tick(1_000);
      await settled();
      if (second === 30) tell({ type: "auth_expiring", expires_at: null });
    }
    assert.deepEqual([session.state, session.link, told], ["live", 1, []]);
    assert.ok(sent.filter((type) => type === "ping").length >= 3, `${sent}`);
    assert.deepEqual([...new Set(sent)].sort(), ["auth", "ping"], "nothing that depends on what is not saved");
    slow.resolve(null);
    await settled();
    assert.deepEqual([told, sent.at(-1)], [["apply"], "mark"]);
    driver.stop();
  } finally {
    mock.timers.reset();
    mock.restoreAll();
  }
});
