/**
 * The chats of the list, kept up to date by what the server tells of them (whole objects, heads, marks) and by the
 * items of their logs. Whatever comes late or twice takes nothing back: seqs only grow.
 */

import { isMuted, mentionsMe } from "./muting.js";
import { changedBy } from "./timeline.js";
import {
  NOTHING_UNREAD,
  arrived,
  countOf,
  counted,
  countsLately,
  expired as expiredUnread,
  given,
  readUpTo,
  removed,
} from "./unread.js";

/** @typedef {import("../types.js").ChatView} ChatView @typedef {import("../types.js").Item} Item
 * @typedef {import("../types.js").Event} Event @typedef {import("../types.js").User} User
 * @typedef {import("../types.js").Member} Member @typedef {import("../types.js").Message} Message
 * @typedef {import("../types.js").ToldChat} ToldChat
 * @typedef {"last_seq" | "read_seq" | "delivered_seq" | "others_read_seq" | "others_delivered_seq"} Seq */

/**
 * `told`: up to which seq title, picture, role and membership are known; `members_told`: the same of the members.
 * `applied`: the last item of the log that was applied.
 * @typedef {ChatView & {told: number, members_told: number, applied: number,
 *   unread: import("./unread.js").Unread, mentioned: import("./unread.js").Unread}} Chat
 */

/** Mentions are counted so far by the server, which tells no more than that there are so many. */
const MANY_MENTIONS = 100;

/** The parts of a chat that its log changes. @param {ToldChat} told */
const loggedOf = (told) => ({
  title: told.title ?? null,
  avatar_url: told.avatar_url ?? null,
  role: told.role,
  left_seq: told.left_seq ?? null,
  first_seq: told.first_seq,
  pinned_seq: told.pinned_seq ?? null,
  writers: told.writers ?? "all",
  retention_days: told.retention_days ?? 0,
  told: told.last_seq,
});

/**
 * A chat that the server described as a whole.
 * @param {Chat | undefined} chat what is known of it @param {ToldChat} told @returns {Chat}
 */
export function described(chat, told) {
  if (!chat) return firstView(told);
  const next = { ...withHead(chat, told), ...(told.last_seq >= chat.told && loggedOf(told)) };
  const { muted = next.muted, favourite = next.favourite, hidden = next.hidden, notify = next.notify } = told;
  Object.assign(next, { muted, favourite, hidden, notify });
  if (typeof told.muted === "boolean") next.muted_until = told.muted_until ?? null;
  next.peer = told.peer ?? next.peer;
  if (told.members && told.last_seq >= chat.members_told) {
    next.members = told.members;
    next.members_told = told.last_seq;
  }
  next.last_message = newestOf(since(chat.last_message, next.first_seq), told.last_message ?? null);
  return next;
}

/** @param {ToldChat} told @returns {Chat} */
function firstView(told) {
  const unread = { ...NOTHING_UNREAD, base: told.unread_count, upto: told.last_seq, read: told.read_seq };
  return {
    ...told,
    ...loggedOf(told),
    muted: told.muted ?? false,
    favourite: told.favourite ?? false,
    hidden: told.hidden ?? false,
    last_at: told.last_at ?? null,
    last_message: told.last_message ?? null,
    peer: told.peer ?? null,
    members: told.members ?? null,
    notify: told.notify ?? "all",
    muted_until: told.muted_until ?? null,
    mentioned: { ...unread, base: told.mention_count ?? 0 },
    mention_count: told.mention_count ?? 0,
    blocked: false,
    typing: [],
    draft: "",
    queued: 0,
    failed: 0,
    members_told: told.members ? told.last_seq : 0,
    applied: 0,
    unread,
    unread_count: countOf(unread),
  };
}

/** Where a chat stands, read from the database. @param {Chat} chat @param {import("../types.js").Standing} head @returns {Chat} */
export function withHead(chat, head) {
  const next = withMentioned(
    withUnread({ ...chat }, counted(chat.unread, head)),
    counted(chat.mentioned ?? NOTHING_UNREAD, { ...head, unread_count: head.mention_count ?? 0 }),
  );
  raise(next, head, ["last_seq", "read_seq", "delivered_seq", "others_read_seq", "others_delivered_seq"]);
  if (head.last_seq >= chat.last_seq) next.last_at = head.last_at ?? next.last_at;
  if (head.last_seq >= chat.told) next.left_seq = head.left_seq ?? null;
  return next;
}

/** Somebody's marks. @param {Chat} chat @param {import("../types.js").Marks} marks @param {number} me @returns {Chat} */
export function withMarks(chat, marks, me) {
  const next = { ...chat };
  if (marks.user_id === me) {
    raise(next, marks, ["read_seq", "delivered_seq"]);
    return withMentioned(
      withUnread(next, recounted(chat.unread, marks, marks.unread_count)),
      recounted(chat.mentioned, marks, marks.mention_count),
    );
  }
  next.others_read_seq = Math.max(chat.others_read_seq, marks.read_seq ?? 0);
  next.others_delivered_seq = Math.max(chat.others_delivered_seq, marks.delivered_seq ?? 0, next.others_read_seq);
  if (next.members) {
    next.members = next.members.map((one) => (one.user.id === marks.user_id ? marked(one, marks) : one));
  }
  return next;
}

