/**
 * What may come over a WebSocket (docs/protocol.md section 4), checked as far as this client relies on it: a server, or
 * whatever stands in its place, may say anything. Unknown frames pass: they are ignored further on.
 */

/** Characters of one WebSocket message. */
export const MAX_MESSAGE = 1024 * 1024;
/** Frames of one array. */
const MAX_ARRAY = 256;

/** @typedef {import("../types.js").Item} Item @typedef {import("../types.js").User} User
 * @typedef {import("../types.js").Message} Message @typedef {import("../types.js").ToldChat} ToldChat */
/** @template T @typedef {import("../types.js").Check<T>} Check */
/**
 * Items of exactly the seqs in (from_seq, to_seq].
 * @typedef {{chat_id: number, ref?: string | null, items: Item[], users?: User[], from_seq: number, to_seq: number,
 *   last_seq: number, last_at?: string | null, more?: boolean, has_more?: boolean}} PageFields
 * @typedef {Item | import("../types.js").ToldFrame | ({type: "page"} & PageFields) |
 *   {type: "ack", cid: string, chat_id: number, seq: number, created_at: string, dup: boolean} |
 *   {type: "error", code: string, ref?: string | null, chat_id?: number | null, retryable: boolean, detail: string,
 *     retry_after_ms?: number | null} |
 *   {type: "lag", chat_id: number, last_seq: number} | {type: "expired", chat_id: number, first_seq: number} | {type: "auth_expiring"} | {type: "auth_ok"} | {type: "pong"} |
 *   {type: "bye", reconnect_after_ms: number}} Frame
 */

/** @param {any} value */
const isId = (value) => Number.isSafeInteger(value) && value > 0;
/** @param {any} value */
const isSeq = (value) => Number.isSafeInteger(value) && value >= 0;
/** @param {any} value */
const isText = (value) => typeof value === "string";
/** @param {any} value */
const isTime = (value) =>
  typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|\+00:00)$/.test(value);
/** @param {any} value */
const isFlag = (value) => typeof value === "boolean";
/** @param {any} value */
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
/** @param {(value: any) => boolean} check */
const orNull = (check) => (/** @type {any} */ value) => value === null || value === undefined || check(value);
/** @param {(value: any) => boolean} check */
const listOf = (check) => (/** @type {any} */ value) => Array.isArray(value) && value.every(check);
/** An object with at least these fields. @template T @param {Record<string, (value: any) => boolean>} fields
 * @returns {Check<T>} */
function shape(fields) {
  const checks = Object.entries(fields);
  /** @param {any} value @returns {value is T} */
  const check = (value) => isObject(value) && checks.every(([name, holds]) => holds(value[name]));
  return check;
}

/** @type {Check<User>} */
const isUser = shape({ id: isId, username: isText, display_name: isText, avatar_url: orNull(isText) });
const isReaction = shape({ emoji: isText, count: isSeq, user_ids: listOf(isId) });
const isFile = shape({ id: isText, name: isText, content_type: isText, size: isSeq });
const message = {
  chat_id: isId,
  seq: isId,
  rev: orNull(isId),
  sender_id: isId,
  content: orNull(isText),
  created_at: isTime,
  edited_at: orNull(isTime),
  reply_to: orNull(isId),
  cid: isText,
  reactions: orNull(listOf(isReaction)),
  mentions: orNull(listOf(isId)),
  forwarded: orNull(shape({ user_id: isId, display_name: isText })),
  attachments: orNull(listOf(isFile)),
};
const marks = { read_seq: isSeq, delivered_seq: isSeq };
/** How much is unread: told of one's own marks. */
const counts = { unread_count: orNull(isSeq), mention_count: orNull(isSeq), last_seq: orNull(isSeq) };
const head = {
  first_seq: isSeq,
  last_seq: isSeq,
  last_at: orNull(isTime),
  left_seq: orNull(isSeq),
  ...marks,
  others_read_seq: isSeq,
  others_delivered_seq: isSeq,
  unread_count: isSeq,
  mention_count: orNull(isSeq),
};
const isHead = shape({ chat_id: isId, ...head });
const isMember = shape({ user: isUser, role: isText, ...marks });

