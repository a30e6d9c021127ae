/**
 * The State of a window, and the updates that change it: what the session of the profile tells (`apply`, `sent`,
 * `tell`, ...) and what this window itself learns (`page`, `echo`, `chats`, ...). Pure. All windows of a profile get
 * the same updates; one that comes twice changes nothing.
 */

import { USUAL } from "../rules/settings.js";
import { closedBy, learnBlock, learnBlocked } from "./blocks.js";
import { described, expired, forgotten, jumped, withHead, withItem, withMarks, withRead, withUsers } from "./chats.js";
import { acked, added, amended, echoesOf, failed, left, leftUpTo, noEchoes } from "./echoes.js";
import { Next, counting } from "./next.js";
import { hearPresence, learnMe, learnUsers, trimPeople } from "./people.js";
import { pinsAfter } from "./pins.js";
import { withRemoved } from "./removed.js";
import { NOTHING_UNREAD } from "./unread.js";
import { emptyLine, expired as expiredLine, itemAt, leftAt, withItem as lineWithItem, withPage } from "./timeline.js";

/** @typedef {import("../types.js").State} State @typedef {import("./chats.js").Chat} Chat
 * @typedef {import("./timeline.js").Line} Line @typedef {import("../types.js").User} User */
/**
 * `unread_until`: when a mute ends that `unread` counts on (ms). `people_named`: how many of `users` were when they were last looked through. `entering`: updates of chats that are not described yet, kept until they are. `typists`: who types where, until
 * when (ms). `drafts`: texts by chat, described or not.
 * @typedef {Omit<State, "chats" | "timelines"> & {chats: Map<number, Chat>, timelines: Map<number, Line>,
 *   echoes: import("./echoes.js").Echoes, unread_until: number, people_named: number, entering: Map<number, Update[]>, drafts: Map<number, string>,
 *   typists: Map<string, {chat_id: number, user_id: number, until: number}>}} Model
 * @typedef {import("../types.js").Update} Update
 */

/** Milliseconds after which a `typing` is over. */
const TYPING = 6000;
/** Updates that are kept of a chat before it is described. */
const ENTERING = 500;
/** Timelines that are kept; that which was not opened for the longest time goes first. */
const TIMELINES = 12;

/** @returns {Model} before anything is known */
export function emptyModel() {
  return {
    phase: "starting",
    ended: null,
    server: { url: "", fixed: false },
    settings: USUAL,
    remembers: "memory",
    ...emptyProfile(),
  };
}

/** What belongs to a log-in. @returns {Omit<Model, "phase" | "ended" | "server" | "settings" | "remembers">} */
export function emptyProfile() {
  return {
    me: null,
    listed: false,
    link: { state: "offline", retry_at: null, since: null, code: null },
    chats: new Map(),
    users: new Map(),
    timelines: new Map(),
    pins: new Map(),
    current: null,
    unread: 0,
    unread_until: Infinity,
    people_named: 0,
    limits: {},
    blocked: new Set(),
    removed: new Set(),
    echoes: noEchoes(),
    entering: new Map(),
    drafts: new Map(),
    typists: new Map(),
    progress: new Map(),
  };
}

/**
 * @param {Model} model @param {Update[]} updates @param {number} now milliseconds since 1970, for what ends by itself
 * @returns {Model} the same object where nothing changed
 */
export function reduce(model, updates, now) {
  const next = new Next(model, now);
  for (const update of updates) {
    keepIfAwaited(next, update);
    take(next, update);
  }
  trimPeople(next);
  if (next.state.echoes !== model.echoes) trimProgress(next);
  return next.model();
}

/** What is not on its way any more goes nowhere. @param {Next} next */
function trimProgress(next) {
  if (next.state.progress.size === 0) return;
  const files = [...next.state.echoes.lists.values()].flat().flatMap((echo) => echo.files);
  const moving = new Set(files.flatMap(({ local_id, file_id }) => (file_id === null ? [local_id] : [])));
  for (const localId of next.state.progress.keys()) {
    if (!moving.has(localId)) next.own("progress").delete(localId);
  }
}

