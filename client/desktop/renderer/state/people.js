/** Who is who: people as the server told of them, in the chats that show them too. */

import { withUsers } from "./chats.js";

/** @typedef {import("./next.js").Next} Next @typedef {import("../types.js").User} User */

/** @param {Next} next @param {User[]} users */
export function learnUsers(next, users) {
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
  if (me) next.state.me = { ...next.state.me, ...me };
}

/** What a profile does not tell stays as it was. @param {User} before @param {User} told @returns {User} */
function withProfile(before, told) {
  const after = { ...before, ...told };
  after.online = told.online ?? before.online;
  after.last_seen_at = told.last_seen_at ?? before.last_seen_at;
  return JSON.stringify(after) === JSON.stringify(before) ? before : after;
}

/** @param {import("../types.js").PrivateUser} user one's own profile @returns {User} as others see it */
function publicOf({ email: _email, ...user }) {
  return user;
}

/** @param {Next} next @param {{user_id: number, online: boolean | null, last_seen_at?: string | null}} presence */
export function hearPresence(next, { user_id, online, last_seen_at }) {
  const user = next.state.users.get(user_id);
  if (user) learnUsers(next, [{ ...user, online, last_seen_at: last_seen_at ?? user.last_seen_at }]);
}

/** @param {Next} next @param {import("../types.js").PrivateUser} user one's own profile */
export function learnMe(next, user) {
  next.state.me = { ...next.state.me, ...user };
  learnUsers(next, [publicOf(user)]);
}
