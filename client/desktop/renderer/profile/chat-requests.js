/**
 * Chats and their members, pins, files and former texts, who has read and reacted: the actions of the face that are one HTTP
 * request each, or pages of one answer.
 */

import { DONE, refusal } from "../protocol/answers.js";
import { isChat, isChatFiles, isItemPage, isPinList, isReaders, isRevisionList } from "../protocol/frames.js";
import { inOrder } from "../state/pins.js";
import { readOn } from "../state/reactors.js";
import { checked, done, sendAvatar, tellingOf } from "./checked.js";

/** @typedef {import("../types.js").Refused} Refused @typedef {import("../types.js").Done} Done
 * @typedef {import("../types.js").Update} Update @typedef {import("../link/api.js").Api} Api */

/** Entries of a page of the log, and pages that are read at one go to name who reacted. */
const ENTRIES = 200;
const PAGES = 20;

/** Somebody was named whom one may not add: not that only admins may. @template {{ok: true} | Refused} A
 * @param {A} answer @returns {A | Refused} */
function adding(answer) {
  if (answer.ok || answer.code !== "forbidden") return answer;
  return answer.errors?.some(({ field }) => field === "user_ids") ? refusal("not_added") : answer;
}

/**
 * @param {() => Api} api @param {(updates: Update[]) => void} publish to all windows
 * @param {(chatId: number) => import("../state/chats.js").Chat | undefined} chatOf
 */