/** Something has ended by itself: a `tick` is due. @param {Model} model @param {number} now ms since 1970 */
export function isOver({ typists, unread_until: until }, now) {
  return now >= until || [...typists.values()].some((typist) => typist.until <= now);
}

/** @param {Next} next @param {Update} update */
function take(next, update) {
  const { state } = next;
  switch (update.do) {
    // --- the session tells ---
    case "apply":
      return apply(next, update.item);
    case "jump":
      return jump(next, update.chat_id, update.applied);
    case "begins":
      return begins(next, update.chat_id, update.first_seq);
    case "expire":
      return expire(next, update.chat_id, update.first_seq);
    case "forget":
      return forget(next, update.chat_id);
    case "sent":
      return sent(next, update);
    case "failed":
      return next.echoes(update.chat_id, failed(state.echoes, update.chat_id, update.cid, update.code));
    case "merged":
    case "discarded":
      return next.echoes(update.chat_id, left(state.echoes, update.chat_id, update.cid));
    case "save_row":
      return next.echoes(update.row.chat_id, amended(state.echoes, update.row));
    case "save_marks":
      return next.chat(update.chat_id, (chat) => withRead(chat, update.read_seq, update.seen ?? null));
    case "tell":
      return hear(next, update.frame);

    // --- this profile learns ---
    case "welcome":
      return welcome(next, update.shared);
    case "cached":
      return recall(next, update.kept);
    case "settings":
      return void (state.settings = update.settings);
    case "link":
      return void (state.link = update.link);
    case "me":
      return learnMe(next, update.user);
    case "chats":
      return listChats(next, update);
    case "chat":
      return describe(next, update.chat);
    case "users":
      return learnUsers(next, update.users);
    case "blocked":
      return learnBlocked(next, update.ids);
    case "block":
      return learnBlock(next, update.user_id, update.on);
    case "echo":
      return next.echoes(update.echo.chat_id, added(state.echoes, update.echo));
    case "progress":
      return void next.own("progress").set(update.local_id, update.sent);
    case "draft":
      return draft(next, update.chat_id, update.text);

    // --- this window alone ---
    case "set":
      return void Object.assign(state, update.values);
    case "open":
      return open(next, update.chat_id);
    case "leave":
      return next.line(update.chat_id, (line) => leftAt(line, update.place));
    case "page":
      return putPage(next, update);
    case "pins":
      return putPins(next, update.chat_id, update.messages);
    case "line":
      return next.line(update.chat_id, (line) => ({ ...line, ...update.values }));
    case "tick":
      for (const typist of state.typists.values()) if (typist.until <= next.now) stopTyping(next, typist);
      return undefined;
    default:
      return unknown(update); // of a window of another version
  }
}

/** All kinds are told apart above: tsc sees to it. @param {never} _update */
function unknown(_update) {}

/** @param {Next} next @param {import("../types.js").ToldFrame} frame */
function hear(next, frame) {
  switch (frame.type) {
    case "ready":
      next.state.limits = frame.limits;
      learnMe(next, frame.user);
      learnBlocked(next, frame.blocked ?? []);
      return hearHeads(next, frame.chats);
    case "chats":
      return hearHeads(next, frame.chats);
    case "chat":
      return describe(next, frame.chat);
    case "marks":
      return next.chat(frame.chat_id, (chat) => withMarks(chat, frame, next.me));
    case "user":
      if (frame.user.id === next.me && "email" in frame.user) return learnMe(next, frame.user);
      return learnUsers(next, [frame.user]);
    case "block":
      return learnBlock(next, frame.user_id, frame.on);
    case "presence":
      return hearPresence(next, frame);
    case "typing":
      return hearTyping(next, frame);
    default:
      return unknown(frame);
  }
}

/** @param {Next} next @param {import("../types.js").Head[]} heads */
function hearHeads(next, heads) {
  for (const head of heads) next.chat(head.chat_id, (chat) => withHead(chat, head));
}