/** @param {import("./unread.js").Unread} unread @param {import("../types.js").Marks} marks
 * @param {number | undefined} unread_count as the server counted it, where it did */
function recounted(unread, { read_seq, last_seq }, unread_count) {
  const whole = typeof unread_count === "number" && typeof last_seq === "number"; // strangers may tell null
  return whole ? counted(unread, { unread_count, last_seq, read_seq }) : readUpTo(unread, read_seq, null);
}

/**
 * One has read up to there.
 * @param {Chat} chat @param {number} seq @param {{left: number, upto: number} | null} seen what is unread above it
 * @returns {Chat}
 */
export function withRead(chat, seq, seen) {
  if (seq <= chat.read_seq) return chat;
  const next = withUnread({ ...chat, read_seq: seq }, readUpTo(chat.unread, seq, seen));
  return withMentioned(next, readUpTo(chat.mentioned, seq, null));
}

/** The next item of the log. @param {Chat} chat @param {Item} item @param {number} me
 * @param {Message | null} [target] the message that an event changes, as it was before, where that is known @returns {Chat} */
export function withItem(chat, item, me, target = null) {
  if (item.seq <= chat.applied) return chat;
  let next = { ...chat, applied: item.seq };
  if (item.seq > chat.last_seq) {
    next.last_seq = item.seq;
    if (item.created_at) next.last_at = item.created_at;
  }
  if (item.type === "message") {
    next.hidden = false;
    next.last_message = newestOf(chat.last_message, item);
    next.typing = chat.typing.filter((userId) => userId !== item.sender_id);
    if (item.sender_id !== me) next = withUnread(next, arrived(chat.unread, item.seq));
    if (mentionsMe(item, me)) next = withMentioned(next, arrived(chat.mentioned, item.seq));
  } else if (item.type === "event") {
    next = withEvent(withMentionsOf(next, item, me, target), item, me);
  }
  return next;
}

/** @param {Chat} chat a copy @param {Event} event @param {number} me @returns {Chat} */
function withEvent(chat, event, me) {
  const { data, seq } = event;
  if (chat.last_message) chat.last_message = changedBy(chat.last_message, event);
  if (event.event === "deleted" && event.target_seq) {
    // a pin goes with its message; which one is the newest now is told with the list of pins
    if (chat.pinned_seq === event.target_seq) chat.pinned_seq = undefined;
    if (data.sender_id === me) return chat;
    return withMentioned(withUnread(chat, removed(chat.unread, seq, event.target_seq)), chat.mentioned);
  }
  if (seq > chat.members_told && event.event in MEMBERSHIP) {
    chat.members = chat.members && MEMBERSHIP[event.event](chat.members, event);
    chat.members_told = seq;
  }
  if (seq <= chat.told) return chat;
  chat.told = seq;
  const mine = (data.user?.id ?? data.user_id) === me;
  if (event.event === "chat_updated") {
    chat.title = data.title ?? chat.title;
    if ("avatar_url" in data) chat.avatar_url = data.avatar_url; // null: it has none any more
    chat.writers = data.writers ?? chat.writers;
    chat.retention_days = data.retention_days ?? chat.retention_days;
  } else if (event.event === "pinned" || event.event === "unpinned") {
    chat.pinned_seq = (data.pinned_seq ?? 0) >= chat.first_seq ? data.pinned_seq : null;
  } else if (event.event === "member_added" && mine) {
    chat.left_seq = null;
    chat.role = data.role ?? "member";
  } else if (event.event === "member_removed" && mine) {
    chat.left_seq = seq;
  } else if (event.event === "role_changed" && mine) {
    chat.role = data.role;
  }
  return chat;
}

/**
 * An edit may name this user, or name them no more, and a deletion names nobody. Where it is not known whom the message named
 * when the server counted, nothing is counted: its next count tells.
 * @param {Chat} chat a copy @param {Event} event @param {number} me @param {Message | null} target before it
 */
function withMentionsOf(chat, event, me, target) {
  const { data, seq, target_seq: of } = event;
  const isDeletion = event.event === "deleted";
  if (!of || !(isDeletion || "content" in data)) return chat;
  const sender = target?.sender_id ?? data.sender_id ?? (event.event === "edited" ? event.actor_id : me);
  const { mentioned } = chat;
  const before = countsLately(mentioned, of) ?? (target && target.rev < data.rev ? mentionsMe(target, me) : null);
  const after = !isDeletion && mentionsMe({ ...data, sender_id: sender }, me);
  if (before === null || before === after) return chat;
  if (after) return withMentioned(chat, given(mentioned, seq, of));
  if (of <= mentioned.upto && mentioned.base >= MANY_MENTIONS) return chat;
  return withMentioned(chat, removed(mentioned, seq, of));
}

