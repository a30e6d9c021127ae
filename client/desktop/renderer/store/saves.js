/** What the outputs of a session write into the database (db.js): all of one save in one transaction. */

/** @typedef {import("../types.js").Output} Output
 * @typedef {{chat_id: number, applied: number, applied_at?: string | null, read?: number, first_seq?: number}} Cursor of a chat's log
 * @typedef {Extract<Output, {do: "apply" | "jump" | "begins" | "expire" | "forget" | "save_marks"}> | {do: "begin"}} Move of what is kept of
 *   a chat's log: its cursor, and its items (log-items.js) */
/**
 * `strict`: it must be on the disk before it counts; `size` 0: nothing is to be written; `moves` by chat, in order.
 * @typedef {{epoch: {user_id: number, epoch: string} | null, strict: boolean, size: number,
 *   rows: ((outbox: IDBObjectStore) => void)[], moves: Map<number, Move[]>}} Plan
 */

/** @param {Output[]} outputs @returns {Plan} */
export function savePlanOf(outputs) {
  /** @type {Map<string, string>} */
  const failed = new Map();
  /** @type {Map<string, {seq: number, created_at: string}>} */
  const sent = new Map();
  for (const output of outputs) {
    if (output.do === "failed") failed.set(output.cid, output.code);
    if (output.do === "sent" && output.seq !== null && output.created_at) {
      sent.set(output.cid, { seq: output.seq, created_at: output.created_at });
    }
  }
  /** @type {Plan} */
  const plan = { epoch: null, strict: false, size: 0, rows: [], moves: new Map() };
  for (const output of outputs) {
    switch (output.do) {
      case "save_epoch":
        plan.epoch = { user_id: output.user_id, epoch: output.epoch };
        plan.size += 1;
        break;
      case "save_row":
        plan.rows.push((outbox) => putRow(outbox, output.row));
        plan.strict = true;
        break;
      case "drop_row": {
        const code = failed.get(output.cid);
        plan.rows.push((outbox) =>
          code === undefined ? settleRow(outbox, output.cid, sent.get(output.cid)) : failRow(outbox, output.cid, code),
        );
        break;
      }
      case "apply":
        addMove(plan, output.item.chat_id, output);
        break;
      case "expire":
      case "jump":
      case "begins":
      case "forget":
      case "save_marks":
        addMove(plan, output.chat_id, output);
        break;
      case "tell":
        for (const chatId of emptyChats(output.frame)) addMove(plan, chatId, { do: "begin" });
    }
  }
  plan.size += plan.rows.length + plan.moves.size;
  return plan;
}

/** @param {Plan} plan @param {number} chatId @param {Move} move */
function addMove({ moves }, chatId, move) {
  const before = moves.get(chatId);
  if (before) before.push(move);
  else moves.set(chatId, [move]);
}

/** Chats that were told of before anything was written in them: all of it will be applied.
 * @param {import("../types.js").ToldFrame} frame @returns {number[]} */
function emptyChats(frame) {
  if (frame.type === "chat") return frame.chat.last_seq === 0 ? [frame.chat.id] : [];
  if (frame.type !== "ready" && frame.type !== "chats") return [];
  return frame.chats.filter((head) => head.last_seq === 0).map((head) => head.chat_id);
}

/** @param {IDBObjectStore} cursors @param {number} chatId @param {Move[]} moves */
export function moveCursor(cursors, chatId, moves) {
  const before = cursors.get(chatId);
  before.onsuccess = () => {
    let cursor = before.result ?? null;
    for (const move of moves) {
      const { read = 0, applied = 0, applied_at = null, first_seq = 1 } = cursor ?? {};
      if (move.do === "forget") cursor = null;
      else if (move.do === "jump") cursor = { applied: move.applied, applied_at: null, read, first_seq };
      else if (move.do === "apply") {
        cursor = { applied: move.item.seq, applied_at: move.item.created_at ?? null, read, first_seq };
      } else if (move.do === "begins" || move.do === "expire") {
        cursor = { applied, applied_at, read, first_seq: move.first_seq };
      } else cursor = { applied, applied_at, read: move.do === "save_marks" ? move.read_seq : read, first_seq };
    }
    if (cursor) cursors.put({ ...cursor, chat_id: chatId });
    else cursors.delete(chatId);
  };
}

