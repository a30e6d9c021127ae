/** Who is who: people as the server told of them, in the chats that show them too. */

import { withUsers } from "./chats.js";
import { isLive } from "./link-view.js";

/** @typedef {import("./next.js").Next} Next @typedef {import("../types.js").User} User */

/** People that are known besides those who are named by what is kept; above MOST they are looked through. */
export const OTHERS = 2_000;
export const MOST = 3_000;

/** Who is named by nothing that is kept goes, the one first of whom nothing was told for the longest time. @param {Next} next */
export function trimPeople(next) {
  const { users } = next.state;
  if (users.size <= Math.max(MOST, 2 * next.state.people_named)) return;
  const named = namedIn(next.state);
  const others = [...users.keys()].filter((id) => !named.has(id));
  const gone = others.slice(0, Math.max(0, others.length - OTHERS));
  next.state.people_named = users.size - others.length;
  for (const id of gone) next.own("users").delete(id);
}

/** Ids in items of a log. @param {import("../types.js").Item} item @returns {(number | undefined)[]} */
export function namedBy(item) {
  switch (item.type) {
    case "message": {
      const reacted = (item.reactions ?? []).flatMap(({ user_ids }) => user_ids);
      return [item.sender_id, item.forwarded?.user_id, ...(item.mentions ?? []), ...reacted];
    }
    case "event":
      return [item.actor_id, item.data.user?.id, item.data.user_id];
    case "hidden":
      return [];
  }
}

/** Who is named by chats, their members and last messages, by timelines, pins and quotes. @param {Next["state"]} model */
function namedIn({ me, chats, timelines, pins, quoted }) {
  /** @type {Set<number | undefined>} */
  const named = new Set([me?.id]);
  /** @param {import("../types.js").Item} item */
  const addItem = (item) => namedBy(item).forEach((id) => named.add(id));
  for (const { peer, members, last_message, typing } of chats.values()) {
    named.add(peer?.id);
    for (const { user } of members ?? []) named.add(user.id);
    for (const id of typing) named.add(id);
    if (last_message) addItem(last_message);
  }
  for (const { items } of timelines.values()) items.forEach(addItem);
  for (const messages of pins.values()) messages.forEach(addItem);
  for (const messages of quoted.values()) messages.forEach(addItem);
  return named;
}

/** A person as told of last: the chats have them too (chats.js: withUsers); this is for what was read before.
 * @param {ReadonlyMap<number, User>} users @param {User} user @returns {User} */
export const latestOf = (users, user) => users.get(user.id) ?? user;

/** Somebody is here; nobody where there is no link that tells. @param {Pick<User, "online">} user
 * @param {Pick<import("../types.js").State, "link">} state */
export const isHere = ({ online }, { link }) => online === true && isLive(link);

/**
 * How many members of a group are here, oneself among them; 0 where nobody else is, which is no news, and where there is no
 * link that tells.
 * @param {import("../types.js").ChatView} chat @param {Pick<import("../types.js").State, "users" | "me" | "link">} state
 */
export function onlineIn({ members }, state) {
  const { users, me, link } = state;
  if (!isLive(link)) return 0;
  const here = (members ?? []).filter(({ user }) => user.id === me?.id || isHere(latestOf(users, user), state));
  return here.some(({ user }) => user.id !== me?.id) ? here.length : 0;
}

/** @param {Next} next @param {User[]} users */
export function learnUsers(next, users) {
  /** @type {Map<number, User>} */
  const changed = new Map();
  for (const user of users) {
    const before = next.state.users.get(user.id);
    const after = before ? withProfile(before, user) : user;
    if (after !== before) changed.set(user.id, after);
  }
  put(next, changed);
}

/** @param {Next} next @param {Map<number, User>} changed */
function put(next, changed) {
  if (changed.size === 0) return;
  const known = next.own("users");
  for (const [id, user] of changed) {
    known.delete(id);
    known.set(id, user); // the last one told of stands last
  }
  for (const id of next.state.chats.keys()) next.chat(id, (chat) => withUsers(chat, changed));
  const me = changed.get(next.me);
  if (me) next.state.me = { ...next.state.me, ...me };
}

/** What a profile does not tell stays as it was. @param {User} before @param {User} told @returns {User} */
function withProfile(before, told) {
  const after = { ...before, ...told };
  if (!told.deleted) {
    after.online = told.online ?? before.online;
    after.last_seen_at = told.last_seen_at ?? before.last_seen_at;
  }
  return JSON.stringify(after) === JSON.stringify(before) ? before : after;
}

/** @param {import("../types.js").PrivateUser} user one's own profile @returns {User} as others see it */
function publicOf({ email: _email, ...user }) {
  return user;
}

/** @param {Next} next @param {{user_id: number, online: boolean | null, last_seen_at?: string | null}} presence */
export function hearPresence(next, { user_id, online, last_seen_at }) {
  const user = next.state.users.get(user_id);
  if (!user || user.deleted) return;
  if (online === null || online === undefined) put(next, new Map([[user_id, unseen(user)]]));
  else learnUsers(next, [{ ...user, online, last_seen_at: last_seen_at ?? user.last_seen_at }]);
}

/** One is told no more of when they are or were here. @param {User} user @returns {User} */
const unseen = (user) => ({ ...user, online: null, last_seen_at: null });

/**
 * Whoever hides something is not told it of others: what was known of it goes.
 * @param {Next} next @param {import("../types.js").PrivateUser} user one's own profile
 */
export function learnMe(next, user) {
  next.state.me = { ...next.state.me, hide_last_seen: false, hide_reads: false, login_letters: true, ...user };
  learnUsers(next, [publicOf(user)]);
  if (user.hide_last_seen) {
    const seen = [...next.state.users.values()].filter((one) => (one.online ?? one.last_seen_at ?? null) !== null);
    put(next, new Map(seen.map((one) => [one.id, unseen(one)])));
  }
  if (user.hide_reads) {
    for (const id of next.state.chats.keys()) next.chat(id, (chat) => ({ ...chat, others_read_seq: 0 }));
  }
}
