/** What the routes for invitations and administrators answer (docs/protocol.md section 3), checked as far as it is shown. */

import { isId, isSeq, isText, isTime, listOf, orNull, shape } from "./frames.js";

/** @param {any} value */
const isFlag = (value) => typeof value === "boolean";

const isPerson = shape({ id: isId, username: isText, display_name: isText });

/** GET /api/admin/users. @type {(value: any) => boolean} */
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

/** GET /api/admin/users/{user_id}/sessions. @type {(value: any) => boolean} */
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

/** GET /api/admin/audit. @type {(value: any) => boolean} */
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

/** GET /api/admin/sizes. @type {(value: any) => boolean} */
export const isSizes = shape({
  people: isSeq,
  disabled: isSeq,
  sessions: isSeq,
  chats: isSeq,
  messages: isSeq,
  files: isSeq,
  file_bytes: isSeq,
});

/** POST .../reset-link. @type {(value: any) => boolean} */
export const isResetLink = shape({ code: isText, url: orNull(isText) });

/** An invitation. @type {(value: any) => boolean} */
export const isInvite = shape({
  id: isId,
  chat_id: orNull(isId),
  created_by: orNull(isId),
  uses: isId,
  used: isSeq,
  expires_at: isTime,
  revoked: isFlag,
});

/** GET /api/invites. @type {(value: any) => boolean} */
export const isInviteList = shape({ invites: listOf(isInvite) });
