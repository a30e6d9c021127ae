/**
 * People and blocks, one's own profile, passwords, log-ins and the copy of one's data, and what the server says of itself: the
 * actions of the face that are one HTTP request each.
 */

import { BUSY_UNSEEN, inTurn } from "../link/api.js";
import { isSessionList } from "../protocol/administration.js";
import { DONE, refusal } from "../protocol/answers.js";
import { isBlockList, isUser } from "../protocol/frames.js";
import { checked, done, sendAvatar, tellingOf } from "./checked.js";

/** @typedef {import("../types.js").Refused} Refused @typedef {import("../types.js").Done} Done
 * @typedef {import("../types.js").Update} Update @typedef {import("../link/api.js").Api} Api */

/** @param {() => Api} api @param {(updates: Update[]) => void} publish to all windows */
export function accountActions(api, publish) {
  /** How often one's own profile was changed here: what is read meanwhile is not the newest. */
  let changes = 0;
  const telling = tellingOf(api, publish);

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

    /** @param {Blob | null} square null: none any more */
    setOwnAvatar: (square) => meChanged((asked) => sendAvatar(asked, "/api/auth/me/avatar", square)),

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