/** @param {Next} next @param {{chat_id: number, user_id: number, on: boolean}} typing */
function hearTyping(next, { chat_id, user_id, on }) {
  const typist = { chat_id, user_id, until: next.now + TYPING };
  if (user_id === next.me) return;
  if (!on) return stopTyping(next, typist);
  next.own("typists").set(`${chat_id} ${user_id}`, typist);
  next.chat(chat_id, (chat) => (chat.typing.includes(user_id) ? chat : { ...chat, typing: [...chat.typing, user_id] }));
}

/** Its log goes on elsewhere. @param {Next} next @param {number} chatId @param {number} applied */
function jump(next, chatId, applied) {
  const chat = next.state.chats.get(chatId);
  if (chat && applied <= chat.applied) return;
  next.chat(chatId, (known) => jumped(known, applied));
  next.line(chatId, (line) => (line.at_end ? emptyLine(chatId, line.echoes) : line));
  if (next.state.pins.has(chatId)) next.own("pins").delete(chatId);
  next.echoes(chatId, leftUpTo(next.state.echoes, chatId, applied));
}

/** Another part of its log may be seen than before. @param {Next} next @param {number} chatId @param {number} firstSeq */
function begins(next, chatId, firstSeq) {
  if (next.state.chats.get(chatId)?.first_seq === firstSeq) return;
  next.chat(chatId, (chat) => ({ ...chat, first_seq: firstSeq }));
  dropHeld(next, chatId);
}

/** Its log begins later: the rest stays as it is. @param {Next} next @param {number} chatId @param {number} firstSeq */
function expire(next, chatId, firstSeq) {
  const known = next.state.chats.get(chatId);
  if (!known || known.first_seq >= firstSeq) return;
  next.chat(chatId, (chat) => expired(chat, firstSeq));
  next.line(chatId, (line) => expiredLine(line, firstSeq));
  const pins = next.state.pins.get(chatId);
  if (pins?.some(({ seq }) => seq < firstSeq)) {
    next.own("pins").set(
      chatId,
      pins.filter(({ seq }) => seq >= firstSeq),
    );
  }
}

/** What is held of its log is out of date. @param {Next} next @param {number} chatId */
function dropHeld(next, chatId) {
  next.line(chatId, (line) => emptyLine(chatId, line.echoes));
  if (next.state.pins.has(chatId)) next.own("pins").delete(chatId);
}

/** Its log is another one. @param {Next} next @param {number} chatId */
function forget(next, chatId) {
  next.chat(chatId, forgotten);
  dropHeld(next, chatId);
  next.echoes(chatId, leftUpTo(next.state.echoes, chatId, Number.MAX_SAFE_INTEGER));
}

/** @param {Next} next @param {{cid: string, chat_id: number, seq: number | null}} sent */
function sent(next, { cid, chat_id, seq }) {
  const chat = next.state.chats.get(chat_id);
  const here = !chat || !seq || seq <= chat.applied;
  next.echoes(chat_id, here ? left(next.state.echoes, chat_id, cid) : acked(next.state.echoes, cid, seq));
}

/** @param {Next} next @param {Extract<Update, {do: "chats"}>} update */
function listChats(next, { chats, users, kept = [] }) {
  next.state.listed = true;
  learnUsers(next, users);
  const listed = new Set([...chats.map(({ id }) => id), ...kept]);
  for (const chat of chats) describe(next, chat);
  for (const id of next.state.chats.keys()) if (!listed.has(id)) next.own("chats").delete(id);
}

/** @param {Next} next @param {number} chatId @param {string} text */
function draft(next, chatId, text) {
  if (text) next.own("drafts").set(chatId, text);
  else next.own("drafts").delete(chatId);
  next.chat(chatId, (chat) => (chat.draft === text ? chat : { ...chat, draft: text }));
}