/** @type {Record<string, (value: any) => boolean>} */
const ITEMS = {
  message: shape(message),
  event: (value) => isEvent(value) && (EVENTS[value.event]?.(value) ?? true),
  hidden: shape({ chat_id: isId, seq: isId, created_at: orNull(isTime) }),
};
const isEvent = shape({
  chat_id: isId,
  seq: isId,
  event: isText,
  actor_id: isId,
  created_at: isTime,
  target_seq: orNull(isId),
  data: isObject,
});
/** What became of a message, or some of it. @type {(data: any) => boolean} */
const isState = (data) =>
  orNull(isText)(data.content) && orNull(listOf(isReaction))(data.reactions) && orNull(listOf(isId))(data.mentions);
/** Whether what an event of a known word tells can be used. @type {Record<string, (event: any) => boolean>} */
const EVENTS = {
  edited: ({ data }) => isState(data),
  reaction_added: ({ data }) => isState(data),
  reaction_removed: ({ data }) => isState(data),
  member_added: ({ data }) => isUser(data.user) && isText(data.role),
  member_removed: ({ data }) => isId(data.user_id),
  role_changed: ({ data }) => isId(data.user_id) && isText(data.role),
  pinned: ({ data, target_seq }) => isId(target_seq) && orNull(isId)(data.pinned_seq),
  unpinned: ({ data, target_seq }) => isId(target_seq) && orNull(isId)(data.pinned_seq),
  chat_updated: ({ data }) =>
    [data.title, data.avatar_url, data.writers].every(orNull(isText)) && orNull(isSeq)(data.retention_days),
};

/** One entry of a log. @param {any} value @returns {value is Item} */
export function isItem(value) {
  return isObject(value) && Object.hasOwn(ITEMS, value.type) && ITEMS[value.type](value);
}

/** A `chat` object. @type {Check<ToldChat>} */
export const isChat = shape({
  id: isId,
  type: isText,
  title: orNull(isText),
  created_at: isTime,
  role: isText,
  last_message: orNull((value) => shape(message)(value)),
  peer: orNull(isUser),
  members: orNull(listOf(isMember)),
  pinned_seq: orNull(isSeq),
  muted_until: orNull(isTime),
  writers: orNull(isText),
  retention_days: orNull(isSeq),
  ...head,
});

/** What GET /api/chats answers.
 * @type {Check<{chats: ToldChat[], users: User[], epoch: string, next_cursor?: string | null}>} */
export const isChatList = shape({
  chats: listOf(isChat),
  users: listOf(isUser),
  epoch: isText,
  next_cursor: orNull((cursor) => typeof cursor === "string" && /^[\w-]{1,100}$/.test(cursor)),
});

/** What GET .../pins answers: messages without their type. @type {Check<{messages: Omit<Message, "type">[], users: User[]}>} */
export const isPinList = shape({ messages: listOf((value) => shape(message)(value)), users: listOf(isUser) });

/** What GET .../revisions answers. @type {Check<{revisions: import("../types.js").Revision[]}>} */
export const isRevisionList = shape({
  revisions: listOf(shape({ rev: isId, content: orNull(isText), edited_at: orNull(isTime) })),
});

/** What GET .../readers answers. @type {Check<{read: number[], received: number[], users: User[]}>} */
export const isReaders = shape({ read: listOf(isId), received: listOf(isId), users: listOf(isUser) });

/** What GET /api/blocks answers. @type {Check<{blocks: {user: User, created_at: string}[]}>} */
export const isBlockList = shape({ blocks: listOf(shape({ user: isUser, created_at: isTime })) });

/** What GET /api/search answers.
 * @type {Check<{results: import("../types.js").Found[], users: User[], next_cursor: string | null, complete?: boolean}>} */
export const isSearchAnswer = shape({
  results: listOf(
    shape({
      message: (value) => shape(message)(value),
      matches: listOf(([at, length] = []) => isSeq(at) && isSeq(length)),
    }),
  ),
  users: listOf(isUser),
  next_cursor: orNull(isText),
});

