/** Commands of the log as this machine keeps and shows them: rows of the outbox, and the echoes that the face draws. */

import { uuid7 } from "./ids.js";
import { rowOf } from "./row.js";

/** @typedef {import("../types.js").Echo} Echo */
/**
 * What a row asks for.
 * @typedef {Pick<Echo, "chat_id" | "kind" | "content" | "reply_to" | "target_at" | "seq" | "of_cid" | "emoji" | "on" | "forward" | "source" | "attachments" | "files">} Command
 */

/** A message without anything in it. @type {Readonly<Omit<Command, "chat_id">>} */
export const NOTHING = Object.freeze({
  kind: "send",
  content: "",
  reply_to: null,
  target_at: null,
  seq: null,
  of_cid: null,
  emoji: null,
  on: null,
  forward: null,
  attachments: [],
  files: [],
});

/**
 * A new row of the outbox. @param {Command} command @param {boolean} tried a link may carry it as soon as it is told of:
 * false only where it is known that there is none @param {number} now ms since 1970 @param {Uint8Array} random ten bytes
 * @returns {import("../store/db.js").Kept}
 */
export function newRow(command, tried, now, random) {
  const row = rowOf({ ...command, cid: uuid7(now, random), tried });
  const source = command.source ? { source: command.source } : {};
  return { ...row, ...source, state: "queued", code: null, written_at: new Date(now).toISOString() };
}

/** A row of the outbox as it is shown. @param {import("../store/db.js").Kept} kept @returns {Echo} */
export function echoOf({ state, code, written_at, source, ...row }) {
  const { reply_lost: _lost, tried: _tried, ...command } = rowOf(row);
  return { ...command, ...(source && { source }), state, code, written_at };
}
