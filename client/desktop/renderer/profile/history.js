/**
 * Brings the items of a chat's log into its timeline: first what this machine keeps, then pages from the server. The
 * timeline is there before a page is asked for, so what is applied meanwhile is put together with it (state/timeline.js).
 */

import { isPassing } from "../link/api.js";
import { DONE, refusal } from "../protocol/answers.js";
import { isItemPage } from "../protocol/frames.js";
import { currentTimeline } from "../state/chat-list.js";
import { isLive } from "../state/link-view.js";
import { namedBy } from "../state/people.js";
import { isDrawn } from "../state/rows.js";
import { WELL, firstOf, itemAt, lastOf, wellAt } from "../state/timeline.js";

/** @typedef {import("../state/model.js").Model} Model @typedef {import("../types.js").Update} Update
 * @typedef {import("../types.js").Item} Item @typedef {import("../types.js").Refused} Refused
 * @typedef {import("../types.js").Done} Done @typedef {import("../types.js").Side} Side
 * @typedef {import("../state/timeline.js").Line} Line
 * @typedef {{items: Item[], users: import("../types.js").User[], from_seq: number, to_seq: number}} Page */

/** Items of a page, and the most that are taken at once where unread ones reach further. */
const PAGE = 50;
const MOST = 200;
/** Strangers of a page that are asked for. */
const MET = 100;
/** Read items shown above the first unread one. */
const ABOVE = 10;
/** Pages that are read on where one held next to nothing to see. */
const ROUNDS = 5;
const ENOUGH = 30;
/** Until a part that may be out of date is asked for again, where the server could not tell it. */
const AGAIN_MS = 5000;
/** Requests that a page may take: it ends early where its messages are long. */
const PARTS = 20;

export class History {
  /** The latest wish a chat: an answer to an earlier one is dropped. @type {Map<number, number>} */
  #turns = new Map();
  #turn = 0;
  /** Chats whose end is being brought, and the wish that it is. @type {Map<number, {turn: number, done: Promise<void>}>} */
  #filling = new Map();
  /** How often the link came back, and how often it had when a chat was last wished for. */
  #returns = 0;
  /** @type {Map<number, number>} */
  #tried = new Map();
  /** Parts that are read again, and how often the link had come back then. @type {Map<number, number>} */
  #again = new Map();
  #online = false;
  #opening = false;

  /**
   * @param {() => Model} model @param {(updates: Update[]) => void} update
   * @param {() => import("./profile.js").Profile | null} profile @param {() => import("../store/db.js").Store | null} db
   */
  constructor(model, update, profile, db) {
    this.model = model;
    this.update = update;
    this.profile = profile;
    this.db = db;
  }

  /** Somebody else is logged in: what is under way for who was before concerns nobody any more, answered or not. */
  forget() {
    this.#turns.clear();
    this.#filling.clear();
    this.#tried.clear();
    this.#again.clear();
  }

