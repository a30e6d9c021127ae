/**
 * The State of a window, and the updates that change it: what the session of the profile tells (`apply`, `sent`,
 * `tell`, ...) and what this window itself learns (`page`, `echo`, `chats`, ...). Pure. All windows of a profile get
 * the same updates; one that comes twice changes nothing.
 */

import { USUAL } from "../rules/settings.js";
import { closedBy, learnBlock, learnBlocked } from "./blocks.js";
import { described, withHead, withMarks, withRead, withUsers } from "./chats.js";
import { added, amended, echoesOf, failed, left, noEchoes } from "./echoes.js";
import { placed, setBegun } from "./begun.js";
import { recall, welcome } from "./handed.js";
import { apply, begins, dropHeld, expire, forget, jump, open, putPage, putPins, sent } from "./logs.js";
import { Next, counting } from "./next.js";
import { keepAnswered, putQuoted } from "./quoted.js";
import { hearPresence, learnMe, learnUsers, trimPeople } from "./people.js";
import { leftAt } from "./timeline.js";
import { hearTyping, stopTyping } from "./typists.js";

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

/** Updates that are kept of a chat before it is described. */
const ENTERING = 500;

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
    quoted: new Map(),
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
    begun: new Map(),
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
      if (update.item.type === "message") {
        placed(next, update.item.chat_id, update.item.cid, update.item.seq, update.item.created_at);
      }
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
      placed(next, update.chat_id, update.cid, update.seq, update.created_at);
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
    case "begun":
      return undefined; // nothing of it is shown
    case "draft":
      return draft(next, update.chat_id, update.text);
    case "writing":
      return setBegun(next, update.chat_id, update.begun);

    // --- this window alone ---
    case "set":
      return void Object.assign(state, update.values);
    case "open":
      return open(next, update.chat_id);
    case "leave":
      next.line(update.chat_id, (line) => leftAt(line, update.place));
      return keepAnswered(next, update.chat_id);
    case "page":
      return putPage(next, update);
    case "pins":
      return putPins(next, update);
    case "quoted":
      learnUsers(next, update.users);
      return putQuoted(next, update);
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
