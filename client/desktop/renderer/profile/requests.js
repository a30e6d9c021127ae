/**
 * Chats and their members, pins and former texts; people, blocks and pictures; passwords, log-ins, invitations and the copy
 * of one's data: the actions of the face that are one HTTP request each.
 */

import { isSessionList } from "../protocol/administration.js";
import { DONE, refusal } from "../protocol/answers.js";
import {
  isBlockList,
  isChat,
  isChatFiles,
  isItemPage,
  isPinList,
  isReaders,
  isRevisionList,
  isUser,
} from "../protocol/frames.js";
import { BUSY_UNSEEN, inTurn } from "../link/api.js";
import { inOrder } from "../state/pins.js";
import { readOn } from "../state/reactors.js";
import { checked, done } from "./checked.js";

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
 * @param {(chatId: number) => import("../types.js").ChatView | undefined} chatOf
 */
export function requestActions(api, publish, chatOf) {
  /** The group that is being made: asked for again after a lost answer, it is the same one. */
  let making = { group: "", key: "" };
  /** How often one's own profile was changed here: what is read meanwhile is not the newest. */
  let changes = 0;

  /** What a request that begins now will tell: nothing, where somebody else is logged in by then.
   * @returns {(updates: Update[]) => void} */
  function telling() {
    const asked = api();
    return (updates) => void (asked === api() && publish(updates));
  }

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

  /** One's own profile. @param {(api: Api) => Promise<{ok: true, body: any} | Refused>} send
   * @returns {Promise<Done | Refused>} */
  async function meChanged(send) {
    const tell = telling();
    changes += 1;
    const answer = await send(api());
    changes += 1;
    if (!answer.ok) return answer;
    if (!isUser(answer.body)) return refusal("bad_answer");
    tell([{ do: "me", user: answer.body }]);
    return DONE;
  }

  /** Where a password is checked, while many people log in. @param {() => Promise<{ok: true, body: any} | Refused>} send */
  const patiently = (send) => inTurn(send, () => {}, BUSY_UNSEEN);

  return {
    /** @param {number} chatId @returns {Promise<Done | Refused>} */
    async loadPins(chatId) {
      const tell = telling();
      const answer = await api().get(`/api/chats/${chatId}/pins`);
      if (!answer.ok) return answer;
      if (!isPinList(answer.body)) return refusal("bad_answer");
      const messages = inOrder(answer.body.messages.map((one) => ({ ...one, type: "message" })));
      tell([
        { do: "users", users: answer.body.users },
        { do: "pins", chat_id: chatId, messages },
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

    /** Goes on where `known` ends, for some pages. @param {number} chatId @param {number} seq
     * @param {import("../state/reactors.js").Reactors} known
     * @returns {Promise<{ok: true, reactors: import("../state/reactors.js").Reactors} | Refused>} */
    async reactors(chatId, seq, known) {
      const tell = telling();
      const from = api();
      let reactors = known;
      for (let page = 0; page < PAGES && (page === 0 || !reactors.whole); page += 1) {
        const answer = await from.get(`/api/chats/${chatId}/messages?after_seq=${reactors.upto}&limit=${ENTRIES}`);
        if (!answer.ok) return answer;
        if (!isItemPage(answer.body) || answer.body.from_seq !== reactors.upto) return refusal("bad_answer");
        const { items, users, to_seq: upto, has_more: more } = answer.body;
        if (more && items.length === 0) return refusal("bad_answer");
        tell([{ do: "users", users }]);
        reactors = readOn(reactors, seq, items, { upto, whole: !more });
      }
      return { ok: true, reactors };
    },

    /** @param {string} query @returns {Promise<{ok: true, users: import("../types.js").User[]} | Refused>} */
    async searchUsers(query) {
      const answer = await api().get(`/api/users/search?query=${encodeURIComponent(query)}&limit=20`);
      if (!answer.ok) return answer;
      return Array.isArray(answer.body?.users)
        ? { ok: true, users: answer.body.users.filter(isUser) }
        : refusal("bad_answer");
    },

    /** Somebody whom this machine does not know. @param {number} userId @returns {Promise<Done | Refused>} */
    async loadUser(userId) {
      const tell = telling();
      const answer = await api().get(`/api/users?ids=${userId}`);
      if (!answer.ok) return answer;
      if (!Array.isArray(answer.body?.users)) return refusal("bad_answer");
      tell([{ do: "users", users: answer.body.users.filter(isUser) }]);
      return DONE;
    },

    /** @param {number} userId @returns {Promise<{ok: true, chat_id: number} | Refused>} */
    async openDirect(userId) {
      const answer = await chatTold(api().post("/api/chats", { type: "direct", user_id: userId }));
      return answer.ok || answer.code !== "forbidden" ? answer : refusal("closed");
    },

    /** @param {number} userId @param {boolean} on @returns {Promise<Done | Refused>} */
    async block(userId, on) {
      const tell = telling();
      const answer = await done(api().call(on ? "PUT" : "DELETE", `/api/users/${userId}/block`));
      if (answer.ok) tell([{ do: "block", user_id: userId, on }]);
      return answer;
    },

    /** @returns {Promise<{ok: true, blocks: {user: import("../types.js").User, created_at: string}[]} | Refused>} */
    async blocks() {
      const tell = telling();
      const answer = await api().get("/api/blocks");
      if (!answer.ok) return answer;
      if (!isBlockList(answer.body)) return refusal("bad_answer");
      const { blocks } = answer.body;
      const users = blocks.map(({ user }) => user);
      tell([
        { do: "users", users },
        { do: "blocked", ids: users.map(({ id }) => id) },
      ]);
      return { ok: true, blocks };
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

    /** @param {number | null} chatId of a group; null: one's own @param {Blob | null} square null: none any more
     * @returns {Promise<Done | Refused>} */
    async setAvatar(chatId, square) {
      const path = chatId === null ? "/api/auth/me/avatar" : `/api/chats/${chatId}/avatar`;
      const form = new FormData();
      if (square) form.append("file", square, "Avatar.webp");
      const send = (/** @type {Api} */ to) => (square ? to.call("POST", path, form) : to.call("DELETE", path));
      return chatId === null ? meChanged(send) : chatChanged(send(api()));
    },

    /** @param {number} chatId @param {number} userId @param {"member" | "admin"} role */
    changeRole: (chatId, userId, role) =>
      chatChanged(api().call("PATCH", `/api/chats/${chatId}/members/${userId}`, { role })),

    /** @param {number} chatId @param {number} userId */
    removeMember: (chatId, userId) => done(api().call("DELETE", `/api/chats/${chatId}/members/${userId}`)),

    /** @param {object} change */
    changeProfile: (change) => meChanged((asked) => asked.call("PATCH", "/api/auth/me", change)),

    /** What was changed elsewhere of one's own profile: a letter's link confirms the address in a browser. */
    async reloadMe() {
      const [tell, before] = [telling(), changes];
      const answer = await api().get("/api/auth/me");
      if (answer.ok && before === changes && isUser(answer.body)) tell([{ do: "me", user: answer.body }]);
    },

    /** @returns {Promise<{ok: true, mail: boolean, registration: string, empty: boolean} | Refused>} */
    async serverInfo() {
      const answer = await api().get("/api/server");
      if (!answer.ok) return answer;
      const { mail, registration, empty } = answer.body ?? {};
      return {
        ok: true,
        mail: mail === true,
        registration: typeof registration === "string" ? registration : "open",
        empty: empty === true,
      };
    },

    /** @param {string} login @param {string} language of the letter */
    askForReset: (login, language) => done(api().post("/api/auth/reset", { login, language })),

    /** @param {string} code @param {string} next */
    resetPassword: (code, next) =>
      done(patiently(() => api().post("/api/auth/reset/confirm", { code, new_password: next }))),

    /** @param {string} code */
    acceptInvite: (code) => chatTold(api().post("/api/invites/accept", { code })),

    /** @param {string} code */
    confirmEmail: (code) => done(api().post("/api/auth/email/confirm", { code })),

    /** @param {string} current @param {string} next */
    changePassword: (current, next) =>
      done(patiently(() => api().post("/api/auth/password", { current_password: current, new_password: next }))),

    /** @param {string} password @returns {Promise<{ok: true, url: string} | Refused>} an address that is good once */
    async exportData(password) {
      const answer = await patiently(() => api().post("/api/auth/me/export", { password }));
      if (!answer.ok) return answer;
      const path = answer.body?.url;
      if (typeof path !== "string" || !path.startsWith("/api/auth/export?")) return refusal("bad_answer");
      return { ok: true, url: api().url + path };
    },

    /** @returns {Promise<{ok: true, sessions: import("../types.js").SessionInfo[]} | Refused>} */
    sessions: () => checked(api().get("/api/auth/sessions"), isSessionList, ({ sessions }) => ({ sessions })),

    /** @param {number | string} id */
    endSession: (id) => done(api().call("DELETE", `/api/auth/sessions/${id}`)),
  };
}