  /**
   * What is to be seen first: what is unread, else the place where the chat was left, else its end. A chat that is shown
   * already stays as it is. What could not be had of it is tried again.
   * @param {number} chatId @param {number | null} [place] a seq
   */
  async open(chatId, place = null) {
    const { current, timelines } = this.model();
    const shown = current === chatId ? timelines.get(chatId) : undefined;
    if (shown && shown.items.length > 0) return this.again(chatId); // one is there: it stays where it is
    this.#opening = true; // which fills it: nobody else may begin with its end meanwhile
    this.update([
      { do: "open", chat_id: chatId },
      { do: "line", chat_id: chatId, values: WELL }, // the face asks anew for what lacks
    ]);
    this.#opening = false;
    const line = this.#line(chatId);
    const chat = this.model().chats.get(chatId);
    const unread = chat?.unread_count ? chat.read_seq + 1 : null;
    const first = unread ?? place;
    if (first !== null && itemAt(line.items, first)) return;
    const far = unread !== null && chat && chat.last_seq - unread >= MOST;
    if (first !== null && (unread === null || far || line.at_end)) {
      const answer = await this.to(chatId, first);
      if (answer.ok || answer.code === "cancelled" || this.#line(chatId).items.length > 0) return;
    } else if (line.at_end) return;
    await this.#newest(chatId);
  }

  /**
   * A timeline that is shown was emptied, or could not be filled while there was no link; where something of it is there
   * it stays, and what lacks may be asked for again.
   */
  async refill() {
    if (this.#opening) return;
    const online = isLive(this.model().link);
    if (online && !this.#online) this.#returns += 1;
    this.#online = online;
    const line = currentTimeline(this.model());
    if (!line || line.loading !== null) return;
    if (line.stale && !line.at_end) return online ? this.#readAgain(line) : undefined;
    const isBack = online && this.#returns > (this.#tried.get(line.chat_id) ?? 0);
    if (line.problem !== null && !isBack) return;
    if (line.items.length === 0 && !line.at_end) await this.#newest(line.chat_id);
    else if (line.problem !== null) this.#set(line.chat_id, WELL);
  }

  /** A part of the log that may be out of date, where it is looked at. @param {Line} line */
  async #readAgain({ chat_id, items }) {
    if (this.#again.get(chat_id) === this.#returns) return; // under way, or in vain on this link
    this.#again.set(chat_id, this.#returns);
    const [first, last] = [firstOf({ items }), lastOf({ items })];
    const page = items.length > 0 ? await this.#page(chat_id, first - 1, last) : refusal("not_found");
    if ("ok" in page && isPassing(page.code)) {
      setTimeout(() => void (this.#again.delete(chat_id) && this.refill()), AGAIN_MS);
      return;
    }
    this.#again.delete(chat_id);
    if (!this.model().timelines.get(chat_id)?.stale) return; // another part is shown by now
    /** @type {Update} */
    const told =
      "ok" in page
        ? { do: "line", chat_id, values: { items: [] } } // what cannot be had is not shown as it was
        : { do: "page", chat_id, page, keep: "start" };
    this.update([told, { do: "line", chat_id, values: { stale: false } }]);
  }

  /** What of a log could not be had. @param {number} chatId */
  async again(chatId) {
    const side = this.#line(chatId).failed.at(-1);
    if (side) await (side === "newer" ? this.newer(chatId) : this.older(chatId));
  }

  /** @param {number} chatId */
  async older(chatId) {
    const line = this.#line(chatId);
    if (line.loading !== null || line.items.length === 0) return;
    if (line.at_start) return this.#set(chatId, wellAt(line, "older")); // what failed was a place that lies elsewhere
    const turn = this.#begin(chatId, "older");
    this.#end(chatId, turn, await this.#fillUp(chatId, turn, "start", PAGE / 2));
  }

  /** @param {number} chatId */
  async newer(chatId) {
    const line = this.#line(chatId);
    if (line.loading !== null || line.items.length === 0) return;
    if (line.at_end) return this.#set(chatId, wellAt(line, "newer"));
    const turn = this.#begin(chatId, "newer");
    const last = lastOf(line);
    this.#end(chatId, turn, await this.#fetch(chatId, turn, last, last + PAGE, { keep: "end" }), "newer");
  }

  /** @param {number} chatId */
  async toEnd(chatId) {
    if (!this.#line(chatId).at_end) await this.#newest(chatId);
  }

  /** To a message: of what this machine keeps, else of the server. `cancelled`: another place was wished for meanwhile.
   * @param {number} chatId @param {number} seq @param {boolean} [quietly] where it cannot be had the log stays as it is, and
   * does not tell: who asked does
   * @returns {Promise<Done | Refused>} */
  async to(chatId, seq, quietly = false) {
    const isHere = () => itemAt(this.#line(chatId).items, seq)?.type === "message";
    if (isHere()) return DONE;
    const turn = this.#begin(chatId, "older");
    const only = quietly ? seq : undefined;
    await this.#recallAt(chatId, turn, seq, only);
    const from = Math.max(0, seq - 1 - PAGE / 2);
    const fetched = () => this.#fetch(chatId, turn, from, from + PAGE, { keep: "start", anew: true, only });
    const refused = isHere() ? null : await fetched();
    const latest = this.#isLatest(chatId, turn);
    this.#end(chatId, turn, quietly ? null : refused, seq > lastOf(this.#line(chatId)) ? "newer" : "older");
    if (isHere()) return DONE;
    if (!latest) return refusal("cancelled");
    if (refused && refused.code !== "bad_seq") return refused; // there are not so many
    return refusal("not_found");
  }

  /** The first message of that time or later, else the last one before it. @param {number} chatId @param {string} at RFC 3339
   * @returns {Promise<{ok: true, seq: number} | Refused>} */
  async toTime(chatId, at) {
    const turn = this.#begin(chatId, "older");
    const path = `/api/chats/${chatId}/messages?around_at=${encodeURIComponent(at)}&limit=${PAGE}`;
    const answer = (await this.profile()?.api.get(path)) ?? refusal("stopped");
    const page = answer.ok && isItemPage(answer.body) ? answer.body : null;
    if (page && this.#isLatest(chatId, turn)) {
      this.update([{ do: "page", chat_id: chatId, page, keep: "start", anew: true }]);
    }
    this.#end(chatId, turn, null);
    if (!page) return answer.ok ? refusal("bad_answer") : answer;
    const { seq = Infinity } = page;
    const messages = page.items.filter((item) => item.type === "message");
    const found = messages.find((item) => item.seq >= seq) ?? messages.at(-1);
    return found ? { ok: true, seq: found.seq } : refusal("not_found");
  }

  // --- steps ---

  /** A timeline is made by opening its chat; what is open stays what it was.
   * @param {number} chatId @returns {Line} */
  #line(chatId) {
    const { current, timelines } = this.model();
    const line = timelines.get(chatId);
    if (line) return line;
    this.update([
      { do: "open", chat_id: chatId },
      { do: "set", values: { current } },
    ]);
    return this.#line(chatId);
  }

  /** The end of the log, with what is unread of it. @param {number} chatId @returns {Promise<void>} */
  #newest(chatId) {
    const under = this.#filling.get(chatId);
    if (under && this.#isLatest(chatId, under.turn)) return under.done;
    const turn = this.#wish(chatId);
    const done = this.#bringEnd(chatId, turn).finally(() => {
      if (this.#filling.get(chatId)?.turn === turn) this.#filling.delete(chatId);
    });
    this.#filling.set(chatId, { turn, done });
    return done;
  }

  /** @param {number} chatId @param {number} turn */
  async #bringEnd(chatId, turn) {
    await null; // so that it is known to be under way before anything changes
    if (!this.#isLatest(chatId, turn)) return;
    this.#load(chatId, "older");
    await this.#recall(chatId, turn);
    const line = this.#line(chatId);
    const chat = this.model().chats.get(chatId);
    /** @type {Refused | null} */
    let refused = null;
    if (line.items.length === 0 || !line.at_end) {
      const last = Math.max(chat?.last_seq ?? 0, chat?.applied ?? 0);
      const from = Math.max(0, Math.min(last - PAGE, Math.max((chat?.read_seq ?? 0) - ABOVE, last - MOST)));
      refused = await this.#fetch(chatId, turn, from, last, { keep: "end", anew: true });
    }
    refused ??= await this.#fillUp(chatId, turn, "end", ENOUGH);
    for (let round = 0; round < ROUNDS && !refused && !this.#line(chatId).at_end; round += 1) {
      if (!this.#isLatest(chatId, turn)) return;
      const end = lastOf(this.#line(chatId));
      refused = await this.#fetch(chatId, turn, end, end + MOST, { keep: "end" });
    }
    const { items, at_end } = this.#line(chatId);
    if (items.length === 0 && !at_end) refused ??= refusal("bad_answer");
    if (this.#isLatest(chatId, turn)) this.#filling.delete(chatId); // what follows may begin anew
    this.#end(chatId, turn, refused, items.length > 0 && !at_end ? "newer" : "older");
  }

  /** What this machine keeps of the end, at once. @param {number} chatId @param {number} turn */
  async #recall(chatId, turn) {
    const { items: loaded, at_end } = this.#line(chatId);
    if (loaded.length > 0 && at_end) return;
    const { applied = 0, read_seq = 0, unread_count = 0 } = this.model().chats.get(chatId) ?? {};
    const wanted = unread_count > 0 ? applied - read_seq + ABOVE : 0;
    const items = await this.#kept(chatId, applied + 1, Math.min(MOST, Math.max(PAGE, wanted)));
    if (items.length > 0 && this.#isLatest(chatId, turn)) {
      const page = { items, users: [], from_seq: items[0].seq - 1, to_seq: applied };
      this.update([{ do: "page", chat_id: chatId, page, keep: "end", anew: loaded.length > 0 }]);
    }
  }

  /** What this machine keeps around a message, in place of what is loaded. @param {number} chatId @param {number} turn
   * @param {number} seq @param {number} [only] see `#fetch` */
  async #recallAt(chatId, turn, seq, only) {
    const { applied = 0 } = this.model().chats.get(chatId) ?? {};
    if (seq > applied) return;
    const to_seq = Math.min(seq + PAGE / 2, applied);
    const items = await this.#kept(chatId, to_seq + 1, PAGE);
    const item = itemAt(items, seq);
    if (!item || (only !== undefined && item.type !== "message") || !this.#isLatest(chatId, turn)) return;
    const page = { items, users: [], from_seq: items[0].seq - 1, to_seq };
    this.update([{ do: "page", chat_id: chatId, page, keep: "start", anew: true }]);
  }

  /** Older pages until there is something to see. @param {number} chatId @param {number} turn
   * @param {"start" | "end"} keep @param {number} enough @returns {Promise<Refused | null>} */
  async #fillUp(chatId, turn, keep, enough) {
    const shown = () => this.#line(chatId).items.filter(isDrawn).length;
    const goal = keep === "start" ? shown() + enough : enough;
    for (let round = 0; round < ROUNDS; round += 1) {
      const line = this.#line(chatId);
      if (line.at_start || line.items.length === 0 || (round > 0 && shown() >= goal)) return null;
      if (keep === "end" && shown() >= goal) return null;
      const first = firstOf(line);
      const items = await this.#kept(chatId, first, PAGE);
      if (!this.#isLatest(chatId, turn)) return null;
      if (items.length > 0) {
        const page = { items, users: [], from_seq: items[0].seq - 1, to_seq: first - 1 };
        this.update([{ do: "page", chat_id: chatId, page, keep }]);
      } else {
        const refused = await this.#fetch(chatId, turn, Math.max(0, first - 1 - PAGE), first - 1, { keep });
        if (refused) return refused;
      }
    }
    return null;
  }

  /** @param {number} chatId @param {number} below @param {number} limit @returns {Promise<Item[]>} */
  async #kept(chatId, below, limit) {
    try {
      const items = (await this.db()?.items(chatId, below, limit)) ?? [];
      const { users } = this.model();
      const named = items.flatMap(namedBy).filter((id) => id !== undefined);
      const ids = [...new Set(named.filter((id) => !users.has(id)))].slice(0, MET);
      if (ids.length > 0) void this.profile()?.command({ do: "meet", ids });
      return items;
    } catch {
      return [];
    }
  }

  /**
   * The items above `from`, up to `to`, into the timeline; where they are wanted for one message `only`, not without it.
   * @param {number} chatId @param {number} turn @param {number} from @param {number} to
   * @param {{keep: "start" | "end", anew?: boolean, only?: number}} how
   * @returns {Promise<Refused | null>}
   */
  async #fetch(chatId, turn, from, to, { only, ...how }) {
    const page = await this.#page(chatId, from, to);
    if ("ok" in page) return page;
    if (!this.#isLatest(chatId, turn)) return null;
    if (only !== undefined && itemAt(page.items, only)?.type !== "message") return null;
    this.update([{ do: "page", chat_id: chatId, page, ...how }]);
    const line = this.#line(chatId);
    const applied = this.model().chats.get(chatId)?.applied ?? 0;
    if (line.at_end && applied && this.profile()?.owns) {
      void this.db()?.keepItems(chatId, line.items, applied).catch(() => {}); // prettier-ignore
    }
    return null;
  }

  /** @param {number} chatId @param {number} from @param {number} to @returns {Promise<Page | Refused>} */
  async #page(chatId, from, to) {
    /** @type {Page} */
    const whole = { items: [], users: [], from_seq: from, to_seq: from };
    for (let part = 0; part < PARTS && whole.to_seq < to; part += 1) {
      const limit = Math.min(MOST, to - whole.to_seq);
      const path = `/api/chats/${chatId}/messages?after_seq=${whole.to_seq}&limit=${limit}`;
      const answer = await this.profile()?.api.get(path);
      if (!answer) return refusal("stopped");
      if (!answer.ok) return answer;
      if (!isItemPage(answer.body)) return refusal("bad_answer");
      const { items, users, from_seq, to_seq } = answer.body;
      if (whole.items.length === 0) whole.from_seq = from_seq;
      whole.items.push(...items);
      whole.users.push(...users);
      whole.to_seq = to_seq;
      if (items.length === 0) break;
    }
    return whole;
  }

  /** @param {number} chatId @param {Side} loading @returns {number} the turn */
  #begin(chatId, loading) {
    const turn = this.#wish(chatId);
    this.#load(chatId, loading);
    return turn;
  }

  /** @param {number} chatId @returns {number} the turn */
  #wish(chatId) {
    const turn = (this.#turn += 1); // no two are the same, of whatever log-in
    this.#turns.set(chatId, turn);
    return turn;
  }

  /** @param {number} chatId @param {number} turn */
  #isLatest(chatId, turn) {
    return this.#turns.get(chatId) === turn;
  }

  /** @param {number} chatId @param {Side} loading */
  #load(chatId, loading) {
    this.#tried.set(chatId, this.#returns);
    this.#set(chatId, { loading, ...wellAt(this.#line(chatId), loading) });
  }

  /** @param {number} chatId @param {number} turn @param {Refused | null} refused @param {Side} [side] where it was to be */
  #end(chatId, turn, refused, side = "older") {
    if (!this.#isLatest(chatId, turn)) return;
    const failed = [...wellAt(this.#line(chatId), side).failed, side];
    this.#set(chatId, { loading: null, ...(refused && { problem: refused.code, failed }) });
  }

  /** @param {number} chatId @param {Partial<Line>} values */
  #set(chatId, values) {
    this.update([{ do: "line", chat_id: chatId, values }]);
  }
}