/** What events make of the members. @type {Record<string, (members: Member[], event: Event) => Member[]>} */
const MEMBERSHIP = {
  member_added(members, { data, seq, created_at }) {
    const others = members.filter(({ user }) => user.id !== data.user.id);
    return [...others, { user: data.user, role: data.role, joined_at: created_at, read_seq: seq, delivered_seq: seq }];
  },
  member_removed: (members, { data }) => members.filter(({ user }) => user.id !== data.user_id),
  role_changed: (members, { data }) =>
    members.map((member) => (member.user.id === data.user_id ? { ...member, role: data.role } : member)),
};

/** Its log begins with `firstSeq` now. @param {Chat} chat @param {number} firstSeq @returns {Chat} */
export function expired(chat, firstSeq) {
  const next = withMentioned(
    withUnread({ ...chat, first_seq: firstSeq }, expiredUnread(chat.unread, firstSeq)),
    expiredUnread(chat.mentioned, firstSeq),
  );
  next.last_message = since(chat.last_message, firstSeq);
  if (chat.pinned_seq && chat.pinned_seq < firstSeq) next.pinned_seq = null;
  return next;
}

/** @param {Message | null} message @param {number} firstSeq */
const since = (message, firstSeq) => (message && message.seq >= firstSeq ? message : null);

/** Its log goes on elsewhere: what lies between is not applied. @param {Chat} chat @param {number} applied */
export function jumped(chat, applied) {
  return { ...chat, applied: Math.max(chat.applied, applied), last_seq: Math.max(chat.last_seq, applied) };
}

/** Its log is another one now. @param {Chat} chat @returns {Chat} */
export function forgotten(chat) {
  const marks = { read_seq: 0, delivered_seq: 0, others_read_seq: 0, others_delivered_seq: 0 };
  const seqs = { last_seq: 0, told: 0, members_told: 0, applied: 0 };
  const unread = { unread: NOTHING_UNREAD, unread_count: 0, mentioned: NOTHING_UNREAD, mention_count: 0 };
  return { ...chat, ...marks, ...seqs, ...unread, last_at: null, last_message: null };
}

/** Profiles changed. @param {Chat} chat @param {Map<number, User>} users @returns {Chat} the same without them in it */
export function withUsers(chat, users) {
  const peer = chat.peer && (users.get(chat.peer.id) ?? chat.peer);
  const named = chat.members?.some((member) => users.has(member.user.id));
  if (peer === chat.peer && !named) return chat;
  const members = chat.members?.map((member) => ({ ...member, user: users.get(member.user.id) ?? member.user }));
  return { ...chat, peer, members: members ?? null };
}

/**
 * As the list shows them: by the last message, else by their beginning, the newest first; hidden ones left out.
 * @template {ChatView} T @param {Map<number, T>} chats @returns {T[]}
 */
export function listed(chats) {
  const shown = [...chats.values()].filter((chat) => !chat.hidden);
  return shown.sort((one, other) => {
    const [a, b] = [activeAt(one), activeAt(other)];
    return a === b ? other.id - one.id : a < b ? 1 : -1;
  });
}

/** Unread messages in all chats that are not muted, and mentions in those that are; and how long that holds, because a
 * mute ends by itself. @param {Map<number, ChatView>} chats @param {number} now ms since 1970
 * @returns {{unread: number, until: number}} `until`: ms since 1970 */
export function unreadOf(chats, now) {
  let unread = 0;
  let until = Infinity;
  for (const chat of chats.values()) {
    if (chat.hidden) continue;
    const muted = isMuted(chat, now);
    unread += muted ? chat.mention_count : chat.unread_count;
    if (muted && chat.muted_until) until = Math.min(until, Date.parse(chat.muted_until));
  }
  return { unread, until };
}

/** A time that compares as text: with all six digits of a second's fraction. @param {ChatView} chat */
function activeAt(chat) {
  const time = (chat.last_message?.created_at ?? chat.created_at).replace(/Z$/, "");
  return time.includes(".") ? time.padEnd(26, "0") : `${time}.000000`;
}

/** @param {Message | null} one @param {Message | null} other */
function newestOf(one, other) {
  if (!one || !other) return one ?? other;
  if (one.seq !== other.seq) return one.seq > other.seq ? one : other;
  return other.rev > one.rev ? other : one;
}

/** @param {Chat} chat a copy @param {import("./unread.js").Unread} unread */
function withUnread(chat, unread) {
  return { ...chat, unread, unread_count: countOf(unread) };
}

/** @param {Chat} chat a copy @param {import("./unread.js").Unread} mentioned */
function withMentioned(chat, mentioned) {
  return { ...chat, mentioned, mention_count: Math.min(countOf(mentioned), chat.unread_count) };
}

/** @param {Chat} chat a copy @param {Partial<Record<Seq, number>>} told @param {Seq[]} names */
function raise(chat, told, names) {
  for (const name of names) chat[name] = Math.max(chat[name], told[name] ?? 0);
}

/** @param {Member} member @param {any} marks */
function marked(member, marks) {
  const read_seq = Math.max(member.read_seq, marks.read_seq ?? 0);
  return { ...member, read_seq, delivered_seq: Math.max(member.delivered_seq, marks.delivered_seq ?? 0, read_seq) };
}
