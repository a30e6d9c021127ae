/** A peer that is no good server: whatever it says, the window lives, believes nothing of it, and comes back. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { becomes, eventually, launchChromium, noChromium, startServer } from "../harness/harness.js";
import { startMiddlebox } from "./middlebox.js";
import { openWindow } from "./window.js";

const skip = noChromium();

test("frames out of order, wrong, huge and endless are survived", { skip }, async (context) => {
  const [server, browser] = await Promise.all([startServer(), launchChromium()]);
  const [anna, boris] = [await server.register("anna"), await server.register("boris")];
  const chatId = await server.direct(anna, boris);
  for (const text of ["one", "two", "three"]) await server.send(boris, chatId, text);
  const items = await server.items(anna, chatId);
  const box = await startMiddlebox(server);
  const window = await openWindow(browser, String(box.url), {
    backoff_first: 20,
    backoff_ceiling: 100,
    connect: 2_500,
  });
  await window.logIn(anna);
  await window.act("openChat", chatId);
  await window.until((seen) => seen.timeline?.texts.length === 3 && seen.timeline.loading === null);

  const { user } = anna;
  const head = {
    chat_id: chatId, first_seq: 1, last_seq: 3, last_at: items[2].created_at, left_seq: null, read_seq: 0, delivered_seq: 3,
    others_read_seq: 0, others_delivered_seq: 0, unread_count: 3,
  }; // prettier-ignore
  const list = await server.call(anna, "GET", "/api/chats");
  const ready = {
    type: "ready", v: 1, session_id: 1, user, epoch: list.epoch, server_time: items[0].created_at, token_exp: 1,
    heartbeat_ms: 20_000, limits: { inflight: 32 }, chats: [head], more: false,
  }; // prettier-ignore
  const message = { ...items[2], type: "message" };
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  /** @type {Record<string, (peer: import("./middlebox.js").HostilePeer) => void>} */
  const attacks = {
    "garbage before hello": (peer) => peer.say("<html>"),
    "a message without ready": (peer) => peer.say({ ...message, seq: 4 }),
    "ready without chats": (peer) => peer.say({ ...ready, chats: 5 }),
    "ready with rubbish heads": (peer) => peer.say({ ...ready, chats: [{ ...head, last_seq: "x" }] }),
    "ready of somebody without limits": (peer) => peer.say({ ...ready, limits: {} }),
    "deep nesting": (peer) => peer.say(deep),
    "more than a megabyte": (peer) => peer.say({ type: "news", text: "x".repeat(1_200_000) }),
    "a binary frame": (peer) => peer.raw(0x82, Buffer.from("{}")),
    "a reserved opcode": (peer) => peer.raw(0x83, Buffer.from("{}")),
    "half of UTF-8": (peer) => peer.raw(0x81, Buffer.from([0xd0])),
    "prototype pollution": (peer) => peer.say('{"type": "__proto__", "__proto__": {"polluted": true}}'),
    "a message of a wrong shape": (peer) => {
      peer.say(ready);
      peer.say({ ...message, seq: 4, content: { evil: true } });
    },
    "an event without its data": (peer) => {
      peer.say(ready);
      peer.say({
        type: "event",
        chat_id: chatId,
        seq: 4,
        event: "member_added",
        actor_id: 1,
        created_at: message.created_at,
        data: {},
      });
    },
    "a page with a hole": (peer) => {
      peer.say({ ...ready, chats: [{ ...head, last_seq: 6 }] });
      peer.say({
        type: "page",
        chat_id: chatId,
        ref: "sync-1",
        from_seq: 3,
        to_seq: 6,
        items: [{ ...message, seq: 5 }],
        users: [],
        more: false,
        last_seq: 6,
        last_at: null,
      });
    },
    "a page nobody asked for": (peer) => {
      peer.say(ready);
      peer.say({
        type: "page",
        chat_id: chatId,
        ref: "sync-99",
        from_seq: 3,
        to_seq: 4,
        items: [{ ...message, seq: 4, content: "unasked" }],
        users: [],
        more: false,
        last_seq: 4,
        last_at: null,
      });
      peer.say("end");
    },
    "items far ahead, twice and backwards": (peer) => {
      peer.say(ready);
      for (const seq of [900, 5, 5, 2, 1, 900]) peer.say({ ...message, seq, content: `seq ${seq}` });
      peer.say("end");
    },
    "acks and errors for nothing": (peer) => {
      peer.say(ready);
      peer.say({ type: "ack", cid: "nobody", chat_id: 99, seq: 1, created_at: message.created_at, dup: false });
      peer.say({ type: "error", code: "not_member", ref: "sync-1", chat_id: 99, detail: "", retryable: false });
      peer.say({ type: "lag", chat_id: 99, last_seq: 5 });
      peer.say({ type: "typing", chat_id: 99, user_id: 98, on: true });
      peer.say({ type: "presence", user_id: 98, online: true });
      peer.say({ type: "marks", chat_id: 99, user_id: 98, read_seq: 5, delivered_seq: 5 });
      peer.say("end");
    },
    "a flood of small arrays": (peer) => {
      peer.say(ready);
      for (let count = 0; count < 2000; count += 1) peer.say([{ type: "pong", t: 1 }, { type: "news" }]);
      peer.say("end");
    },
    silence: () => {},
    "a close with a code of its own": (peer) => peer.close(4999),
  };
  for (const [name, attack] of Object.entries(attacks)) {
    await context.test(name, async () => {
      let attacked = false;
      box.sockets = (peer) => {
        box.sockets = "through";
        attacked = true;
        if (name === "garbage before hello") attack(peer);
        else void peer.hello().then(() => attack(peer));
      };
      const before = box.upgrades;
      box.dropSockets();
      // the attacker's link, then one to the server again
      await eventually(() => box.upgrades >= before + 2, "it came back");
      assert.ok(attacked);
      await window.until((seen) => seen.link === "live");
      await becomes(async () => {
        const { timeline, phase, chats } = await window.seen();
        return [timeline?.texts, phase, chats[0].unread];
      }, [["one", "two", "three"], "signed_in", 3]);
      assert.equal(await window.page.evaluate(() => /** @type {any} */ ({}).polluted), undefined);
    });
  }
  assert.deepEqual(window.errors, []);
  await window.act("send", chatId, "still alive", null);
  await window.until((seen) => seen.timeline?.texts.at(-1) === "still alive" && seen.timeline.echoes.length === 0);
  assert.equal((await server.items(anna, chatId)).length, 4);
});
