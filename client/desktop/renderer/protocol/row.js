/** A row of the outbox: one command of the log, as it is kept, as it is sent, and on its way. */

/**
 * @typedef {"send" | "edit" | "delete" | "react" | "pin"} Kind
 * @typedef {{cid: string, chat_id: number, kind: Kind, content: string, seq: number | null, target_at: string | null,
 *   of_cid: string | null, emoji: string | null, on: boolean | null, reply_to: number | null,
 *   forward: {chat_id: number, seq: number, target_at: string} | null, attachments: string[], files: LocalFile[],
 *   reply_lost: boolean, tried: boolean}} Row
 *   A command of the log on its way; once it was sent its bytes never change. All but sends name the message that they are
 *   about, by `seq` and its created_at, `target_at`; while that one is not acknowledged itself, by its cid, `of_cid`.
 *   `content`: the text of a send or an edit; `forward`: a send takes its text from there, and `content` is shown until
 *   then. `attachments`: ids of files that the server has; `files`: those that are brought there first, in the message
 *   they stand behind the former. `tried`: some link may have carried it; false, as long as it was saved while
 *   there was none: then it may be changed, or dropped, and nobody has seen it.
 * @typedef {{local_id: string, name: string, size: number, content_type: string, as_file: boolean,
 *   file_id: string | null}} LocalFile
 *   A file of a message, whose bytes are durable on this machine until the message leaves. `file_id`: what the server
 *   calls it, once it has all of them. `as_file`: a picture is kept as it is.
 * @typedef {Partial<Row> & {cid: string, chat_id: number}} GivenRow
 */

/** A row with every member there; what was saved by version 0.1 is a send. @param {GivenRow} given @returns {Row} */
export function rowOf(given) {
  return {
    cid: given.cid,
    chat_id: given.chat_id,
    kind: given.kind ?? "send",
    content: given.content ?? "",
    seq: given.seq ?? null,
    target_at: given.target_at ?? null,
    of_cid: given.of_cid ?? null,
    emoji: given.emoji ?? null,
    on: given.on ?? null,
    reply_to: given.reply_to ?? null,
    forward: given.forward ?? null,
    attachments: [...(given.attachments ?? [])],
    files: (given.files ?? []).filter(({ local_id }) => typeof local_id === "string").map(fileOf),
    reply_lost: given.reply_lost ?? false,
    tried: given.tried ?? true,
  };
}

/** @param {Partial<LocalFile> & {local_id: string, name: string, size: number}} given @returns {LocalFile} */
function fileOf({ local_id, name, size, content_type = "", as_file = false, file_id = null }) {
  return { local_id, name, size, content_type, as_file, file_id };
}

/** Whether the server has all of its files: before that no link carries it. @param {Pick<Row, "files">} row */
export function isUploaded({ files }) {
  return files.every(({ file_id }) => file_id !== null);
}

/** Whether a row can be put on the wire. @param {Row} row */
export function isSendable({ kind, seq, target_at, emoji, on }) {
  if (kind === "send") return true;
  if (seq === null || target_at === null || (kind === "react" && emoji === null)) return false;
  return kind === "edit" || kind === "delete" || on !== null;
}

/** The command that a whole row is. @param {Row} row @returns {Record<string, any>} */
export function frameOf(row) {
  const { kind: type, chat_id, cid, content, seq, target_at, emoji, on, reply_to, forward } = row;
  const attachments = fileIds(row);
  const text = forward ? { forward } : { content };
  if (type === "send") return { type, chat_id, cid, ...text, reply_to, target_at, attachments };
  const about = { type, chat_id, cid, seq, target_at };
  if (type === "edit") return { ...about, content };
  if (type === "react") return { ...about, emoji, on };
  return type === "pin" ? { ...about, on } : about;
}

/** The files of a message, as the server knows them. @param {Row} row @returns {string[]} */
export function fileIds({ attachments, files }) {
  return [...attachments, ...files.flatMap(({ file_id }) => file_id ?? [])];
}

/** Whether both are about the same message, or the first is the message that the second is about.
 * @param {Row} one @param {Row} other */
export function sameMessage(one, other) {
  if (other.of_cid !== null) return other.of_cid === one.cid || other.of_cid === one.of_cid;
  return other.seq !== null && one.seq === other.seq;
}

/** What named a message by its cid names its place. @param {Row} row @param {number} seq @param {string} createdAt */
export function placed(row, seq, createdAt) {
  return { ...row, seq, target_at: createdAt, of_cid: null };
}

/** A row on its way. */
export class Entry {
  /** How often it was given to be saved without an answer; it is sent only at 0. */
  unsaved = 0;
  /** When this link last carried it, null before. @type {number | null} */
  sentAt = null;
  /** How often this link did without an answer. */
  unanswered = 0;
  /** Its files were uploaded a second time. */
  renewed = false;

  /** @param {Row} row @param {boolean} tried a link has carried it, or may have in an earlier life */
  constructor(row, tried) {
    this.row = row;
    this.tried = tried;
  }

  /** It is durable as it is. */
  get saved() {
    return this.unsaved === 0;
  }

  /** Its files were uploaded, once, and may not be there any more. */
  get maybeExpired() {
    return this.row.files.length > 0 && isUploaded(this.row) && !this.renewed;
  }

  /** It may be sent. */
  get due() {
    return this.saved && isSendable(this.row) && isUploaded(this.row);
  }
}
