/**
 * The State of a window, and the updates that change it: what the session of the profile tells (`apply`, `sent`,
 * `tell`, ...) and what this window itself learns (`page`, `echo`, `chats`, ...). Pure. All windows of a profile get
 * the same updates; one that comes twice changes nothing.
 */

import { USUAL } from "../rules/settings.js";
import { described, forgotten, jumped, unreadOf, withHead, withItem, withMarks, withRead, withUsers } from "./chats.js";
import { shownAtEnd } from "./changes.js";
import { acked, added, amended, echoesOf, failed, left, leftUpTo, noEchoes } from "./echoes.js";
import { pinsAfter } from "./pins.js";
import { NOTHING_UNREAD } from "./unread.js";
import { emptyLine, itemAt, leftAt, withItem as lineWithItem, withPage } from "./timeline.js";

/** @typedef {import("../types.js").State} State @typedef {import("./chats.js").Chat} Chat
 * @typedef {import("./timeline.js").Line} Line @typedef {import("../types.js").User} User */
/**
 * `unread_until`: when a mute ends that `unread` counts on (ms). `entering`: updates of chats that are not described yet, kept until they are. `typists`: who types where, until
 * when (ms). `drafts`: texts by chat, described or not.
 * @typedef {Omit<State, "chats" | "timelines"> & {chats: Map<number, Chat>, timelines: Map<number, Line>,
 *   echoes: import("./echoes.js").Echoes, unread_until: number, entering: Map<number, Update[]>, drafts: Map<number, string>,
 *   typists: Map<string, {chat_id: number, user_id: number, until: number}>}} Model
 * @typedef {Record<string, any> & {do: string}} Update
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

/** What belongs to a log-in. */
export function emptyProfile() {
  return {
    me: null,
    listed: false,
    link: /** @type {import("../types.js").LinkView} */ ({ state: "offline", retry_at: null, since: null, code: null }),
    chats: new Map(),
    users: new Map(),
    timelines: new Map(),
    pins: new Map(),
    current: null,
    unread: 0,
    unread_until: Infinity,
    limits: {},
    echoes: noEchoes(),
    entering: new Map(),
    drafts: new Map(),
    typists: new Map(),
  };
}

/**
 * @param {Model} model @param {Update[]} updates @param {number} now milliseconds since 1970, for what ends by itself
 * @returns {Model} the same object where nothing changed
 */
export function reduce(model, updates, now) {
  const next = new Next(model, now);
  for (const update of updates) take(next, update);
  return next.model();
}

/** The model that comes next; each map is copied when it first changes. */
class Next {
  /** @param {Model} before @param {number} now */
  constructor(before, now) {
    this.before = before;
    this.now = now;
    this.state = { ...before };
  }

  /** @param {"chats" | "users" | "timelines" | "pins" | "entering" | "drafts" | "typists"} name @returns {Map<any, any>} */
  own(name) {
    const state = /** @type {any} */ (this.state);
    if (state[name] === this.before[name]) state[name] = new Map(state[name]);
    return state[name];
  }

  /** @param {number} chatId @param {(chat: Chat) => Chat} change */
  chat(chatId, change) {
    const chat = this.state.chats.get(chatId);
    const after = chat && change(chat);
    if (after && after !== chat) this.own("chats").set(chatId, after);
  }

  /** @param {number} chatId @param {(line: Line) => Line} change */
  line(chatId, change) {
    const line = this.state.timelines.get(chatId);
    const after = line && change(line);
    if (after && after !== line) this.own("timelines").set(chatId, after);
  }

  /** @param {number} chatId @param {import("./echoes.js").Echoes} echoes */
  echoes(chatId, echoes) {
    const list = echoesOf(echoes, chatId);
    const changed = list !== echoesOf(this.state.echoes, chatId);
    this.state.echoes = echoes;
    if (!changed) return;
    this.line(chatId, (line) => ({ ...line, echoes: list }));
    this.chat(chatId, (chat) => counting(chat, list));
  }

  get me() {
    return this.state.me?.id ?? 0;
  }

  model() {
    const { before, state } = this;
    if (state.chats !== before.chats || this.now >= state.unread_until) {
      const { unread, until } = unreadOf(state.chats, this.now);
      Object.assign(state, { unread, unread_until: until });
    }
    const names = /** @type {(keyof Model)[]} */ (Object.keys(state));
    return names.some((name) => state[name] !== before[name]) ? state : before;
  }
}

/** Something has ended by itself: a `tick` is due. @param {Model} model @param {number} now ms since 1970 */
export function isOver({ typists, unread_until: until }, now) {
  return now >= until || [...typists.values()].some((typist) => typist.until <= now);
}

/** @param {Chat} chat @param {import("../types.js").Echo[]} echoes @returns {Chat} */
function counting(chat, echoes) {
  const messages = shownAtEnd(echoes);
  const lost = messages.filter(({ state }) => state === "failed").length;
  return { ...chat, queued: messages.length - lost, failed: lost };
}

