/**
 * The actions of the face (types.js: Messenger), each with who does it. What needs the link goes to the window that has it
 * (profile.js); what HTTP alone can do is in chat-requests.js, account-requests.js, admin-requests.js and searches.js.
 */

import { refusal } from "../protocol/answers.js";
import { Files } from "./files.js";
import { Vestnik } from "./vestnik.js";
import { accountActions } from "./account-requests.js";
import { adminActions } from "./admin-requests.js";
import { chatActions } from "./chat-requests.js";
import { Searches } from "./searches.js";

/** @typedef {import("../types.js").Messenger} Messenger @typedef {import("../types.js").Update} Update */

/**
 * @param {import("../platform.js").Platform} platform
 * @param {{timing?: Record<string, number>}} [options] waits of the session
 * @returns {Messenger}
 */
export function createMessenger(platform, options = {}) {
  const vestnik = new Vestnik(platform, options);
  const { history, outgoing } = vestnik;
  const files = new Files(() => vestnik.api);
  const publish = (/** @type {Update[]} */ updates) => vestnik.publish(updates);
  const searches = new Searches(
    () => vestnik.model,
    () => vestnik.api,
    () => vestnik.db,
    publish,
  );
  vestnik.listeners.add(() => searches.follow());
  const api = () => vestnik.api;
  return {
    ...chatActions(api, publish, (chatId) => vestnik.model.chats.get(chatId)),
    ...accountActions(api, publish),
    ...adminActions(api),
    state: () => vestnik.model,
    subscribe: (listener) => subscribed(vestnik.listeners, listener),
    onArrival: (listener) => subscribed(vestnik.arrivals, listener),
    start: () => vestnik.start(),
    probe: (url) => vestnik.probe(url),
    setServer: (url) => vestnik.setServer(url),
    register: ({ remember, email, invite, ...form }, waits) =>
      vestnik.enter(
        "/api/auth/register",
        { ...form, ...(email && { email }), ...(invite && { invite }) },
        remember,
        waits,
      ),
    login: ({ remember, ...form }, waits) => vestnik.enter("/api/auth/login", form, remember, waits),
    logout: (how) => vestnik.logout(how),
    deleteAccount: (password) => vestnik.deleteAccount(password),
    openChat: (chatId, place = null) => vestnik.openChat(chatId, place),
    keptPlace: (chatId) => (vestnik.place?.chat_id === chatId ? vestnik.place.seq : null),
    keepPlace: (place) => void vestnik.db?.keepViews({ place }).catch(() => {}),
    leaveChat: (chatId, place) => vestnik.update([{ do: "leave", chat_id: chatId, place }]),
    loadOlder: (chatId) => history.older(chatId),
    loadNewer: (chatId) => history.newer(chatId),
    jumpToEnd: (chatId) => history.toEnd(chatId),
    jumpTo: (chatId, seq, quietly) => history.to(chatId, seq, quietly),
    jumpToTime: (chatId, at) => history.toTime(chatId, at),
    send: (chatId, content, replyTo, held) => outgoing.send(chatId, content, replyTo, held),
    fileLink: (id, how) => files.link(id, how),
    fileData: (id) => files.data(id),
    preview: async (id, size, place) => (await vestnik.previews?.get(id, size, place)) ?? refusal("cancelled"),
    searchMessages: (wanted, cursor) => searches.search(wanted, cursor),
    edit: (chatId, target, content) => outgoing.edit(chatId, target, content),
    remove: (chatId, target) => outgoing.remove(chatId, target),
    react: (chatId, target, emoji, on) => outgoing.react(chatId, target, emoji, on),
    forward: (chatIds, messages) => outgoing.forward(chatIds, messages),
    pin: (chatId, target, on) => outgoing.pin(chatId, target, on),
    retry: (cid) => outgoing.retry(cid),
    discard: (cid) => outgoing.discard(cid),
    setDraft: (chatId, text) => outgoing.setDraft(chatId, text),
    setBegun: (chatId, begun) => outgoing.setBegun(chatId, begun),
    read: (chatId, seq) => vestnik.read(chatId, seq),
    look: (chatId) => vestnik.profile?.look(chatId),
    isLookedAt: (chatId) => vestnik.profile?.isLookedAt(chatId) ?? false,
    typing: (chatId, on) => void vestnik.profile?.command({ do: "typing", chat_id: chatId, on }),
    wake: () => vestnik.wake(),
    changeSettings: (change) => vestnik.changeSettings(change),
  };
}

/** @template T @param {Set<T>} listeners @param {T} listener */
function subscribed(listeners, listener) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