/** What GET /api/chats/{id}/files answers. @type {Check<{files: import("../types.js").ChatFile[], has_more: boolean}>} */
export const isChatFiles = shape({ files: listOf(shape({ file: isFile, seq: isId })), has_more: isFlag });

/** A profile, and the parts of shapes. */
export { isFlag, isId, isSeq, isText, isTime, isUser, listOf, orNull, shape };

const pageFields = { items: listOf(isItem), users: listOf(isUser), from_seq: isSeq, to_seq: isSeq, last_seq: isSeq };

/** A page of GET .../messages: items of exactly the seqs in (from_seq, to_seq]. `seq`: the place that was asked for.
 * @typedef {{items: Item[], users: User[], from_seq: number, to_seq: number, last_seq: number, has_more?: boolean,
 *   seq?: number}} ItemPage */
/** @param {any} value @returns {value is ItemPage} */
export function isItemPage(value) {
  return shape(pageFields)(value) && isDense(value);
}

/** @param {ItemPage} page */
function isDense({ items, from_seq, to_seq }) {
  return items.length === to_seq - from_seq && items.every((item, at) => item.seq === from_seq + 1 + at);
}

/** @type {Record<string, (value: any) => boolean>} */
const FRAMES = {
  ...ITEMS,
  ready: shape({
    user: isUser,
    epoch: isText,
    limits: shape({ inflight: isId }),
    chats: listOf(isHead),
    blocked: orNull(listOf(isId)),
  }),
  chats: shape({ chats: listOf(isHead) }),
  page: (value) => isId(value.chat_id) && orNull(isTime)(value.last_at) && isItemPage(value),
  ack: shape({ cid: isText, chat_id: isId, seq: isId, created_at: isTime }),
  error: shape({ code: isText, ref: orNull(isText), chat_id: orNull(isId), retry_after_ms: orNull(isSeq) }),
  lag: shape({ chat_id: isId, last_seq: isSeq }),
  expired: shape({ chat_id: isId, first_seq: isId }),
  chat: shape({ chat: isChat }),
  marks: shape({ chat_id: isId, user_id: isId, ...marks, ...counts }),
  user: shape({ user: isUser }),
  block: shape({ user_id: isId }),
  typing: shape({ chat_id: isId, user_id: isId }),
  presence: shape({ user_id: isId }),
  auth_expiring: shape({}),
  auth_ok: shape({}),
  pong: shape({}),
  bye: shape({ reconnect_after_ms: isSeq }),
};

/** What a message means where it does not say it (docs/protocol.md section 2). */
const UNSAID = Object.entries({
  rev: 1,
  edited_at: null,
  deleted: false,
  is_read: false,
  reply_to: null,
  attachment_url: null,
  attachments: Object.freeze([]),
  reactions: Object.freeze([]),
  mentions: Object.freeze([]),
  mentions_all: false,
  forwarded: null,
});

/** A frame that was just parsed, its messages with all their fields. @param {Frame} frame */
function completed(frame) {
  if (frame.type === "page") frame.items.forEach(complete);
  else if (frame.type === "chat") complete(frame.chat.last_message);
  else complete(frame);
  return frame;
}

/** @param {any} item of a log, or another frame */
function complete(item) {
  if (item?.type === "message") for (const [name, value] of UNSAID) item[name] ??= value;
}

/**
 * The frames of one WebSocket message, messages with all their fields; null where they are not what the protocol says.
 * @param {any} data @returns {Frame[] | null}
 */
export function decoded(data) {
  if (typeof data !== "string" || data.length > MAX_MESSAGE) return null;
  let found;
  try {
    found = JSON.parse(data);
  } catch {
    return null;
  }
  const frames = Array.isArray(found) ? found : [found];
  if (frames.length > MAX_ARRAY) return null;
  return frames.every(isFrame) ? frames.map(completed) : null;
}

/** @param {any} frame */
function isFrame(frame) {
  if (!isObject(frame) || typeof frame.type !== "string") return false;
  return !Object.hasOwn(FRAMES, frame.type) || FRAMES[frame.type](frame);
}