/** @type {Record<string, (next: Next, update: any) => void>} */
const TAKES = {
  // --- the session tells ---
  apply: (next, { item }) => apply(next, item),
  jump(next, { chat_id, applied }) {
    const chat = next.state.chats.get(chat_id);
    if (chat && applied <= chat.applied) return;
    next.chat(chat_id, () => jumped(/** @type {Chat} */ (chat), applied));
    next.line(chat_id, (line) => (line.at_end ? emptyLine(chat_id, line.echoes) : line));
    if (next.state.pins.has(chat_id)) next.own("pins").delete(chat_id);
    next.echoes(chat_id, leftUpTo(next.state.echoes, chat_id, applied));
  },
  forget(next, { chat_id }) {
    next.chat(chat_id, forgotten);
    next.line(chat_id, (line) => emptyLine(chat_id, line.echoes));
    next.echoes(chat_id, leftUpTo(next.state.echoes, chat_id, Number.MAX_SAFE_INTEGER));
    if (next.state.pins.has(chat_id)) next.own("pins").delete(chat_id);
  },
  sent(next, { cid, chat_id, seq }) {
    const chat = next.state.chats.get(chat_id);
    const here = !chat || !seq || seq <= chat.applied;
    next.echoes(chat_id, here ? left(next.state.echoes, chat_id, cid) : acked(next.state.echoes, cid, seq));
  },
  failed: (next, { cid, chat_id, code }) => next.echoes(chat_id, failed(next.state.echoes, chat_id, cid, code)),
  save_row: (next, { row }) => next.echoes(row.chat_id, amended(next.state.echoes, row)),
  merged: (next, { cid, chat_id }) => next.echoes(chat_id, left(next.state.echoes, chat_id, cid)),
  save_marks(next, { chat_id, read_seq, seen = null }) {
    next.chat(chat_id, (chat) => withRead(chat, read_seq, seen));
  },
  tell: (next, { frame }) => TELLS[frame.type]?.(next, frame),

  // --- this profile learns ---
  welcome: (next, { shared }) => welcome(next, shared),
  cached: (next, { kept }) => recall(next, kept),
  settings: (next, { settings }) => Object.assign(next.state, { settings }),
  link: (next, { link }) => Object.assign(next.state, { link }),
  me(next, { user }) {
    next.state.me = /** @type {any} */ ({ ...next.state.me, ...user });
    learnUsers(next, [publicOf(user)]);
  },
  chats(next, { chats, users, kept = [] }) {
    next.state.listed = true;
    learnUsers(next, users);
    const listed = new Set([...chats.map((/** @type {any} */ chat) => chat.id), ...kept]);
    for (const chat of chats) describe(next, chat);
    for (const id of next.state.chats.keys()) if (!listed.has(id)) next.own("chats").delete(id);
  },
  chat: (next, { chat }) => describe(next, chat),
  users: (next, { users }) => learnUsers(next, users),
  echo: (next, { echo }) => next.echoes(echo.chat_id, added(next.state.echoes, echo)),
  discarded: (next, { cid, chat_id }) => next.echoes(chat_id, left(next.state.echoes, chat_id, cid)),
  draft(next, { chat_id, text }) {
    if (text) next.own("drafts").set(chat_id, text);
    else next.own("drafts").delete(chat_id);
    next.chat(chat_id, (chat) => (chat.draft === text ? chat : { ...chat, draft: text }));
  },

  // --- this window alone ---
  set: (next, { values }) => Object.assign(next.state, values),
  open(next, { chat_id }) {
    next.state.current = chat_id;
    if (chat_id === null) return;
    const timelines = next.own("timelines");
    const line = timelines.get(chat_id) ?? emptyLine(chat_id, echoesOf(next.state.echoes, chat_id));
    timelines.delete(chat_id);
    timelines.set(chat_id, line); // the last one used stands last
    if (timelines.size > TIMELINES) timelines.delete(timelines.keys().next().value);
  },
  leave: (next, { chat_id, place }) => next.line(chat_id, (line) => leftAt(line, place)),
  page(next, { chat_id, page, keep = "end", anew = false }) {
    const chat = next.state.chats.get(chat_id);
    const bounds = { first_seq: chat?.first_seq ?? 1, applied: chat?.applied ?? 0 };
    learnUsers(next, page.users ?? []);
    next.line(chat_id, (line) => withPage(anew ? { ...line, items: [] } : line, page, bounds, keep));
  },
  pins: (next, { chat_id, messages }) => next.own("pins").set(chat_id, messages),
  line: (next, { chat_id, values }) => next.line(chat_id, (line) => ({ ...line, ...values })),
  tick(next) {
    for (const typist of next.state.typists.values()) if (typist.until <= next.now) stopTyping(next, typist);
  },
};

