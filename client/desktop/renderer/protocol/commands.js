/** Commands of the log as this machine keeps and shows them: rows of the outbox, and the echoes that the face draws. */

import { uuid7 } from "./ids.js";
import { rowOf } from "./outbox.js";

/** @typedef {import("../types.js").Echo} Echo */
/**
 * What a row asks for.
 * @typedef {Pick<Echo, "chat_id" | "kind" | "content" | "reply_to" | "target_at" | "seq" | "emoji" | "on" | "forward">} Command
 */

/** A message without anything in it. @type {Readonly<Omit<Command, "chat_id">>} */
export const NOTHING = Object.freeze({
  kind: "send",
  content: "",
  reply_to: null,
  target_at: null,
  seq: null,
  emoji: null,
  on: null,
  forward: null,
});

/**
 * A new row of the outbox. @param {Command} command @param {number} now ms since 1970 @param {Uint8Array} random ten bytes
 * @returns {import("../store/db.js").Kept}
 */
export function newRow(command, now, random) {
  const row = rowOf({ ...command, cid: uuid7(now, random) });
  return { ...row, forward: command.forward, state: "queued", code: null, written_at: new Date(now).toISOString() };
}

/**
 * What a message is to become once it is stored, as a row of its own. @param {import("../profile/unsent.js").Kept} then
 * @param {{chat_id: number, seq: number, created_at: string}} stored where the message is @param {number} now ms since 1970
 * @returns {import("../store/db.js").Kept}
 */
export function followUp(then, { chat_id, seq, created_at }, now) {
  const place = { ...NOTHING, cid: then.cid, chat_id, seq, target_at: created_at };
  const row = rowOf(
    "content" in then ? { ...place, kind: "edit", content: then.content } : { ...place, kind: "delete" },
  );
  return { ...row, forward: null, state: "queued", code: null, written_at: new Date(now).toISOString() };
}

/** A row of the outbox as it is shown: with what is to become of it. @param {import("../store/db.js").Kept} row @returns {Echo} */
export function echoOf({ cid, chat_id, content, reply_to, target_at, state, code, written_at, then, ...rest }) {
  const { kind = "send", seq = null, emoji = null, on = null, forward = null } = rest;
  const text = then && "content" in then ? then.content : content;
  const gone = then ? "remove" in then : false;
  return {
    cid,
    chat_id,
    kind,
    content: text,
    reply_to,
    target_at,
    seq,
    emoji,
    on,
    forward,
    state,
    code,
    written_at,
    gone,
  };
}
