/** The model that comes next, while updates are reduced (model.js). */

import { shownAtEnd } from "./changes.js";
import { unreadOf } from "./chats.js";
import { echoesOf } from "./echoes.js";

/** @typedef {import("./model.js").Model} Model @typedef {import("./chats.js").Chat} Chat
 * @typedef {import("./timeline.js").Line} Line */

/** The model that comes next; each map is copied when it first changes. */
export class Next {
  /** @param {Model} before @param {number} now */
  constructor(before, now) {
    this.before = before;
    this.now = now;
    this.state = { ...before };
  }

  /** A map that may be changed. @template {"chats" | "users" | "timelines" | "pins" | "quoted" | "entering" | "drafts" | "begun" | "typists" | "progress"} N
   * @param {N} name @returns {Model[N]} */
  own(name) {
    const { [name]: known } = this.state;
    if (known === this.before[name]) Object.assign(this.state, { [name]: copyOf(known) });
    return this.state[name];
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

/** @param {ReadonlyMap<unknown, unknown>} map */
const copyOf = (map) => new Map(map);

/** @param {Chat} chat @param {import("../types.js").Echo[]} echoes @returns {Chat} */
export function counting(chat, echoes) {
  const messages = shownAtEnd(echoes);
  const lost = messages.filter(({ state }) => state === "failed").length;
  return { ...chat, queued: messages.length - lost, failed: lost };
}
