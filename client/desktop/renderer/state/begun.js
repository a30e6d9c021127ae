/**
 * What is begun in a chat and not sent, besides its draft: an answer to a message, and another text for one of one's own. It
 * names messages by their place and holds no words of theirs; it is shared by the windows and kept as drafts are.
 */

import { shownMessage } from "./changes.js";
import { heldMessage } from "./quoted.js";
import { isRemoved } from "./removed.js";

/** @typedef {import("../types.js").State} State @typedef {import("../types.js").Begun} Begun
 * @typedef {import("../types.js").Edit} Edit @typedef {import("./next.js").Next} Next */

/** @type {Begun} */
export const NOTHING_BEGUN = Object.freeze({ reply: null, edit: null });

/**
 * As it is to be shown. What answers a message that was deleted is a message of its own; an edit of one does not come back
 * after a start, but a text that was typed just now stays in sight.
 * @param {State} state @param {number} chatId @returns {Begun}
 */
export function begunIn(state, chatId) {
  const { reply, edit } = state.begun.get(chatId) ?? NOTHING_BEGUN;
  return {
    reply: reply && isLost(state, chatId, reply.seq) ? null : reply,
    edit: edit?.recalled && isGone(state, chatId, edit) ? null : edit,
  };
}

/** What of it is worth keeping on this machine. @param {State} state @param {number} chatId @returns {Begun | null} */
export function keptOf(state, chatId) {
  const { reply, edit } = begunIn(state, chatId);
  const keeps = edit !== null && isChanged(edit) && !isGone(state, chatId, edit);
  return slim({ reply, edit: keeps ? edit : null });
}

/** Without what is known in this life alone. @param {Begun} begun @returns {Begun | null} null: nothing */
export function slim({ reply, edit }) {
  if (!reply && !edit) return null;
  return { reply: reply && answered(reply), edit: edit && { ...changed(edit), before: null, text: edit.text } };
}

/** @param {import("../types.js").Answered} message @returns {import("../types.js").Answered} */
export const answered = ({ seq, created_at, sender_id }) => ({ seq, created_at, sender_id });

/** @param {Edit} edit */
const changed = ({ seq, cid, created_at, files }) => ({ seq, cid, created_at, files });

/** Its text is another than that of the message. @param {Edit} edit */
export const isChanged = ({ text, before }) => text !== before;

/** Two of the same message have the same. @param {Edit | null} edit */
export const keyOf = (edit) => (edit ? (edit.cid ?? edit.seq) : null);

/** The message is not there any more, or is being deleted. @param {State} state @param {number} chatId @param {Edit} edit */
export function isGone(state, chatId, { seq, cid }) {
  if (seq !== null) return isLost(state, chatId, seq);
  const waiting = state.echoes.lists.get(chatId) ?? [];
  const isDeleted = waiting.some(
    ({ kind, of_cid, state: how }) => kind === "delete" && of_cid === cid && how === "queued",
  );
  return isDeleted || !waiting.some((echo) => echo.cid === cid);
}

/** It was deleted, or is not to be seen any more. @param {State} state @param {number} chatId @param {number} seq */
const isLost = (state, chatId, seq) =>
  isRemoved(state, { chat_id: chatId, seq }) || heldMessage(state, chatId, seq)?.deleted === true;

/** The message of a seq as it is shown, as far as it is known. @param {State} state @param {number} chatId @param {number} seq */
export function messageOf(state, chatId, seq) {
  const message = heldMessage(state, chatId, seq);
  return message && shownMessage(message, state.echoes.lists.get(chatId) ?? [], state.me?.id ?? 0);
}

/** What `edit` of a messenger is to be told; null where nothing is known of it. @param {State} state @param {number} chatId
 * @param {Edit} edit */
export function targetOf(state, chatId, { seq, cid, created_at, files }) {
  if (seq !== null) return { type: /** @type {const} */ ("message"), seq, created_at: created_at ?? "", files };
  return (state.echoes.lists.get(chatId) ?? []).find((echo) => echo.cid === cid) ?? null;
}

// --- what becomes of it ---

/** @param {Next} next @param {number} chatId @param {Begun} begun */
export function setBegun(next, chatId, begun) {
  if (begun.reply || begun.edit) next.own("begun").set(chatId, begun);
  else if (next.state.begun.has(chatId)) next.own("begun").delete(chatId);
}

/** A message that is being changed has its place in the log now. @param {Next} next @param {number} chatId @param {string} cid
 * @param {number | null} seq @param {string | null | undefined} at */
export function placed(next, chatId, cid, seq, at) {
  const begun = next.state.begun.get(chatId);
  if (!begun?.edit || begun.edit.cid !== cid || begun.edit.seq !== null || !seq || !at) return;
  next.own("begun").set(chatId, { ...begun, edit: { ...begun.edit, seq, created_at: at } });
}

/** @param {Next} next @param {ReadonlyMap<number, Begun>} kept by an earlier start */
export function recallBegun(next, kept) {
  for (const [chatId, { reply, edit }] of kept) {
    next.own("begun").set(chatId, { reply, edit: edit && { ...edit, recalled: true } });
  }
}

/** What is read is checked. @param {any} one @returns {one is Begun} */
export function isBegunShape(one) {
  const { reply, edit } = one ?? {};
  const answers = reply === null || (isSeq(reply?.seq) && isSeq(reply.sender_id) && isText(reply.created_at));
  const place = isSeq(edit?.seq) ? isText(edit.created_at) : edit?.seq === null && isText(edit.cid);
  return answers && (edit === null || (place && isText(edit.text) && typeof edit.files === "boolean"));
}

/** @param {unknown} one */
const isSeq = (one) => Number.isSafeInteger(one);
/** @param {unknown} one */
const isText = (one) => typeof one === "string";