/** @param {Next} next @param {number | null} chatId */
function open(next, chatId) {
  next.state.current = chatId;
  if (chatId === null) return;
  const timelines = next.own("timelines");
  const line = timelines.get(chatId) ?? emptyLine(chatId, echoesOf(next.state.echoes, chatId));
  timelines.delete(chatId);
  timelines.set(chatId, line); // the last one used stands last
  const [longest] = timelines.keys();
  if (timelines.size <= TIMELINES) return;
  timelines.delete(longest);
  if (next.state.pins.has(longest)) next.own("pins").delete(longest);
  next.chat(longest, withoutMembers);
}

/** Who is in a group is asked for again when it is opened. @param {Chat} chat @returns {Chat} */
const withoutMembers = (chat) => (chat.is_group && chat.members ? { ...chat, members: null, members_told: 0 } : chat);

/** @param {Next} next @param {Extract<Update, {do: "page"}>} update */
function putPage(next, { chat_id, page, keep = "end", anew = false }) {
  const chat = next.state.chats.get(chat_id);
  const bounds = { first_seq: chat?.first_seq ?? 1, applied: chat?.applied ?? 0 };
  learnUsers(next, page.users ?? []);
  next.line(chat_id, (line) => withPage(anew ? { ...line, items: [] } : line, page, bounds, keep));
}

/** They are known as long as the timeline of their chat is. @param {Next} next @param {number} chatId
 * @param {import("../types.js").Message[]} messages */
function putPins(next, chatId, messages) {
  if (next.state.timelines.has(chatId)) next.own("pins").set(chatId, messages);
}

/** What all windows of a profile have alike. @param {Model} model */
export function sharedOf(model) {
  return {
    me: model.me,
    listed: model.listed,
    link: model.link,
    chats: model.chats,
    users: model.users,
    unread: model.unread,
    unread_until: model.unread_until,
    limits: model.limits,
    blocked: model.blocked,
    echoes: model.echoes,
    entering: model.entering,
    drafts: model.drafts,
    typists: model.typists,
    progress: model.progress,
  };
}

/** The window that owns the profile told all it knows. @param {Next} next @param {ReturnType<typeof sharedOf>} shared */
function welcome(next, shared) {
  Object.assign(next.state, shared);
  for (const chatId of next.state.timelines.keys()) {
    const applied = next.state.chats.get(chatId)?.applied ?? 0;
    next.line(chatId, (line) => {
      const echoes = echoesOf(shared.echoes, chatId);
      const behind = line.at_end && line.items.length > 0 && line.items[line.items.length - 1].seq < applied;
      return behind ? emptyLine(chatId, echoes) : { ...line, echoes };
    });
  }
}

/** What an earlier start kept. @param {Next} next @param {{chats: Chat[], users: User[], drafts: Map<number, string>}} kept */
function recall(next, { chats, users, drafts }) {
  next.state.listed ||= chats.length > 0;
  learnUsers(next, users);
  for (const [chatId, text] of drafts) next.own("drafts").set(chatId, text);
  const latest = chats.filter(({ members }) => members).sort((one, other) => (timeOf(one) < timeOf(other) ? 1 : -1));
  const whole = new Set(latest.slice(0, TIMELINES));
  /** @type {number[]} */
  const blockedPeers = [];
  for (const found of chats) {
    const chat = whole.has(found) ? found : withoutMembers(found);
    // a version before wrote nothing of mentions and pins
    const {
      mentioned = NOTHING_UNREAD,
      mention_count = 0,
      notify = "all",
      muted_until = null,
      writers = "all",
      retention_days = 0,
      blocked = false,
    } = chat;
    const named = Array.isArray(mentioned?.later)
      ? { mentioned, mention_count }
      : { mentioned: NOTHING_UNREAD, mention_count: 0 };
    const shown = {
      ...chat,
      ...named,
      notify,
      muted_until,
      writers,
      retention_days,
      blocked,
      typing: [],
      draft: drafts.get(chat.id) ?? "",
    };
    next.own("chats").set(chat.id, counting(shown, echoesOf(next.state.echoes, chat.id)));
    if (blocked && chat.peer) blockedPeers.push(chat.peer.id);
  }
  if (blockedPeers.length) next.state.blocked = new Set([...next.state.blocked, ...blockedPeers]);
}

