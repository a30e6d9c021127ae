/** Invitations, and what those who keep the server do: one HTTP request each. */

import {
  isAccountList,
  isAuditPage,
  isInviteList,
  isNewInvite,
  isResetLink,
  isSessionList,
  isSizes,
} from "../protocol/administration.js";
import { checked, done } from "./checked.js";

/** @param {() => import("../link/api.js").Api} api */
export function adminActions(api) {
  return {
    /** @param {{query: string, role: string, disabled: string, afterId: number}} which "" for any */
    accounts({ query, role, disabled, afterId }) {
      const wanted = new URLSearchParams({ limit: "50" });
      if (query) wanted.set("query", query);
      if (role) wanted.set("role", role);
      if (disabled) wanted.set("disabled", disabled);
      if (afterId > 0) wanted.set("after_id", String(afterId));
      return checked(api().get(`/api/admin/users?${wanted}`), isAccountList, ({ accounts, has_more }) => ({
        accounts,
        has_more: has_more === true,
      }));
    },

    /** @param {number} userId @param {{disabled?: boolean, role?: "member" | "admin"}} change */
    changeAccount: (userId, change) => done(api().call("PATCH", `/api/admin/users/${userId}`, change)),

    /** @param {number} userId */
    deleteUser: (userId) => done(api().call("DELETE", `/api/admin/users/${userId}`)),

    /** @param {number} userId */
    signOutUser: (userId) => done(api().call("DELETE", `/api/admin/users/${userId}/sessions`)),

    /** @param {number} userId */
    userSessions: (userId) =>
      checked(api().get(`/api/admin/users/${userId}/sessions`), isSessionList, ({ sessions }) => ({
        sessions,
      })),

    /** @param {number} userId @param {number | string} id */
    endUserSession: (userId, id) => done(api().call("DELETE", `/api/admin/users/${userId}/sessions/${id}`)),

    /** @param {number} userId */
    makeResetLink: (userId) =>
      checked(api().post(`/api/admin/users/${userId}/reset-link`, {}), isResetLink, ({ code, url }) => ({
        code,
        url: url ?? null,
      })),

    serverSizes: () =>
      checked(api().get("/api/admin/sizes"), isSizes, (sizes) => ({
        sizes,
      })),

    /** @param {number | null} beforeId */
    audit: (beforeId) =>
      checked(
        api().get(`/api/admin/audit?limit=50${beforeId === null ? "" : `&before_id=${beforeId}`}`),
        isAuditPage,
        ({ lines, has_more }) => ({
          lines,
          has_more: has_more === true,
        }),
      ),

    invites: () =>
      checked(api().get("/api/invites"), isInviteList, ({ invites }) => ({
        invites,
      })),

    /** @param {{uses: number, days: number, chatId: number | null}} wanted */
    createInvite: ({ uses, days, chatId }) =>
      checked(
        api().post("/api/invites", {
          uses,
          expires_in: days * 24 * 3600,
          ...(chatId === null ? {} : { chat_id: chatId }),
        }),
        isNewInvite,
        ({ id, code, url }) => ({
          id,
          code,
          url: url ?? null,
        }),
      ),

    /** @param {number} id */
    revokeInvite: (id) => done(api().call("DELETE", `/api/invites/${id}`)),
  };
}
