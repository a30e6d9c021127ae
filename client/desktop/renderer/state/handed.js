/** What a window begins with: what an earlier start kept, and what the window told that owns the profile. */

import { echoesOf } from "./echoes.js";
import { recallBegun } from "./begun.js";
import { counting } from "./next.js";
import { TIMELINES, withoutMembers } from "./logs.js";
import { learnUsers } from "./people.js";
import { dropQuoted } from "./quoted.js";
import { emptyLine } from "./timeline.js";
import { NOTHING_UNREAD } from "./unread.js";

/** @typedef {import("./chats.js").Chat} Chat @typedef {import("../types.js").User} User
 * @typedef {import("./next.js").Next} Next @typedef {import("./model.js").Model} Model */

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
    begun: model.begun,
    typists: model.typists,
    progress: model.progress,
  };
}

/** The window that owns the profile told all it knows. @param {Next} next @param {ReturnType<typeof sharedOf>} shared */
export function welcome(next, shared) {
  Object.assign(next.state, shared);
  for (const chatId of next.state.quoted.keys()) dropQuoted(next, chatId); // what was told meanwhile was not heard
  for (const chatId of next.state.timelines.keys()) {
    const applied = next.state.chats.get(chatId)?.applied ?? 0;
    next.line(chatId, (line) => {
      const echoes = echoesOf(shared.echoes, chatId);
      const behind = line.at_end && line.items.length > 0 && line.items[line.items.length - 1].seq < applied;
      return behind ? emptyLine(chatId, echoes) : { ...line, echoes };
    });
  }
}

/** What an earlier start kept. @param {Next} next @param {{chats: Chat[], users: User[], drafts: Map<number, string>,
 * begun?: ReadonlyMap<number, import("../types.js").Begun>}} kept */
export function recall(next, { chats, users, drafts, begun }) {
  next.state.listed ||= chats.length > 0;
  learnUsers(next, users);
  for (const [chatId, text] of drafts) next.own("drafts").set(chatId, text);
  if (begun) recallBegun(next, begun);
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
