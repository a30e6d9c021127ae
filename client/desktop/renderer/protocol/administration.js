/** What the routes for invitations and administrators answer (docs/protocol.md section 3), checked as far as it is shown. */

import { isFlag, isId, isSeq, isText, isTime, listOf, orNull, shape } from "./frames.js";

/** @template T @typedef {import("../types.js").Check<T>} Check */

const isPerson = shape({ id: isId, username: isText, display_name: isText });

/** GET /api/admin/users. @type {Check<{accounts: import("../types.js").Account[], has_more?: boolean}>} */
export const isAccountList = shape({
  accounts: listOf(
    shape({
      id: isId,
      username: isText,
      display_name: isText,
      avatar_url: orNull(isText),
      created_at: isTime,
      email: orNull(isText),
      role: isText,
      disabled_at: orNull(isTime),
      last_seen_at: orNull(isTime),
      sessions: isSeq,
      file_bytes: isSeq,
    }),
  ),
});

/** GET /api/admin/users/{user_id}/sessions. @type {Check<{sessions: import("../types.js").SessionInfo[]}>} */
export const isSessionList = shape({
  sessions: listOf(
    shape({
      id: isId,
      device: isText,
      created_at: isTime,
      last_used_at: isTime,
      address: orNull(isText),
      current: isFlag,
    }),
  ),
});

/** GET /api/admin/audit. @type {Check<{lines: import("../types.js").AuditLine[], has_more?: boolean}>} */
export const isAuditPage = shape({
  lines: listOf(
    shape({
      id: isId,
      at: isTime,
      actor: orNull(isPerson),
      action: isText,
      subject: orNull(isPerson),
      invite_id: orNull(isId),
      address: orNull(isText),
    }),
  ),
});

/** GET /api/admin/sizes. @type {Check<import("../types.js").Sizes>} */
export const isSizes = shape({
  people: isSeq,
  disabled: isSeq,
  sessions: isSeq,
  chats: isSeq,
  messages: isSeq,
  files: isSeq,
  file_bytes: isSeq,
});

/** POST .../reset-link. @type {Check<{code: string, url?: string | null}>} */
export const isResetLink = shape({ code: isText, url: orNull(isText) });

const invite = {
  id: isId,
  chat_id: orNull(isId),
  created_by: orNull(isId),
  uses: isId,
  used: isSeq,
  expires_at: isTime,
  revoked: isFlag,
};

/** POST /api/invites. @type {Check<import("../types.js").Invite & {code: string, url?: string | null}>} */
export const isNewInvite = shape({ ...invite, code: isText, url: orNull(isText) });

/** GET /api/invites. @type {Check<{invites: import("../types.js").Invite[]}>} */
export const isInviteList = shape({ invites: listOf(shape(invite)) });