/** @param {IDBObjectStore} outbox @param {import("../protocol/row.js").Row} row */
function putRow(outbox, row) {
  const before = outbox.index("cid").get(row.cid);
  before.onsuccess = () => {
    const { state = "queued", code = null, written_at = new Date().toISOString() } = before.result ?? {};
    outbox.put({ ...before.result, ...row, state, code, written_at });
  };
}

/**
 * A row that the user wrote. The message that it names by its cid is told so: where that is stored before the session
 * hears of this row, it finds it (`settleRow`). @param {IDBObjectStore} outbox @param {import("./db.js").Kept} row
 */
export function addRow(outbox, row) {
  outbox.add(row);
  if (row.of_cid === null) return;
  const target = outbox.index("cid").get(row.of_cid);
  target.onsuccess = () => void (target.result && outbox.put({ ...target.result, named: true }));
}

/** A row in the place of another; nothing where that is gone: it was put again or dropped already, perhaps in another window.
 * @param {IDBObjectStore} outbox @param {import("./db.js").Kept} row @param {string} instead its cid @param {() => void} gone */
export function replaceRow(outbox, row, instead, gone) {
  const before = outbox.index("cid").getKey(instead);
  before.onsuccess = () => {
    if (before.result === undefined) return gone();
    settleRow(outbox, instead, undefined, row.files);
    addRow(outbox, row);
  };
}

/** It leaves, and the bytes of its files; what still names it by its cid names its place, or leaves with it.
 * @param {IDBObjectStore} outbox @param {string} cid @param {{seq: number, created_at: string}} [sent] where it is stored
 * @param {{local_id: string}[]} [stay] files that another row has now */
export function settleRow(outbox, cid, sent, stay = []) {
  const before = outbox.index("cid").openCursor(cid);
  before.onsuccess = () => {
    const cursor = before.result;
    if (!cursor) return;
    if (cursor.value.named) placeRows(outbox, cid, sent);
    dropFiles(outbox, cursor.value.files, stay);
    cursor.delete();
  };
}

/** @param {IDBObjectStore} outbox in a transaction that has the files too @param {{local_id: string}[]} [files] none in
 * rows of a version before @param {{local_id: string}[]} [stay] */
function dropFiles(outbox, files = [], stay = []) {
  for (const { local_id } of files) {
    if (!stay.some((one) => one.local_id === local_id)) outbox.transaction.objectStore("files").delete(local_id);
  }
}

/** @param {IDBObjectStore} outbox @param {string} cid @param {{seq: number, created_at: string}} [sent] */
function placeRows(outbox, cid, sent) {
  const walk = outbox.openCursor();
  walk.onsuccess = () => {
    const cursor = walk.result;
    if (cursor?.value.of_cid === cid) {
      if (sent) cursor.update({ ...cursor.value, seq: sent.seq, target_at: sent.created_at, of_cid: null });
      else cursor.delete();
    }
    cursor?.continue();
  };
}

/**
 * It waits for the user. A change of a message that was refused itself is what that one is from now on: another text, or
 * nothing. @param {IDBObjectStore} outbox @param {string} cid @param {string} code
 */
function failRow(outbox, cid, code) {
  const before = outbox.index("cid").get(cid);
  before.onsuccess = () => {
    const row = before.result;
    if (!row) return;
    if (!row.of_cid) return void outbox.put({ ...row, state: "failed", code }); // at once: what names it looks for that
    const target = outbox.index("cid").get(row.of_cid);
    target.onsuccess = () => {
      const there = target.result?.state === "failed" ? target.result : null;
      if (!there) return void outbox.put({ ...row, state: "failed", code });
      outbox.delete(row.place);
      if (row.kind === "edit") outbox.put({ ...there, content: row.content });
      else {
        outbox.delete(there.place);
        dropFiles(outbox, there.files);
      }
    };
  };
}