export function chatActions(api, publish, chatOf) {
  /** The group that is being made: asked for again after a lost answer, it is the same one. */
  let making = { group: "", key: "" };
  const telling = tellingOf(api, publish);

  /** @param {Promise<{ok: true, body: any} | Refused>} asked with a chat
   * @returns {Promise<{ok: true, chat_id: number} | Refused>} */
  async function chatTold(asked) {
    const tell = telling();
    return checked(asked, isChat, (chat) => {
      tell([{ do: "chat", chat }]);
      return { chat_id: chat.id };
    });
  }

  /** @param {Promise<{ok: true, body: any} | Refused>} asked with a chat @returns {Promise<Done | Refused>} */
  async function chatChanged(asked) {
    const answer = await chatTold(asked);
    return answer.ok ? DONE : answer;
  }

  return {
    /** @param {number} chatId @returns {Promise<Done | Refused>} */
    async loadPins(chatId) {
      const tell = telling();
      const since = chatOf(chatId)?.applied ?? 0;
      const answer = await api().get(`/api/chats/${chatId}/pins`);
      if (!answer.ok) return answer;
      if (!isPinList(answer.body)) return refusal("bad_answer");
      const messages = inOrder(answer.body.messages.map((one) => ({ ...one, type: "message" })));
      tell([
        { do: "users", users: answer.body.users },
        { do: "pins", chat_id: chatId, messages, since },
      ]);
      return DONE;
    },

    /** @param {number} chatId @param {{kind: string, beforeSeq: number | null, limit: number}} which the newest first
     * @returns {Promise<{ok: true, files: import("../types.js").ChatFile[], has_more: boolean} | Refused>} */
    async chatFiles(chatId, { kind, beforeSeq, limit }) {
      const wanted = new URLSearchParams({ kind, limit: String(limit) });
      if (beforeSeq !== null) wanted.set("before_seq", String(beforeSeq));
      return checked(api().get(`/api/chats/${chatId}/files?${wanted}`), isChatFiles, (found) => found);
    },

    /** @param {number} chatId @param {number} seq
     * @returns {Promise<{ok: true, revisions: import("../types.js").Revision[]} | Refused>} */
    revisions: (chatId, seq) =>
      checked(api().get(`/api/chats/${chatId}/messages/${seq}/revisions`), isRevisionList, ({ revisions }) => ({
        revisions,
      })),

    /** @param {number} chatId @param {number} seq
     * @returns {Promise<{ok: true, read: number[], received: number[]} | Refused>} */
    async readers(chatId, seq) {
      const tell = telling();
      const asked = api().get(`/api/chats/${chatId}/messages/${seq}/readers`);
      return checked(asked, isReaders, ({ read, received, users }) => {
        tell([{ do: "users", users }]);
        return { read, received };
      });
    },

    /** Goes on where `known` ends, for some pages; a page that does not come ends it, and those before it count. @param {number} chatId @param {number} seq
     * @param {import("../state/reactors.js").Reactors} known
     * @returns {Promise<{ok: true, reactors: import("../state/reactors.js").Reactors} | Refused>} */
    async reactors(chatId, seq, known) {
      const tell = telling();
      const from = api();
      let reactors = known;
      for (let page = 0; page < PAGES && (page === 0 || !reactors.whole); page += 1) {
        const answer = await from.get(`/api/chats/${chatId}/messages?after_seq=${reactors.upto}&limit=${ENTRIES}`);
        const found = entriesAfter(answer, reactors.upto);
        if (!found.ok) return page === 0 ? found : { ok: true, reactors };
        const { items, users, to_seq: upto, has_more: more } = found.body;
        tell([{ do: "users", users }]);
        reactors = readOn(reactors, seq, items, { upto, whole: !more });
      }
      return { ok: true, reactors };
    },

    /** @param {number} userId @returns {Promise<{ok: true, chat_id: number} | Refused>} */
    async openDirect(userId) {
      const answer = await chatTold(api().post("/api/chats", { type: "direct", user_id: userId }));
      return answer.ok || answer.code !== "forbidden" ? answer : refusal("closed");
    },

    /** @param {string} title @param {number[]} userIds */
    async createGroup(title, userIds) {
      const body = { type: "group", title, user_ids: userIds };
      const group = JSON.stringify(body);
      if (making.group !== group) {
        making = { group, key: `${Date.now()}-${crypto.getRandomValues(new Uint32Array(4)).join("-")}` };
      }
      const answer = adding(await chatTold(api().post("/api/chats", body, { "Idempotency-Key": making.key })));
      if (answer.ok) making = { group: "", key: "" };
      return answer;
    },

    /** @param {number} chatId */
    async loadMembers(chatId) {
      const answer = await chatChanged(api().get(`/api/chats/${chatId}`));
      // an answer that was read before the latest change of the members was put aside
      if (!answer.ok || chatOf(chatId)?.members) return answer;
      return chatChanged(api().get(`/api/chats/${chatId}`));
    },

    /** @param {number} chatId @param {{title?: string, writers?: "all" | "admins", retention_days?: number, muted?: boolean, favourite?: boolean, hidden?: boolean,
     *   muted_until?: string | null, notify?: "all" | "mentions" | "none"}} change */
    changeChat: (chatId, change) => chatChanged(api().call("PATCH", `/api/chats/${chatId}`, change)),

    /** @param {number} chatId @param {number[]} userIds @param {"all" | "none"} history */
    addMembers: async (chatId, userIds, history) =>
      adding(await chatChanged(api().post(`/api/chats/${chatId}/members`, { user_ids: userIds, history }))),

    /** @param {number} chatId of a group @param {Blob | null} square null: none any more */
    setChatAvatar: (chatId, square) => chatChanged(sendAvatar(api(), `/api/chats/${chatId}/avatar`, square)),

    /** @param {number} chatId @param {number} userId @param {"member" | "admin"} role */
    changeRole: (chatId, userId, role) =>
      chatChanged(api().call("PATCH", `/api/chats/${chatId}/members/${userId}`, { role })),

    /** @param {number} chatId @param {number} userId */
    removeMember: (chatId, userId) => done(api().call("DELETE", `/api/chats/${chatId}/members/${userId}`)),

    /** @param {string} code */
    acceptInvite: (code) => chatTold(api().post("/api/invites/accept", { code })),
  };
}

/** A page of a log that goes on behind an entry. @param {{ok: true, body: unknown} | Refused} answer @param {number} seq
 * @returns {{ok: true, body: import("../protocol/frames.js").ItemPage} | Refused} */
function entriesAfter(answer, seq) {
  if (!answer.ok) return answer;
  const { body } = answer;
  const goesOn = isItemPage(body) && body.from_seq === seq && (!body.has_more || body.items.length > 0);
  return goesOn ? { ok: true, body } : refusal("bad_answer");
}