/** @param {Chat} chat */
const timeOf = (chat) => chat.last_message?.created_at ?? chat.created_at;

/** The chat of what waits where that is not described yet; null where nothing does. @param {Update} update */
function chatAwaited(update) {
  switch (update.do) {
    case "apply":
      return update.item.chat_id;
    case "jump":
    case "begins":
    case "expire":
    case "forget":
    case "save_marks":
      return update.chat_id;
    case "tell":
      return update.frame.type === "marks" ? update.frame.chat_id : null;
    default:
      return null;
  }
}

/** @param {Next} next @param {Update} update */
function keepIfAwaited(next, update) {
  const chatId = chatAwaited(update);
  if (chatId === null || next.state.chats.has(chatId)) return;
  const kept = next.state.entering.get(chatId) ?? [];
  next.own("entering").set(chatId, [...kept.slice(1 - ENTERING), update]);
}

/** @param {Next} next @param {import("../types.js").Item} item */
function apply(next, item) {
  next.chat(item.chat_id, (chat) => withItem(chat, item, next.me));
  next.line(item.chat_id, (line) => lineWithItem(line, item));
  if (item.type === "event") applyPin(next, item);
  if (item.type === "event" && item.event === "deleted" && item.target_seq) {
    const place = { chat_id: item.chat_id, seq: item.target_seq };
    next.state.removed = withRemoved(next.state.removed, place);
  }
  if (next.state.echoes.acked.size > 0) {
    next.echoes(item.chat_id, leftUpTo(next.state.echoes, item.chat_id, item.seq));
  }
  if (item.type === "event" && item.data.user) learnUsers(next, [item.data.user]);
  if (item.type !== "message") return;
  if (item.sender_id === next.me) next.echoes(item.chat_id, left(next.state.echoes, item.chat_id, item.cid));
  else stopTyping(next, { chat_id: item.chat_id, user_id: item.sender_id });
}

/** The pinned messages after an event; where that does not tell them they are not known any more.
 * @param {Next} next @param {import("../types.js").Event} event */
function applyPin(next, event) {
  const before = next.state.pins.get(event.chat_id);
  if (!before) return;
  const target = event.target_seq
    ? itemAt(next.state.timelines.get(event.chat_id)?.items ?? [], event.target_seq)
    : null;
  const after = pinsAfter(before, event, target?.type === "message" ? target : null);
  if (after === null) next.own("pins").delete(event.chat_id);
  else if (after !== before) next.own("pins").set(event.chat_id, after);
}

/** @param {Next} next @param {import("../types.js").ToldChat} told */
function describe(next, told) {
  const chat = next.state.chats.get(told.id);
  learnUsers(next, [...(told.peer ? [told.peer] : []), ...(told.members ?? []).map(({ user }) => user)]);
  let after = described(chat, told);
  if (!chat) {
    after = counting({ ...after, draft: next.state.drafts.get(told.id) ?? "" }, echoesOf(next.state.echoes, told.id));
    after = closedBy(after, next.state.blocked);
  }
  next.own("chats").set(told.id, withUsers(after, next.state.users));
  if (chat && chat.first_seq !== after.first_seq) dropHeld(next, told.id);
  const waiting = next.state.entering.get(told.id);
  if (!waiting) return;
  next.own("entering").delete(told.id);
  for (const update of waiting) take(next, update);
}

/** @param {Next} next @param {{chat_id: number, user_id: number}} typist */
function stopTyping(next, { chat_id, user_id }) {
  const key = `${chat_id} ${user_id}`;
  if (next.state.typists.has(key)) next.own("typists").delete(key);
  next.chat(chat_id, (chat) =>
    chat.typing.includes(user_id) ? { ...chat, typing: chat.typing.filter((id) => id !== user_id) } : chat,
  );
}