/** @type {Record<string, (next: Next, frame: any) => void>} */
const TELLS = {
  ready(next, frame) {
    next.state.limits = frame.limits;
    TAKES.me(next, frame);
    TELLS.chats(next, frame);
  },
  chats(next, frame) {
    for (const head of frame.chats) next.chat(head.chat_id, (chat) => withHead(chat, head));
  },
  chat: (next, frame) => describe(next, frame.chat),
  marks: (next, frame) => next.chat(frame.chat_id, (chat) => withMarks(chat, frame, next.me)),
  user: (next, frame) => learnUsers(next, [frame.user]),
  presence(next, { user_id, online, last_seen_at }) {
    const user = next.state.users.get(user_id);
    if (user) learnUsers(next, [{ ...user, online, last_seen_at: last_seen_at ?? user.last_seen_at }]);
  },
  typing(next, { chat_id, user_id, on }) {
    const typist = { chat_id, user_id, until: next.now + TYPING };
    if (user_id === next.me) return;
    if (!on) return stopTyping(next, typist);
    next.own("typists").set(`${chat_id} ${user_id}`, typist);
    next.chat(chat_id, (chat) =>
      chat.typing.includes(user_id) ? chat : { ...chat, typing: [...chat.typing, user_id] },
    );
  },
};

/** What all windows of a profile have alike. @param {Model} model */
export function sharedOf(model) {
  const { me, listed, link, chats, users, unread, unread_until, limits, echoes, entering, drafts, typists } = model;
  return { me, listed, link, chats, users, unread, unread_until, limits, echoes, entering, drafts, typists };
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
  for (const chat of chats) {
    // a version before wrote nothing of mentions and pins
    const { mentioned = NOTHING_UNREAD, mention_count = 0, notify = "all", muted_until = null } = chat;
    const named = Array.isArray(mentioned?.later)
      ? { mentioned, mention_count }
      : { mentioned: NOTHING_UNREAD, mention_count: 0 };
    const shown = { ...chat, ...named, notify, muted_until, typing: [], draft: drafts.get(chat.id) ?? "" };
    next.own("chats").set(chat.id, counting(shown, echoesOf(next.state.echoes, chat.id)));
  }
}

/** Updates that wait where their chat is not described yet. */
const OF_A_CHAT = ["apply", "jump", "forget", "save_marks"];

/** @param {Next} next @param {Update} update */
function take(next, update) {
  const chatId = update.item?.chat_id ?? update.chat_id ?? update.frame?.chat_id;
  const waits = OF_A_CHAT.includes(update.do) || update.frame?.type === "marks";
  if (waits && !next.state.chats.has(chatId)) {
    const kept = next.state.entering.get(chatId) ?? [];
    next.own("entering").set(chatId, [...kept.slice(1 - ENTERING), update]);
  }
  TAKES[update.do]?.(next, update);
}

/** @param {Next} next @param {import("../types.js").Item} item */
function apply(next, item) {
  next.chat(item.chat_id, (chat) => withItem(chat, item, next.me));
  next.line(item.chat_id, (line) => lineWithItem(line, item));
  if (item.type === "event") applyPin(next, item);
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

/** @param {Next} next @param {any} told */
function describe(next, told) {
  const chat = next.state.chats.get(told.id);
  const named = [told.peer, ...(told.members ?? []).map((/** @type {any} */ member) => member.user)];
  learnUsers(next, named.filter(Boolean));
  let after = described(chat, told);
  if (!chat) {
    after = counting({ ...after, draft: next.state.drafts.get(told.id) ?? "" }, echoesOf(next.state.echoes, told.id));
  }
  next.own("chats").set(told.id, withUsers(after, next.state.users));
  const waiting = next.state.entering.get(told.id);
  if (!waiting) return;
  next.own("entering").delete(told.id);
  for (const update of waiting) TAKES[update.do](next, update);
}

/** @param {Next} next @param {User[]} users */
function learnUsers(next, users) {
  /** @type {Map<number, User>} */
  const changed = new Map();
  for (const user of users) {
    const before = next.state.users.get(user.id);
    const after = before ? withProfile(before, user) : user;
    if (after !== before) changed.set(user.id, after);
  }
  if (changed.size === 0) return;
  const known = next.own("users");
  for (const [id, user] of changed) known.set(id, user);
  for (const id of next.state.chats.keys()) next.chat(id, (chat) => withUsers(chat, changed));
  const me = changed.get(next.me);
  if (me) next.state.me = { .../** @type {any} */ (next.state.me), ...me };
}

/** What a profile does not tell stays as it was. @param {User} before @param {any} told @returns {User} */
function withProfile(before, told) {
  const after = { ...before, ...told };
  after.online = told.online ?? before.online;
  after.last_seen_at = told.last_seen_at ?? before.last_seen_at;
  return JSON.stringify(after) === JSON.stringify(before) ? before : after;
}

/** @param {any} user one's own profile @returns {User} as others see it */
function publicOf({ email: _email, ...user }) {
  return user;
}

/** @param {Next} next @param {{chat_id: number, user_id: number}} typist */
function stopTyping(next, { chat_id, user_id }) {
  const key = `${chat_id} ${user_id}`;
  if (next.state.typists.has(key)) next.own("typists").delete(key);
  next.chat(chat_id, (chat) =>
    chat.typing.includes(user_id) ? { ...chat, typing: chat.typing.filter((id) => id !== user_id) } : chat,
  );
}
